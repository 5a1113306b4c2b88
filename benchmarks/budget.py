"""Whether `make budget` of a generated service finds what made it slower, and nothing where nothing did.

Each fault is planted by itself into a service with everything, on a database of its own.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shipsmith.template import location, presets

from tests.support.services import needs, projects
from tests.support.services.projects import Project

CLEAN_RUNS = 5
RESOURCES = {"order": {"customer": "uuid", "status": "enum(new, paid)", "note": "text?"}}
SOURCE = "src/orders_with_budget"

Fault = tuple[str, str, str]
"""A file, a text in it, and what replaces that."""

FAULTS: dict[str, Fault] = {
    "a middleware sleeps 2 ms": (
        "entrypoints/access_log.py",
        "                await self._app(scope, receive, send_with_id)",
        "                await __import__('asyncio').sleep(0.002)\n"
        "                await self._app(scope, receive, send_with_id)",
    ),
    "a query for each row of a list": (
        "orders/service.py",
        "        return await self._repository.page(query.cursor, query.limit, query.filters())",
        "        page = await self._repository.page(query.cursor, query.limit, query.filters())\n"
        "        for each in page.items:\n"
        "            await self._repository.current(each.id)\n"
        "        return page",
    ),
    "an index is gone": (
        "migrations/versions/0001_tables.py",
        '    op.create_index("orders_by_status", "orders", ["status", "id"])\n',
        "",
    ),
    "the cache is off": (
        "bootstrap.py",
        "        storage = CachedStorage(storage, ReadThrough(copies, settings.cache))\n",
        "",
    ),
    "a lock is held while the database works": (
        "adapters/reads.py",
        "async def fetch(",
        "LOCK = __import__('asyncio').Lock()\n\n\n"
        "async def fetch(*arguments: Any) -> Any:\n"
        "    async with LOCK:\n"
        "        return await unlocked(*arguments)\n\n\n"
        "async def unlocked(",
    ),
}


def budget(project: Project, answers: Mapping[str, Any], target: str = "budget") -> str:
    """What it says is wrong, on servers of its own."""
    with needs.met(answers) as environment:
        done = subprocess.run(
            ["make", target],
            cwd=project.folder,
            env=projects.clean_environment() | environment,
            text=True,
            capture_output=True,
        )
    print(done.stdout, flush=True)
    return done.stderr if done.returncode else ""


def with_fault(project: Project, answers: Mapping[str, Any], fault: Fault) -> str:
    name, before, after = fault
    file = project.folder / SOURCE / name
    text = file.read_text()
    if text.count(before) != 1:
        raise ValueError(f"{name} has changed: it should have this once: {before}")
    file.write_text(text.replace(before, after))
    try:
        return budget(project, answers)
    finally:
        file.write_text(text)


def main() -> None:
    answers = {
        **presets.load(location.root(), "full").answers,
        "service_name": "orders-with-budget",
        "resources": RESOURCES,
        "load_test": True,
    }
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        # servers find their data in it
        Path(folder).chmod(0o711)
        project = projects.new(Path(folder, "orders-with-budget"), answers)
        project.make("setup")
        if found := budget(project, answers, "baseline"):
            sys.exit(found)
        for run in range(1, CLEAN_RUNS + 1):
            print(f"== unchanged, run {run}", flush=True)
            if found := budget(project, answers):
                print(found, flush=True)
                missed.append(f"unchanged, run {run}")
        for name, fault in FAULTS.items():
            print(f"== {name}", flush=True)
            found = with_fault(project, answers, fault)
            print(found or "not found", flush=True)
            if "the baseline is" not in found:
                missed.append(name)
    if missed:
        sys.exit(f"wrong: {', '.join(missed)}")


if __name__ == "__main__":
    main()
