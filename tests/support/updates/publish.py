"""Writes the matrix for programs, docs/updates.csv, and for people, docs/updates.md."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from shipsmith.template import location

from .cases import TOOLS, Case, Result, Row
from .profiles import PROFILES
from .versions import RELEASES, STEPS

TABLE = location.root() / "docs/updates.csv"
DOCUMENT = location.root() / "docs/updates.md"
TEXT = Path(__file__).with_name("updates.md.jinja")
PRESETS = ("minimal", "service", "event-driven", "full")

CASE = [each.name for each in fields(Case)]
RESULT = [each.name for each in fields(Result)]


def as_table(rows: Iterable[Row]) -> str:
    """One line for each case."""
    text = io.StringIO()
    header = [*CASE, *(f"{tool}_{name}" for tool in TOOLS for name in RESULT), "checks"]
    table = csv.DictWriter(text, header, lineterminator="\n")
    table.writeheader()
    for row in rows:
        results = {
            f"{tool}_{name}": value
            for tool, result in row.results.items()
            for name, value in asdict(result).items()
        }
        table.writerow(asdict(row.case) | results | {"checks": row.checks})
    return text.getvalue()


def from_table(text: str) -> list[Row]:
    return [
        Row(
            Case(**{name: line[name] for name in CASE}),
            {tool: _result(line, tool) for tool in TOOLS},
            line["checks"],
        )
        for line in csv.DictReader(io.StringIO(text))
    ]


def as_document(rows: Sequence[Row]) -> str:
    environment = Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    checks = Counter(row.checks for row in rows if row.results["shipsmith"].outcome == "clean")
    return environment.from_string(TEXT.read_text("utf-8")).render(
        rows=rows,
        tools=list(TOOLS),
        presets=PRESETS,
        releases=RELEASES,
        profiles=PROFILES,
        steps=STEPS,
        checks=sorted(checks.items(), key=lambda item: item[0] != "passed"),
        totals=_totals,
    )


@dataclass(frozen=True)
class Totals:
    clean: int
    conflicts: int
    failed: int
    losing: int
    """Cases with losses."""
    lost_lines: int
    lost_binaries: int
    lost_files: int
    came_back: int

    @property
    def lost(self) -> int:
        return self.lost_lines + self.lost_binaries + self.lost_files


def _totals(rows: Sequence[Row], tool: str, profile: str = "", old: str = "", new: str = "") -> Totals:
    """The totals of all cases, or of those with the given profile and step."""
    wanted = {"profile": profile, "old": old, "new": new}
    given = {name: value for name, value in wanted.items() if value}
    results = [row.results[tool] for row in rows if given.items() <= asdict(row.case).items()]
    outcomes = Counter(result.outcome for result in results)
    return Totals(
        clean=outcomes["clean"],
        conflicts=outcomes["conflicts"],
        failed=outcomes["failed"],
        losing=sum(result.lost > 0 for result in results),
        lost_lines=sum(result.lost_lines for result in results),
        lost_binaries=sum(result.lost_binaries for result in results),
        lost_files=sum(result.lost_files for result in results),
        came_back=sum(result.came_back for result in results),
    )


def _result(line: dict[str, str], tool: str) -> Result:
    outcome, *counts = (line[f"{tool}_{name}"] for name in RESULT)
    return Result(outcome, *map(int, counts))  # type: ignore[arg-type]  # an outcome: we wrote it
