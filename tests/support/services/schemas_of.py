"""What a database looks like, as its own catalogue tells: tables, columns, constraints and indexes."""

import json
from pathlib import Path
from typing import Any

import yaml
from pymongo import MongoClient

from . import environments, projects
from .lived import ANSWERS, Lived
from .projects import Project

PROGRAM = """
import asyncio, json, sys
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

def schema(connection):
    inspector = sa.inspect(connection)
    return {
        table: {
            "columns": {
                each["name"]: [str(each["type"]), each["nullable"], str(each.get("default"))]
                for each in inspector.get_columns(table)
            },
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(
                [each["name"], each["column_names"]] for each in inspector.get_unique_constraints(table)
            ),
            "references": sorted(
                [each["name"], each["constrained_columns"], each["referred_table"], each["referred_columns"]]
                for each in inspector.get_foreign_keys(table)
            ),
            "indexes": sorted(
                [each["name"], each["column_names"], bool(each["unique"])]
                for each in inspector.get_indexes(table)
            ),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }

async def main():
    engine = create_async_engine(sys.argv[1])
    async with engine.connect() as connection:
        print(json.dumps(await connection.run_sync(schema)))
    await engine.dispose()

asyncio.run(main())
"""


def repository(lived: Lived) -> Any:
    """The schema of its database."""
    return _schema(lived.project, lived.url)


def fresh(lived: Lived, folder: Path) -> Any:
    """The schema that a new repository of the same model makes, in a database of its own."""
    answers = yaml.safe_load((lived.folder / ".copier-answers.yml").read_text())
    url = lived.empty_database("fresh")
    project = projects.new(
        folder / "shop", ANSWERS | {"resources": answers["resources"], "database": answers["database"]}
    )
    environments.prepare(project)
    environment = {"SHOP_DATABASE__URL": url}
    projects.run(*project.python("-m", "shop", "migrate"), directory=project.folder, environment=environment)
    return _schema(project, url)


def _schema(project: Project, url: str) -> Any:
    if url.startswith("mongodb:"):
        return _collections(url)
    return json.loads(projects.run(*project.python("-c", PROGRAM, url), directory=project.folder))


def _collections(url: str) -> Any:
    """What documents are checked by, and the indexes."""
    with MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        found = {}
        for each in database.list_collections(filter={"name": {"$ne": "migrations"}}):
            schema = each["options"]["validator"]["$jsonSchema"]
            indexes = database[each["name"]].index_information()
            found[each["name"]] = (schema["properties"], sorted(schema["required"]), indexes)
        return found
