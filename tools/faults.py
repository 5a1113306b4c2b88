"""Make every step of `update`, `continue` and `undo` fail in every way, and write docs/faults.md.

A complete run takes about half an hour on two cores.
"""

import os
import sys
import time
from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.updates.faults import (
    PAGE,
    Scene,
    Step,
    events_of,
    faults_at,
    make_scenes,
    steps_of,
    try_fault,
)
from tests.support.updates.injection import Fault
from tests.support.updates.meanwhile import ACTIONS
from tests.support.updates.small import Small, make_template

KILLED, FAILED, MEANWHILE = "killed", "an error", "another git, or an edit"
INTRODUCTION = """\
# Faults

What a command leaves in a repository if it is killed or fails at any of its steps. `make faults`
tests all faults and writes this page. `tests/update/test_faults.py` tests some of them, and checks that
the steps are listed correctly.

A step is an action on the repository: the program opens a file to write, renames or removes one, or starts
git. At each step, in a fresh copy of a repository, one of these happens:

- **Killed** (SIGKILL): before the step, while git is running, or after git has finished.
- **An error**: no space left on the device, an I/O error, or permission denied; git finds the disk full, dies
  while it writes a file, or fails after its work is done; all writes to files fail from then on.
- **Another git, or an edit**: somebody adds, commits, switches branches, undoes a commit, collects garbage or
  holds the index lock; a file is edited, a file is created where the change adds one, or an ignored file is
  edited.

| Outcome | Meaning |
|---|---|
| as before | nothing was changed |
| undo | something was changed, and `shipsmith undo` restores everything |
| complete | the command has finished its work |

Each test ends with `shipsmith undo`. Afterwards the files, with their modes, types and contents, the index,
the refs and the ignored files are as they were before the change, except for what the other git or edit
changed. Edits that `undo` removed are in a commit or a folder that its output names. No locks remain. Errors
are never tracebacks, and a full disk is reported as such. After a kill or an error, the update runs again
and succeeds.
"""


def column(fault: Fault) -> str:
    if fault.name in ACTIONS:
        return MEANWHILE
    return KILLED if "kill" in fault.name else FAILED


def table(scene: str, steps: list[Step], outcomes: Mapping[tuple[int, str], Iterable[str]]) -> str:
    """A section of the page. `outcomes` are by step number and column."""
    columns = (KILLED, FAILED, MEANWHILE)
    lines = [f"## {scene}", "", "| Step | How | " + " | ".join(columns) + " |", "|---|---|---|---|---|"]
    for number, step in enumerate(steps):
        cells = [", ".join(sorted(set(outcomes.get((number, column), "-")))) for column in columns]
        lines.append(f"| {step.does} | `{step.how}` | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Test all faults, or some of each kind at each step, and write the page if nothing was lost."""
    parser = ArgumentParser(description=main.__doc__)
    parser.add_argument("--some", action="store_true", help="one fault of each column at each step")
    some = parser.parse_args().some
    started = time.monotonic()
    with TemporaryDirectory() as name:
        folder = Path(name)
        small = Small(folder / "template", folder / "cache")
        make_template(small.template)
        scenes = make_scenes(small, folder)
        steps = [steps_of(events_of(small, scene, folder / f"{scene.name} events")) for scene in scenes]
        cases = [
            Case(index, number, fault)
            for index, each in enumerate(steps)
            for number, step in enumerate(each)
            for at, event in step.events.items()
            for fault in faults_at(at, event)
        ]
        all_of_them = len(cases)
        cases = _one_of_each_kind(cases) if some else cases
        print(f"{len(cases)} of {all_of_them} faults", flush=True)
        # separate processes: multiprocessing cannot start processes from several threads
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            outcomes = []
            for outcome in pool.map(partial(_try, small, scenes, folder), cases):
                outcomes.append(outcome)
                if len(outcomes) % 250 == 0:
                    print(f"{len(outcomes)} tested", flush=True)
    counts = Counter(outcomes)
    print(f"{dict(counts)}, {time.monotonic() - started:.0f} s")
    if LOST in counts:
        sys.exit(1)
    PAGE.write_text(_page(scenes, steps, cases, outcomes, all_of_them))


@dataclass(frozen=True, slots=True)
class Case:
    scene: int
    step: int
    fault: Fault


def _one_of_each_kind(cases: list[Case]) -> list[Case]:
    """One case for each cell of the page, varying among the available ones."""
    cells: dict[tuple[int, int, str], list[Case]] = defaultdict(list)
    for case in cases:
        cells[case.scene, case.step, column(case.fault)].append(case)
    return [each[number % len(each)] for number, each in enumerate(cells.values())]


LOST = "lost"


def _try(small: Small, scenes: list[Scene], folder: Path, case: Case) -> str:
    """The outcome. For LOST, the reason is printed."""
    scene = scenes[case.scene]
    with TemporaryDirectory(dir=folder) as name:
        try:
            return try_fault(small, scene, case.fault, Path(name))
        except AssertionError as error:
            print(f"{scene.name}, event {case.fault.at}, {case.fault.name}: {error}", flush=True)
            return LOST


def _page(
    scenes: list[Scene], steps: list[list[Step]], cases: list[Case], outcomes: list[str], all_of_them: int
) -> str:
    cells = defaultdict(list)
    for case, outcome in zip(cases, outcomes, strict=True):
        cells[case.scene, case.step, column(case.fault)].append(outcome)
    tables = []
    for index, scene in enumerate(scenes):
        own = {(step, name): each for (of, step, name), each in cells.items() if of == index}
        tables.append(table(scene.name, steps[index], own))
    figures = ", ".join(f"{number} {outcome}" for outcome, number in sorted(Counter(outcomes).items()))
    tried = f"Tested {len(outcomes)} of {all_of_them} faults. Outcomes: {figures}."
    return "\n".join([INTRODUCTION, tried, "", *tables])


if __name__ == "__main__":
    main()
