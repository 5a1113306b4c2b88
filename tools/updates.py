"""Update edited projects with shipsmith and with copier, and publish the results."""

import argparse
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

from shipsmith.template import location

from tests.support.updates import publish, versions
from tests.support.updates.cases import TOOLS, Row, Workshop
from tests.support.updates.publish import PRESETS
from tests.support.updates.tools import Template
from tests.support.updates.versions import STEPS, VERSIONS

FOLDER = location.root() / "build/updates"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="run shipsmith alone, keep the published results of copier, do not test the merged projects",
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), metavar="N", help="number of parallel processes"
    )
    given = parser.parse_args()
    tools = ["shipsmith"] if given.quick else list(TOOLS)
    rows = _rows(tools, checked=not given.quick, jobs=given.jobs)
    _report(rows, tools)
    if given.quick:
        known = {row.case: row.results for row in publish.from_table(publish.TABLE.read_text("utf-8"))}
        rows = [replace(row, results=known[row.case] | row.results) for row in rows]
    publish.TABLE.write_text(publish.as_table(rows), "utf-8")
    publish.DOCUMENT.write_text(publish.as_document(rows), "utf-8")


def _rows(tools: list[str], *, checked: bool, jobs: int) -> list[Row]:
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    shutil.rmtree(FOLDER, ignore_errors=True)
    workshop = Workshop(Template(versions.build(FOLDER / "shipsmith")), FOLDER)
    with ProcessPoolExecutor(jobs) as executor:
        list(executor.map(partial(_prepare, workshop), product(PRESETS, VERSIONS)))
        groups = executor.map(partial(_run, workshop, tools, checked), product(VERSIONS[:-1], PRESETS))
        return [row for group in groups for row in group]


def _prepare(workshop: Workshop, which: tuple[str, str]) -> None:
    workshop.pristine(*which)


def _run(workshop: Workshop, tools: list[str], checked: bool, which: tuple[str, str]) -> list[Row]:
    old, preset = which
    news = [new for start, new in STEPS if start == old]
    rows = []
    for row in workshop.run(preset, old, news, tools=tools, checked=checked):
        rows.append(row)
        print(_told(row), flush=True)
    return rows


def _told(row: Row) -> str:
    case = f"{row.case.preset} {row.case.old} {row.case.new} {row.case.profile}"
    results = (f"{tool} {result.outcome} lost {result.lost}" for tool, result in row.results.items())
    return "\n    ".join([f"{case}: {', '.join(results)} {row.checks}", *row.details])


def _report(rows: list[Row], tools: list[str]) -> None:
    for tool in tools:
        mean_seconds = sum(row.seconds[tool] for row in rows) / len(rows)
        print(f"{tool}: {mean_seconds:.1f} s for an update")


if __name__ == "__main__":
    main()
