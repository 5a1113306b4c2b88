"""The README's commands do what it says."""

import re
import shlex
from pathlib import Path

import pytest
from shipsmith.template import location

from ..support.command_line import shipsmith

README = (location.root() / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"(?:^\$ |`)(shipsmith [^`\n]+)", README, flags=re.MULTILINE)


ANYWHERE = ("new", "options", "presets")


def is_for_a_project(command: str) -> bool:
    return command.split()[1] not in ANYWHERE


@pytest.mark.parametrize("command", [each for each in COMMANDS if not is_for_a_project(each)])
def test_each_command_of_the_readme_works(tmp_path: Path, command: str) -> None:
    result = shipsmith(*shlex.split(command)[1:], cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_the_commands_for_a_project_work_one_after_the_other(tmp_path: Path) -> None:
    commands = [each for each in COMMANDS if is_for_a_project(each)]
    assert len(commands) >= 4
    assert shipsmith("new", "orders", "--defaults", cwd=tmp_path).returncode == 0
    for command in commands:
        result = shipsmith(*shlex.split(command)[1:], cwd=tmp_path / "orders")
        # not every program that it looks for has to be here
        accepted = (0, 4) if command == "shipsmith doctor" else (0,)
        assert result.returncode in accepted, f"{command}: {result.stderr}"


def test_the_readme_names_every_preset() -> None:
    presets = (path.stem for path in (location.root() / "presets").glob("*.yml"))
    assert all(f"`{name}`" in README for name in presets)


def test_the_make_targets_of_the_readme_are_there() -> None:
    makefile = (location.root() / "Makefile").read_text("utf-8")
    targets = re.findall(r"^make (\w+)", README, flags=re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    assert all(f"\n{target}: " in makefile for target in targets)
