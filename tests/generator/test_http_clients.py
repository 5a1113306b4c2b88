"""Clients over HTTP, generated from OpenAPI documents: what they are, and which documents are refused."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.rendering.derived.clients import PROGRAMS
from shipsmith.template import location

from ..support.command_line import shipsmith
from ..support.services.projects import CALLED

COMPONENTS = "#/components/schemas/"
ATTACK = '"""; import os; os.system("touch hacked") #'
Schemas = dict[str, Any]


def generated(folder: Path, *documents: dict[str, Any] | str) -> subprocess.CompletedProcess[str]:
    """Run the program of the template alone, for clients `one`, `two` and so on."""
    names = ("one", "two")[: len(documents)]
    for name, document in zip(names, documents, strict=True):
        path = folder / "clients" / name / "openapi.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    command = [sys.executable, "-P", "-B", str(location.root() / PROGRAMS["http"]), "orders", *names]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def models(folder: Path) -> dict[str, str]:
    """The classes and types of the client `one`, as code, by their names."""
    module = ast.parse((folder / "src/orders/remote/one/models.py").read_text("utf-8"))
    return {
        each.name if isinstance(each, ast.ClassDef) else ast.unparse(each.targets[0]): ast.unparse(each)
        for each in module.body
        if isinstance(each, ast.ClassDef | ast.Assign)
    }


def document(schemas: Schemas, **operation: Any) -> dict[str, Any]:
    """With an operation for each schema, which answers with it."""
    return {
        "openapi": "3.1.0",
        "paths": {
            f"/path{number}": {"get": {"operationId": f"get{number}", **answer(referring(name)), **operation}}
            for number, name in enumerate(schemas)
        },
        "components": {"schemas": schemas},
    }


def referring(name: str) -> dict[str, str]:
    return {"$ref": COMPONENTS + name.replace("~", "~0").replace("/", "~1")}


def answer(schema: Any) -> dict[str, Any]:
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


TEXT = {"type": "string"}
REMOVE = "Remove the operation if it is not needed"


def test_a_client_is_added_and_removed_again(tmp_path: Path) -> None:
    made = shipsmith("new", "orders", "--preset", "minimal", "--defaults", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    project = tmp_path / "orders"
    before = sorted(path.name for path in project.rglob("*") if ".git/" not in path.as_posix())
    added = shipsmith("add", "client", "billing", str(CALLED["http"]), cwd=project)
    assert added.returncode == 0, added.stderr
    answers = yaml.safe_load((project / ".copier-answers.yml").read_text())
    assert answers["clients"] == {"billing": "http"}
    assert (project / "clients/billing/openapi.yaml").read_bytes() == CALLED["http"].read_bytes()
    client = (project / "src/orders/remote/billing/client.py").read_text()
    assert "async def get_invoice(self, invoice_id: UUID) -> Invoice" in client
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", *identity, "commit", "-qm", "added"], cwd=project, check=True)
    removed = shipsmith("remove", "client", "billing", cwd=project)
    assert removed.returncode == 0, removed.stderr
    assert sorted(path.name for path in project.rglob("*") if ".git/" not in path.as_posix()) == before


def test_all_problems_of_all_documents_are_told_at_once(tmp_path: Path) -> None:
    parameters = [
        {"in": "cookie", "name": "session", "schema": TEXT},
        {"in": "query", "name": "filter", "schema": thing(a=TEXT)},
        {"in": "query", "name": "tags", "style": "pipeDelimited", "schema": {"type": "array", "items": TEXT}},
    ]
    one = document({"Thing": thing(other=referring("Missing"), file={"type": "string", "format": "binary"})})
    operation = one["paths"]["/path0"]["get"]
    operation |= {"parameters": parameters, "security": [{"login": []}], "requestBody": {}}
    operation["requestBody"]["content"] = {"multipart/form-data": {"schema": {}}}
    one["components"]["securitySchemes"] = {"login": {"type": "http", "scheme": "basic"}}
    one["paths"]["/text"] = {"get": {"responses": {"200": {"content": {"text/plain": {}}}}}}
    refused = generated(tmp_path, one, "openapi: 2.0")
    assert refused.returncode == 1
    start = "clients/one/openapi.yaml: "
    assert sorted(refused.stderr.splitlines()) == sorted(
        [
            f"{start}GET /path0: parameter session: is in cookie, which clients cannot send. Remove it",
            f"{start}GET /path0: parameter filter: is not a plain value. Remove it",
            f"{start}GET /path0: parameter tags: has a style that is not supported. Use form",
            f"{start}GET /path0: body: is not JSON, but multipart/form-data. {REMOVE}",
            f"{start}GET /path0: needs login, which is not a token or a key in a header. {REMOVE}",
            f"{start}GET /text: answer 200: is not JSON, but text/plain. {REMOVE}",
            f"{start}{COMPONENTS}Thing/other: refers to {COMPONENTS}Missing, which does not exist",
            f"{start}{COMPONENTS}Thing/file: is binary, and only JSON is supported. Remove it",
            "clients/two/openapi.yaml: is not a document of OpenAPI 3.0 or 3.1",
        ]
    )
    assert not (tmp_path / "src").exists()


CYCLES: dict[str, Schemas] = {
    "a reference to itself": {"Thing": referring("Thing")},
    "references to each other": {"Thing": referring("Other"), "Other": referring("Thing")},
    "a part of itself": {"Thing": {"allOf": [referring("Thing"), thing(a=TEXT)]}},
    "a choice of itself": {"Thing": {"oneOf": [TEXT, {"anyOf": [referring("Thing"), {"type": "null"}]}]}},
}


@pytest.mark.parametrize("schemas", CYCLES.values(), ids=CYCLES)
def test_what_contains_itself_without_an_end_is_refused(tmp_path: Path, schemas: Schemas) -> None:
    refused = generated(tmp_path, document(schemas))
    assert refused.returncode == 1
    assert f"{COMPONENTS}Thing: contains itself without an object in between" in refused.stderr


UNREADABLE = {
    "aliases": ("openapi: 3.1.0\npaths: &a {}\nx: *a", "aliases of YAML are not supported"),
    "code": ("openapi: !!python/object/apply:os.system [touch hacked]", "could not determine a constructor"),
    "deep nesting": ("openapi: 3.1.0\npaths: " + "[" * 3000, "is nested too deeply"),
    "schemas that are nested deeply": (
        json.dumps(document({"Thing": {}})).replace(
            '"Thing": {}', '"Thing": ' + '{"type":"array","items":' * 250 + "{}" + "}" * 250
        ),
        "nesting is too deep",
    ),
    "something else": ("[]", "is not a document of OpenAPI 3.0 or 3.1"),
    "lists for objects": (json.dumps(document({"Thing": thing()}) | {"paths": [1]}), "is not what OpenAPI"),
    "no operation": ("openapi: 3.0.3", "has no operation"),
}


@pytest.mark.parametrize(("text", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_document_that_cannot_be_read_is_explained(tmp_path: Path, text: str, reason: str) -> None:
    refused = generated(tmp_path, text)
    assert refused.returncode == 1
    assert reason in refused.stderr
    assert "Traceback" not in refused.stderr
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["openapi.yaml"]


def test_names_that_are_alike_become_different_ones(tmp_path: Path) -> None:
    schemas = {
        "order-line": thing(a=TEXT),
        "Order_Line": thing(b=TEXT),
        "Order": thing(line=thing(c=TEXT)),
        "Model": thing(d=TEXT),
        "None": thing(e=TEXT),
        "7": thing(f=TEXT),
        "": thing(g=TEXT),
        "a/b~c": thing(**{"a-b": TEXT, "a_b": TEXT, "class": TEXT, "model_config": TEXT, "": TEXT}),
    }
    made = generated(tmp_path, document(schemas))
    assert made.returncode == 0, made.stderr
    found = models(tmp_path)
    classes = {name for name, code in found.items() for letter in "abcdefg" if f"    {letter}:" in code}
    assert len(classes) == 7
    assert len(found) == len(schemas) + 1
    (code,) = (code for code in found.values() if "alias='a-b'" in code)
    attributes = [each.split(":")[0].strip() for each in code.splitlines()[1:]]
    assert len(set(attributes)) == 5
    assert all(each.isidentifier() for each in attributes)


def test_inline_schemas_are_named_after_their_operation(tmp_path: Path) -> None:
    inline = {"type": "array", "items": thing(line=thing(a=TEXT))}
    one = document({"Thing": TEXT})
    one["paths"]["/list"] = {
        "post": {
            "operationId": "findThings",
            "requestBody": {"required": True, "content": {"application/json": {"schema": thing(b=TEXT)}}},
            **answer(inline),
        }
    }
    made = generated(tmp_path, one)
    assert made.returncode == 0, made.stderr
    assert models(tmp_path).keys() == {
        *("Thing", "FindThingsBody", "FindThingsAnswerItem", "FindThingsAnswerItemLine"),
    }
    client = (tmp_path / "src/orders/remote/one/client.py").read_text("utf-8")
    assert "find_things(self, body: FindThingsBody) -> list[FindThingsAnswerItem]: ..." in client


def test_operations_and_parameters_that_are_one_in_python_are_refused(tmp_path: Path) -> None:
    one = document({"A": TEXT, "B": TEXT})
    for number, path in enumerate(one["paths"].values()):
        path["get"]["operationId"] = ("get-thing", "getThing")[number]
        names = [{"in": "query", "name": name, "schema": TEXT} for name in ("a-b", "a_b", "aB")]
        path["get"]["parameters"] = names if number else []
    refused = generated(tmp_path, one)
    assert "GET /path1: is get_thing in Python, and so is GET /path0" in refused.stderr
    assert "GET /path1: parameter aB: is a_b_query in Python, and so is another one" in refused.stderr


@pytest.mark.parametrize(
    "schema",
    [{**thing(a=TEXT), "nullable": True}, {**thing(a=TEXT), "type": ["object", "null"]}],
    ids=["OpenAPI 3.0", "OpenAPI 3.1"],
)
def test_null_is_allowed_where_the_document_allows_it(tmp_path: Path, schema: Schemas) -> None:
    schemas = {"Maybe": schema, "Thing": {**thing(one=referring("Maybe"), two=schema), "required": ["two"]}}
    made = generated(tmp_path, document(schemas))
    assert made.returncode == 0, made.stderr
    found = models(tmp_path)
    assert found["Maybe"].endswith("MaybeValue | None)")
    assert "two: ThingTwoValue | None" in found["Thing"]
    assert "two: ThingTwoValue | None = " not in found["Thing"]


TEXTS = ("default", "description", "example", "pattern", "title", "x-python-type", "x-enum-varnames")
EXTENSIONS = {
    **dict.fromkeys(TEXTS, ATTACK),
    "customTypePath": "os.system",
    "customBasePath": "os.system",
    "x-python-import": {"module": "os"},
}


def test_nothing_of_a_document_becomes_code(tmp_path: Path) -> None:
    texts = [ATTACK, "'''", "\\", "\n", "{{ 7 * 7 }}", "{% raw %}", "{imports}", "\u2028"]
    evil = {"type": "string", "enum": texts, **EXTENSIONS}
    schemas = {
        ATTACK: {**thing(**{text: {**TEXT, **EXTENSIONS} for text in texts}, kind=evil), **EXTENSIONS},
        "Union": {
            "oneOf": [referring("A"), referring("B")],
            "discriminator": {"propertyName": ATTACK, "mapping": {ATTACK: COMPONENTS + "A"}},
        },
        "A": {**thing(**{ATTACK: TEXT}), "required": [ATTACK], **EXTENSIONS},
        "B": {**thing(**{ATTACK: TEXT}), "required": [ATTACK], **EXTENSIONS},
    }
    one = document(schemas, summary=ATTACK, description=ATTACK)
    operation = one["paths"]["/path0"]["get"]
    operation["operationId"] = ATTACK
    operation["parameters"] = [{"in": "query", "name": ATTACK, "schema": evil, "description": ATTACK}]
    operation["security"] = [{"key": []}]
    one["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    one["info"] = {"title": ATTACK, "version": ATTACK}
    made = generated(tmp_path, one)
    assert made.returncode == 0, made.stderr
    assert not (tmp_path / "hacked").exists()
    for file in (tmp_path / "src").rglob("*.py"):
        called = {ast.unparse(each.func) for each in calls(file)}
        assert called <= {
            *("Endpoint", "Field", "Request", "TypeAdapter", "TypeAliasType"),
            "self._service.call",
        }
        assert "os" not in imported(file)


def calls(file: Path) -> list[ast.Call]:
    return [each for each in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(each, ast.Call)]


def imported(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
    names = {alias.name for each in nodes if isinstance(each, ast.Import) for alias in each.names}
    return names | {str(each.module) for each in nodes if isinstance(each, ast.ImportFrom)}


def test_settings_of_the_repository_do_not_change_the_code(tmp_path: Path) -> None:
    one = document({"Thing": thing(**{f"property{number}": TEXT for number in range(9)})})
    assert generated(tmp_path, one).returncode == 0
    before = models(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = ")
    assert generated(tmp_path, one).returncode == 0
    assert models(tmp_path) == before


def test_what_a_client_was_before_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "src/orders/remote/one"
    (folder / "inventory").mkdir(parents=True)
    for path in ("one_pb2.py", "one_pb2.pyi", "inventory/two_pb2.py"):
        (folder / path).touch()
    assert generated(tmp_path, document({"Thing": thing(a=TEXT)})).returncode == 0
    found = sorted(path.name for path in folder.rglob("*") if path.is_file())
    assert found == ["__init__.py", "client.py", "models.py"]
