"""No resource can be given a name that the generated code uses for something else.

What is found here belongs into `own_names` of template/_shared/python/reserved.jinja, or gets a longer name.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from shipsmith.errors import UserError
from shipsmith.rendering.render import render
from shipsmith.template import location, presets, versions
from shipsmith.template.questionnaire import Answers, questions_of

RESOURCE = "zzq"  # in no word of the template, and no more is this:
FIELD = "yyk"
TYPES = ("str", "text", "int", "float", "bool", "decimal", "datetime", "date", "uuid", "enum(new, paid)")
FIELDS = {f"{FIELD}{number}": kind for number, kind in enumerate([*TYPES, *(f"{kind}?" for kind in TYPES)])}
VARIANTS: dict[str, tuple[str, Answers]] = {
    "minimal": ("minimal", {}),
    "gRPC alone": ("minimal", {"http": False, "grpc": True}),
    "service": ("service", {}),
    "full": ("full", {}),
    "full with Valkey": ("full", {"cache": "valkey"}),
    "full with Memcached": ("full", {"cache": "memcached"}),
    "full with replicas and a pooler": ("full", {"replicas": True, "pooler": "pgbouncer"}),
    "full with shards": ("full", {"shards": True}),
    "full with mysql": ("full", {"database": "mysql"}),
    "full with mongodb": ("full", {"database": "mongodb"}),
    "full with mongodb and replicas": ("full", {"database": "mongodb", "replicas": True}),
    "full with mongodb and shards": ("full", {"database": "mongodb", "shards": True}),
    "full in one process": ("full", {"database": "sqlite", "cache": "memory"}),
    "full with NATS": ("full", {"broker": "nats"}),
    "full with Kafka": ("full", {"broker": "kafka"}),
    "full with SQS": ("full", {"broker": "sqs"}),
}
FULL = {name: variant for name, variant in VARIANTS.items() if variant[0] == "full"}

questionnaire = questions_of(location.root())


@pytest.mark.parametrize(("preset", "changes"), VARIANTS.values(), ids=VARIANTS)
def test_a_resource_cannot_take_a_name_that_is_taken(tmp_path: Path, preset: str, changes: Answers) -> None:
    """What stands beside the resource's names in one scope is refused as a resource's name."""
    answers = presets.load(location.root(), preset).answers | changes
    answers |= {"resources": {RESOURCE: FIELDS}}
    render(questionnaire.resolve(answers), versions.working(), tmp_path)
    modules = [path for path in tmp_path.rglob("*.py") if "_pb2" not in path.name]
    taken = {
        name: f"{path.relative_to(tmp_path)} has both {mine} and {other}"
        for path in modules
        for scope in scopes(ast.parse(path.read_text()))
        for mine, other, name in collisions(scope)
    }
    assert {name: where for name, where in taken.items() if accepted(name)} == {}


@pytest.mark.parametrize(("preset", "changes"), FULL.values(), ids=FULL)
def test_a_service_cannot_take_the_name_of_a_module(tmp_path: Path, preset: str, changes: Answers) -> None:
    """What is imported but not named like its package is listed in `modules` of reserved.jinja."""
    answers = presets.load(location.root(), preset).answers | changes
    render(questionnaire.resolve(answers), versions.working(), tmp_path)
    trees = [ast.parse(path.read_text()) for path in tmp_path.rglob("*.py")]
    imported = {name for tree in trees for name in imported_modules(tree)} - {"orders"}
    assert {"pydantic", "grpc"} <= imported
    assert {name for name in imported if valid({"service_name": name.replace("_", "-")})} == set()


def imported_modules(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name.partition(".")[0] for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]


def collisions(scope: set[str]) -> Iterator[tuple[str, str, str]]:
    """A name made of the resource's, another one, and the resource that would make them the same."""
    for mine in (name for name in scope if RESOURCE in name.lower()):
        before, after = snake(mine).split(RESOURCE)
        for other in scope:
            name = snake(other)
            fits = name.startswith(before) and name.endswith(after) and len(name) > len(before + after)
            # classes meet classes, and everything else meets everything else
            alike = mine[0].isupper() == other[0].isupper() and not other.isupper()
            if fits and alike and FIELD not in mine + other:
                yield mine, other, name[len(before) : len(name) - len(after)]


def accepted(resource: str) -> bool:
    return RESOURCE not in resource and valid({"resources": {resource: {"name": "str"}}})


def valid(answers: Answers) -> bool:
    try:
        questionnaire.resolve(answers)
    except UserError:
        return False
    return True


def scopes(module: ast.Module) -> Iterator[set[str]]:
    """The names that the module's level, each class and each function knows or uses."""
    yield set(level(module.body))
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            yield {*level(node.body), *own_attributes(node)}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield set(names(node))


def level(body: list[ast.stmt]) -> Iterator[str]:
    """The names of some statements, without what is in the bodies of functions and classes."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield statement.name
                yield from names(statement.args)
            case ast.ClassDef():
                yield statement.name
                for base in statement.bases:
                    yield from names(base)
            case _:
                yield from names(statement)


def names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name.partition(".")[0]


def own_attributes(node: ast.ClassDef) -> Iterator[str]:
    for part in ast.walk(node):
        match part:
            case ast.Attribute(value=ast.Name(id="self"), attr=attribute):
                yield attribute


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z][a-z])", "_", name).lower()
