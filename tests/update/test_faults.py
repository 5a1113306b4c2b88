"""A part of `make faults`: one fault at every step of every command, each time another one."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from ..support.once import once
from ..support.updates.faults import (
    PAGE,
    Outcome,
    Scene,
    Step,
    events_of,
    faults_at,
    make_scenes,
    steps_of,
    try_fault,
)
from ..support.updates.injection import Fault
from ..support.updates.small import Small

SCENES = ("update", "update with conflicts", "continue", "undo")


@pytest.fixture(scope="module")
def scenes(small: Small) -> dict[str, Scene]:
    def make(folder: Path) -> None:
        made = {scene.name: scene for scene in make_scenes(small, folder)}
        (folder / "scenes").write_bytes(pickle.dumps(made))

    found: dict[str, Scene] = pickle.loads((once("scenes", make) / "scenes").read_bytes())
    return found


def _some(steps: list[Step]) -> Iterator[Fault]:
    """A fault for each step; they take turns, with kills among them."""
    for turn, step in enumerate(steps):
        number, event = next(iter(step.events.items()))
        faults = faults_at(number, event)
        yield faults[turn * 7 % len(faults)]


@pytest.mark.parametrize("scene", SCENES)
def test_a_fault_at_any_step_loses_nothing(
    small: Small, scenes: dict[str, Scene], tmp_path: Path, scene: str
) -> None:
    place = scenes[scene]
    steps = steps_of(events_of(small, place, tmp_path / "events"))
    for number, fault in enumerate(_some(steps)):
        try_fault(small, place, fault, tmp_path / f"fault{number}")


def test_the_page_lists_the_steps(small: Small, scenes: dict[str, Scene], tmp_path: Path) -> None:
    """`make faults` writes it."""
    page = PAGE.read_text()
    for scene in scenes.values():
        steps = steps_of(events_of(small, scene, tmp_path / f"{scene.name} events"))
        part = page.partition(f"\n## {scene.name}\n")[2].partition("\n## ")[0]
        rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")][1:]
        listed = [row[:2] for row in rows]
        assert listed == [[step.does, f"`{step.how}`"] for step in steps], "run `make faults`"
        outcomes = {outcome for row in rows for cell in row[2:] for outcome in cell.split(", ")}
        assert outcomes <= set(get_args(Outcome)), outcomes
        assert all(len(row) == 5 for row in rows)
