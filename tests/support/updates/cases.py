"""One case: an edited project, updated by shipsmith and by copier, with the results of both."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shipsmith.git.locks import locked

from . import measure
from .checks import failure
from .measure import Moves
from .profiles import PROFILES, Profile, Project
from .tools import Outcome, Template, Updated, commit, copy, git, unmerged

Update = Callable[[Template, Path, str], Updated]
TOOLS: dict[str, Update] = {"shipsmith": Template.update, "copier": Template.copier_update}


@dataclass(frozen=True)
class Result:
    """The result of one tool. The counts are of lines and files."""

    outcome: Outcome
    conflicts: int
    lost_lines: int
    lost_binaries: int
    lost_files: int
    came_back: int

    @property
    def lost(self) -> int:
        return self.lost_lines + self.lost_binaries + self.lost_files


@dataclass(frozen=True)
class Case:
    preset: str
    old: str
    new: str
    profile: str


@dataclass(frozen=True)
class Row:
    case: Case
    results: dict[str, Result]
    """By name of the tool."""
    checks: str
    """Of shipsmith's clean merge: passed, failed, or failed before the update as well. Empty otherwise."""
    details: list[str] = field(default_factory=list, compare=False)
    """Losses and failures, for analysis."""
    seconds: dict[str, float] = field(default_factory=dict, compare=False)
    """Duration for each tool."""


@dataclass(frozen=True)
class Workshop:
    """Runs cases. Projects are generated once for each preset and version."""

    template: Template
    folder: Path

    def pristine(self, preset: str, version: str) -> Path:
        """The project as this version generates it."""
        place = self.folder / "pristine" / preset / version
        place.mkdir(parents=True, exist_ok=True)
        # not the folder itself: `new` locks the one in which it makes a project
        with locked(place / "lock", create=True):
            if not (place / "orders").exists():
                self.template.new(place / "orders", version, preset, {})
        return place / "orders"

    def run(
        self,
        preset: str,
        old: str,
        news: Iterable[str],
        *,
        tools: Iterable[str] = tuple(TOOLS),
        checked: bool = False,
    ) -> Iterator[Row]:
        """All profiles, from one version to each of the others."""
        for profile in PROFILES:
            folder = self.folder / "cases" / preset / old / profile.name
            shutil.rmtree(folder, ignore_errors=True)
            edited = self._edited(folder / "edited" / "orders", preset, old, profile)
            for new in news:
                yield self._compare(
                    Case(preset, old, new, profile.name), edited, folder / new, tools, checked
                )
            shutil.rmtree(folder)

    def _edited(self, folder: Path, preset: str, old: str, profile: Profile) -> Path:
        project = copy(self.pristine(preset, old), folder)
        profile.edit(Project(project, self.template, old, preset))
        commit(project, profile.name)
        return project

    def _compare(self, case: Case, edited: Path, folder: Path, tools: Iterable[str], checked: bool) -> Row:
        row = Row(case, {}, "")
        moves = Moves(
            by_user=measure.renames(edited, "HEAD~1", "HEAD"), by_template=self._template_renames(case)
        )
        for tool in tools:
            project = copy(edited, folder / tool / "orders")
            started = time.perf_counter()
            updated = TOOLS[tool](self.template, project, case.new)
            row.seconds[tool] = time.perf_counter() - started
            losses = measure.losses(
                measure.read(self.pristine(case.preset, case.old)),
                measure.read(edited),
                measure.read(project),
                moves,
                unmerged(project),
            )
            row.details.extend(
                f"{tool}: {detail}" for detail in (updated.message, *losses.details()) if detail
            )
            row.results[tool] = Result(
                updated.outcome,
                updated.conflicts,
                losses.lines.total(),
                len(losses.binaries),
                len(losses.files),
                len(losses.came_back),
            )
        if not checked or row.results["shipsmith"].outcome != "clean":
            return row
        return self._checked(row, edited, folder / "shipsmith" / "orders")

    def _checked(self, row: Row, edited: Path, updated: Path) -> Row:
        if not (why := self._failure(updated, row.case)):
            return Row(row.case, row.results, "passed", row.details, row.seconds)
        outcome = "failed before" if self._failure(edited, row.case) else "failed"
        return Row(row.case, row.results, outcome, [*row.details, why], row.seconds)

    def _failure(self, project: Path, case: Case) -> str:
        """Like checks.failure, but identical projects are checked once."""
        commit(project, "checked")
        known = self.folder / "checked" / git(project, "rev-parse", "HEAD^{tree}").strip()
        if not known.exists():
            known.parent.mkdir(parents=True, exist_ok=True)
            known.write_text(failure(project, self.folder / "bench" / case.preset / case.old / "orders"))
        return known.read_text()

    def _template_renames(self, case: Case) -> dict[str, str]:
        old, new = self.pristine(case.preset, case.old), self.pristine(case.preset, case.new)
        git(old, "fetch", "--quiet", str(new), "HEAD")
        return measure.renames(old, "HEAD", "FETCH_HEAD")
