"""Send 20,000 valid and almost valid values of every type through REST, gRPC and commands, by database.

Run it with `make values`. It runs the generated repository's own test of values, with more examples than a
pipeline has time for. `python -m tools.values 500 sqlite` tries 500 with SQLite.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.support.services import environments, projects
from tests.support.services.needs import met

EXAMPLES = 20_000
ROUND = 2_500
"""Examples of each resource that are tried at once; each round tries others."""
TEST = "tests/integration/test_values.py"
DATABASES = ("none", "sqlite", "postgresql", "mariadb", "mysql", "mongodb")
RESOURCES = {
    "shelf": {"name": "str(1..100) unique", "place": "str?"},
    "thing": {
        "label": "str(1..40)",
        "code": "str(2..12)? unique",
        "note": "text?",
        "count": "int(0..1000)?",
        "big": "int",
        "serial": "int? unique",
        "ratio": "float(-1..1)?",
        "weight": "float",
        "active": "bool",
        "ready": "bool?",
        "price": "decimal(12,2)",
        "total": "decimal",
        "whole": "decimal(9,0)?",
        "fine": "decimal(6,6)?",
        "tiny": "decimal(20,12)?",
        "huge": "decimal(38,6)?",
        "at": "datetime",
        "seen": "datetime? unique",
        "day": "date?",
        "due": "date",
        "key": "uuid? unique",
        "batch": "uuid",
        "status": "enum(new, in_use, gone)",
        "mood": "enum(good, bad)?",
        "shelf": "ref(shelf)",
        "parent": "ref(thing)?",
    },
}


def main() -> None:
    examples = int(sys.argv[1]) if sys.argv[1:] else EXAMPLES
    databases = sys.argv[2:]
    for database in databases or DATABASES:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            _try(database, examples // len(RESOURCES), Path(folder))
        print(f"{database}: {examples} cases passed in {time.monotonic() - started:.0f} s", flush=True)


def _try(database: str, examples: int, folder: Path) -> None:
    """Raises AssertionError, with the end of the output, where a value is answered wrongly."""
    broker = "none" if database in ("none", "mongodb") else "rabbitmq"
    answers = {"database": database, "cache": "none", "broker": broker, "http": True, "grpc": True}
    project = projects.new(folder / "values", answers | {"resources": RESOURCES})
    environments.prepare(project)
    pytest = project.python("-P", "-m", "pytest", "-q", "--show-capture=no", TEST)
    for tried in range(0, examples, ROUND):
        number = min(ROUND, examples - tried)
        with met({"database": database, "broker": broker}) as environment:
            projects.run(*pytest, directory=project.folder, environment=environment | {"VALUES": str(number)})
        print(f"{database}: {(tried + number) * len(RESOURCES)} cases so far", flush=True)


if __name__ == "__main__":
    main()
