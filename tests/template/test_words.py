"""Words that a database keeps for itself work as names of tables, columns and values: all are quoted."""

import _sqlite3
import ctypes
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from shipsmith.errors import UserError
from shipsmith.template import location as source
from shipsmith.template.questionnaire import Answers, questions_of

from ..support.services import environments, projects
from ..support.systems import mariadb, mysql, postgresql
from ..support.systems.packages import require
from ..support.systems.servers import Recipe, Server

FORMS: list[tuple[str, object]] = [("int", 5), ("str unique", "x"), ("enum(select, table)", "table")]
ANSWERS: Answers = {
    "service_name": "words",
    **dict.fromkeys(("cache", "broker", "metrics", "deploy", "ci"), "none"),
    "http": True,
    "grpc": False,
}
# creates, changes, lists by each filter, and deletes one of each resource
USE = """
import asyncio, importlib, json, sys
from words.bootstrap import bootstrap
from words.schemas import Query
from words.settings import load

async def main():
    async with bootstrap(load()) as application:
        for plural, fields in json.load(open(sys.argv[1])).items():
            service = getattr(application, plural)
            schemas = vars(importlib.import_module(f"words.{plural}.schemas"))
            name = next(name for name in schemas if name.endswith("Patch") and name != "Patch")
            new = schemas[name.replace("Patch", "Fields")].model_validate_json(json.dumps(fields))
            created = await service.create(new)
            changed = await service.change(created.id, schemas[name].model_validate_json(json.dumps(fields)))
            query = schemas.get(name.replace("Patch", "Query"), Query)
            given = {each: fields[each] for each in query.model_fields if each in fields}
            for each in given:
                assert changed in (await service.page(query.model_validate({each: given[each]}))).items
            await service.delete(created.id)

asyncio.run(main())
"""

# words that cannot be names without quotes: taken from the server, by trying
RESERVED = """
import asyncio, sys
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

async def main():
    engine = create_async_engine(sys.argv[1])
    async with engine.connect() as connection:
        words = sa.text("SELECT DISTINCT LOWER(WORD) FROM information_schema.KEYWORDS")
        for word in await connection.scalars(words):
            try:
                await connection.execute(sa.text(f"SELECT 1 AS {word}"))
            except ProgrammingError:
                print(word)
    await engine.dispose()

asyncio.run(main())
"""


def test_words_of_sqlite_work(tmp_path: Path) -> None:
    library = ctypes.CDLL(_sqlite3.__file__)
    words = []
    for number in range(library.sqlite3_keyword_count()):
        start, length = ctypes.c_char_p(), ctypes.c_int()
        library.sqlite3_keyword_name(number, ctypes.byref(start), ctypes.byref(length))
        words.append((start.value or b"")[: length.value].decode().lower())
    reserved = [word for word in words if not _is_name(word)]
    assert "returning" in words
    assert "select" in reserved
    _use("sqlite", sorted({*reserved, "returning"}), f"sqlite+aiosqlite:///{tmp_path}/data.db", tmp_path)


def test_words_of_postgresql_work(server: Callable[[Recipe], Server], tmp_path: Path) -> None:
    url = postgresql.url(server(postgresql.POSTGRESQL))
    query = "SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')"
    psql = (require("psql", "postgresql"), "-At", "-c", query, url.replace("+asyncpg", ""))
    words = projects.run(*psql, directory=tmp_path).split()
    assert "lateral" in words
    _use("postgresql", words, url, tmp_path)


@pytest.mark.parametrize(
    ("database", "recipe", "url_of"),
    [("mariadb", mariadb.MARIADB, mariadb.url), ("mysql", mysql.MYSQL, mysql.url)],
    ids=["mariadb", "mysql"],
)
def test_words_that_the_server_reserves_work(
    server: Callable[[Recipe], Server],
    tmp_path: Path,
    database: str,
    recipe: Recipe,
    url_of: Callable[[Server], str],
) -> None:
    url = url_of(server(recipe))
    project = projects.new(tmp_path / "probe", ANSWERS | {"database": database})
    environments.prepare(project)
    words = projects.run(*project.python("-c", RESERVED, url), directory=project.folder).split()
    assert {"select", "lateral" if database == "mysql" else "rlike"} <= set(words)
    _use(database, words, url, tmp_path)


def _is_name(word: str) -> bool:
    with sqlite3.connect(":memory:") as connection:
        try:
            connection.execute(f"CREATE TABLE a ({word} INTEGER)")
        except sqlite3.OperationalError:
            return False
    return True


def _use(database: str, words: list[str], url: str, folder: Path) -> None:
    """A service whose columns, values and, where they are plurals, tables are called so."""
    resources: dict[str, dict[str, str]] = {}
    values: dict[str, dict[str, object]] = {}
    fields = [word for word in words if _works({"thing": {word: "enum(a, b)"}})]
    for start in range(0, len(fields), 30):
        name = f"kind{'abcdefghij'[start // 30]}"
        chosen = {word: FORMS[number % 3] for number, word in enumerate(fields[start : start + 30])}
        resources[name] = {word: form for word, (form, _) in chosen.items()}
        values[f"{name}s"] = {word: each for word, (_, each) in chosen.items()}
    resources["exist"] = {"name": "str"}
    values["exists"] = {"name": "x"}
    project = projects.new(folder / "words", ANSWERS | {"database": database, "resources": resources})
    environments.prepare(project)
    settings = {"WORDS_DATABASE__URL": url}
    projects.run(*project.python("-m", "words", "migrate"), directory=project.folder, environment=settings)
    plan = folder / "plan.json"
    plan.write_text(json.dumps(values))
    projects.run(*project.python("-c", USE, str(plan)), directory=project.folder, environment=settings)


def _works(resources: dict[str, dict[str, str]]) -> bool:
    try:
        questions_of(source.root()).resolve({"resources": resources})
    except UserError:
        return False
    return True


@pytest.mark.parametrize("name", ["xmin", "ctid", "tableoid"])
def test_columns_of_the_system_are_refused(name: str) -> None:
    assert not _works({"thing": {name: "int"}})


@pytest.mark.parametrize("name", ["pg_index", "sqlite_thing"])
def test_tables_of_the_system_are_refused(name: str) -> None:
    assert not _works({name: {"name": "str"}})
