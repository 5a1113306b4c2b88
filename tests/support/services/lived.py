"""A repository whose service was in use: with rows, and clients that were built for its first version."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pymongo import MongoClient
from shipsmith.template.questionnaire import Answers

from .. import preloaded
from ..checkers import check
from ..systems.processes import bound_to_parent
from ..updates.small import git
from . import environments, projects
from .projects import Project, Service

MODEL: dict[str, dict[str, str]] = {
    "customer": {"name": "str(1..100)", "email": "str?"},
    "order": {
        "customer": "ref(customer)",
        "status": "enum(new, paid, lost)",
        "total": "decimal(10,2)",
        "note": "text?",
        "amount": "int(0..9)",
        "code": "str(..20)",
        "agent": "uuid?",
        "stranger": "uuid?",
    },
}
ANSWERS: Answers = {
    "service_name": "shop",
    "resources": MODEL,
    "http": True,
    "grpc": True,
    "cache": "none",
    "broker": "none",
    "metrics": "none",
    "deploy": "none",
    "ci": "none",
}
VERSIONS = "src/shop/migrations/versions"
CLIENT = Path(__file__).with_name("old_client.py")

MIGRATE_AND_SERVE = """
import sys
from shop import __main__

for sys.argv[1:] in ["migrate"], []:
    __main__.main()
"""
"""The two commands, one after the other, in one process: to start it takes longer than to migrate."""

Rows = dict[str, dict[str, Any]]
"""Fields of orders as REST has them, by their ids."""


class Lived:
    """The repository, its database, and the stubs of its first version."""

    def __init__(self, folder: Path, database: str, url: str) -> None:
        self.project: Project = projects.new(folder / "shop", ANSWERS | {"database": database})
        self.url = url
        self._database = database
        self._log = folder / "service.log"
        self._stubs = folder / "stubs"
        environments.prepare(self.project)
        for key, value in (("user.name", "someone"), ("user.email", "someone@localhost")):
            git(self.folder, "config", key, value)
        # the environment is not part of the repository, and has nothing of shipsmith's in it
        shutil.copytree(self.folder / "src/shop/v1", self._stubs / "shop/v1")
        (self._stubs / "shop/__init__.py").touch()
        self._client = OldClient(self.project, self._stubs)

    def close(self) -> None:
        self._client.close()

    @property
    def folder(self) -> Path:
        return self.project.folder

    def change(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run shipsmith in the repository."""
        return preloaded.run(preloaded.KEEPING_RENDERS, arguments, self.folder, os.environ)

    def commit(self, title: str) -> None:
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-qm", title)

    def model(self) -> dict[str, dict[str, str]]:
        """The resources that it has recorded."""
        answers = yaml.safe_load((self.folder / ".copier-answers.yml").read_text())
        resources: dict[str, dict[str, str]] = answers["resources"]
        return resources

    def lines(self) -> set[str]:
        """Every line of its code."""
        return {line for path in self.folder.glob("src/**/*.py") for line in path.read_text().splitlines()}

    def test(self, when: str, *folders: str) -> None:
        """Its own tests pass: all of them, or those in some folders."""
        variable = f"TEST_{self._database.upper()}_URL"
        server = {} if self._is_sqlite else {variable: self.empty_database("tests")}
        tests = self.project.python("-P", "-m", "pytest", *folders)
        try:
            projects.run(*tests, directory=self.folder, environment={"STRICT": "1"} | server)
        except AssertionError as error:
            error.add_note(when)
            raise

    def empty_database(self, name: str) -> str:
        """The address of a new database beside its own, in place of an earlier one."""
        address, question_mark, parameters = self.url.partition("?")
        url = f"{address}_{name}{question_mark}{parameters}"
        if self._is_sqlite:
            Path(url.partition("///")[2]).unlink(missing_ok=True)
        elif self._database == "mongodb":
            with MongoClient[dict[str, object]](url) as client:
                client.drop_database(client.get_default_database())
        else:
            projects.run(*self.project.python("-c", RECREATE, self.url, url), directory=self.folder)
        return url

    def migrations(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.folder / VERSIONS).glob("*.py"))}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The service's own command line, with its database."""
        return subprocess.run(
            self.project.python("-m", "shop", *arguments),
            cwd=self.folder,
            env=projects.clean_environment() | dict(self._settings),
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def serving(self) -> Iterator[Service]:
        """The service runs, with its migrations done."""
        command = ("-c", MIGRATE_AND_SERVE)
        with projects.serving(self.project, {"DATABASE__URL": self.url}, self._log, command) as service:
            yield service

    def client(self, service: Service, *arguments: str) -> Any:
        """What a client with the stubs of the first version is answered."""
        return self._client.ask(service.grpc_target, *arguments)

    def breaking(self, before: Path, rules: str) -> None:
        """`buf breaking` finds nothing in the contract, compared with that of the folder `before`."""
        config = (self.folder / "buf.yaml").read_text().replace("use: [WIRE_JSON]", f"use: [{rules}]")
        check("buf", "breaking", "--config", config, "--against", before, directory=self.folder)

    @property
    def keeps_references(self) -> bool:
        """Whether the database itself keeps them."""
        return self._database != "mongodb"

    @property
    def _is_sqlite(self) -> bool:
        return self._database == "sqlite"

    @property
    def _settings(self) -> Mapping[str, str]:
        return {"SHOP_DATABASE__URL": self.url}


RECREATE = """
import asyncio, sys
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

async def main():
    own, new = sys.argv[1:]
    name = new.rpartition("/")[2]
    engine = create_async_engine(own, isolation_level="AUTOCOMMIT")
    force = " WITH (FORCE)" if engine.dialect.name == "postgresql" else ""
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name}{force}"))
        await connection.execute(sa.text(f"CREATE DATABASE {name}"))
    await engine.dispose()

asyncio.run(main())
"""


class OldClient:
    """A process that has loaded the stubs of the first version."""

    def __init__(self, project: Project, stubs: Path) -> None:
        self._process = subprocess.Popen(
            bound_to_parent(project.python(str(CLIENT))),
            # the environment of the project would put its new stubs first
            cwd=stubs,
            env=os.environ | {"PYTHONPATH": str(stubs)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *question: str) -> Any:
        """Fails if it ended; its error is in the output of the test."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(question), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        assert answer, f"{CLIENT.name} ended"
        return json.loads(answer)

    def close(self) -> None:
        self._process.communicate(timeout=30)


def read(service: Service, path: str = "orders") -> Rows:
    """Every row that REST lists, without what every resource has."""
    rows: Rows = {}
    cursor = ""
    while True:
        with urllib.request.urlopen(f"{service.url}/v1/{path}?limit=200{cursor}", timeout=30) as response:
            page = json.load(response)
        for item in page["items"]:
            common = ("id", "version", "created_at", "updated_at")
            rows[item["id"]] = {name: value for name, value in item.items() if name not in common}
        if not page["next_cursor"]:
            return rows
        cursor = f"&cursor={page['next_cursor']}"
