"""The bodies of a client as pydantic's models, which datamodel-code-generator writes."""

import ast
from pathlib import Path
from typing import Any

from datamodel_code_generator import Error, generate
from datamodel_code_generator.enums import DataModelType, InputFileType
from datamodel_code_generator.format import DatetimeClassType, Formatter, PythonVersion
from datamodel_code_generator.parser import LiteralType

TITLE = '"""The bodies of {}. `make clients` has generated this from clients/{}: do not edit it."""'
LONGEST_LINE = 110
NO_SETTINGS = Path("/")
"""Where the library finds no pyproject.toml: the same document always makes the same code."""


def model_code(package: str, name: str, schemas: dict[str, Any]) -> str:
    """Raises ValueError if there is other code than a class or a type for each schema."""
    title = TITLE.format(name, name)
    if not schemas:
        return f"{title}\n"
    document = {
        "openapi": "3.1.0",
        "info": {"title": name, "version": "1"},
        "paths": {},
        "components": {"schemas": schemas},
    }
    try:
        code = generate(
            document,
            input_file_type=InputFileType.OpenAPI,
            output_model_type=DataModelType.PydanticV2BaseModel,
            target_python_version=PythonVersion.PY_311,
            base_class=f"{package}.remote_calls.http_request.Model",
            custom_file_header=title,
            disable_timestamp=True,
            enum_field_as_literal=LiteralType.All,
            output_datetime_class=DatetimeClassType.Datetime,
            snake_case_field=True,
            use_double_quotes=True,
            use_type_alias=True,
            formatters=[Formatter.BUILTIN],
            builtin_format_line_length=LONGEST_LINE,
            settings_path=NO_SETTINGS,
            allow_remote_refs=False,
        )
    except Error as error:
        raise ValueError(" ".join(str(error).split())) from error
    text = str(code).rstrip("\n") + "\n"
    if set(_defined(ast.parse(text))) != schemas.keys():
        raise ValueError("its schemas have names that cannot be those of classes. Rename them")
    return text


def _defined(module: ast.Module) -> list[str]:
    return [
        each.name if isinstance(each, ast.ClassDef) else ast.unparse(each.targets[0])
        for each in module.body
        if isinstance(each, ast.ClassDef | ast.Assign)
    ]
