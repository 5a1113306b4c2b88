"""Generates the clients of HTTP APIs from their documents, `clients/NAME/openapi.yaml` or `.json`.

    python clients/generate_http PACKAGE NAME…

A class has a method for each operation, and models.py has the bodies. Nothing of a document is executed.
"""

import sys
from pathlib import Path

from client_code import class_of, client_code
from model_code import model_code
from openapi_document import Document, DocumentError, load
from openapi_operations import Operation, Reader
from openapi_schemas import Schemas

DOCUMENTS = Path("clients")


def main(package: str, *names: str) -> None:
    problems: list[str] = []
    made: dict[str, dict[str, str]] = {}
    for name in names:
        try:
            made[name] = generated(package, name)
        except DocumentError as error:
            problems += error.args
    if problems:
        sys.exit("\n".join(problems))
    for name, files in made.items():
        write(Path("src", package, "remote", name.replace("-", "_")), files)


def generated(package: str, name: str) -> dict[str, str]:
    """The texts of a client's files by their paths. Raises DocumentError with all that is wrong."""
    document, schemas, operations = read(name)
    try:
        models = model_code(package, name, schemas.components)
    except RecursionError:
        raise DocumentError(f"{document.path}: is nested too deeply") from None
    except ValueError as error:
        raise DocumentError(f"{document.path}: {error}") from error
    client = client_code(name, sorted(schemas.components), operations)
    return {"__init__.py": "", "models.py": models, "client.py": client}


def read(name: str) -> tuple[Document, Schemas, list[Operation]]:
    document = load(DOCUMENTS / name)
    try:
        schemas = Schemas(document, class_of(name), f"{class_of(name)}Client")
        operations = list(Reader(document, schemas).operations())
        schemas.check_cycles()
    except RecursionError:
        raise DocumentError(f"{document.path}: is nested too deeply, or a schema contains itself") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise DocumentError(f"{document.path}: is not what OpenAPI describes") from None
    if not operations and not document.problems:
        document.problems.append("has no operation")
    if document.problems:
        raise DocumentError(*(f"{document.path}: {each}" for each in document.problems))
    return document, schemas, operations


def write(folder: Path, files: dict[str, str]) -> None:
    """Write what a client is made of, and remove what it was made of before."""
    for file in folder.rglob("*.py*"):
        if file.is_file() and file.relative_to(folder).as_posix() not in files:
            file.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        (folder / path).write_text(text, "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
