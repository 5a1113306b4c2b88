"""The README's commands do what it says."""

import re
import shlex
from pathlib import Path

import pytest
from shipsmith import source

from .cli import shipsmith

README = (source.root() / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"(?:^\$ |`)(shipsmith [^`\n]+)", README, flags=re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_readme_works(tmp_path: Path, command: str) -> None:
    result = shipsmith(*shlex.split(command)[1:], cwd=tmp_path)
    assert result.returncode == 0, result.stderr


def test_the_readme_names_every_preset() -> None:
    presets = (path.stem for path in (source.root() / "presets").glob("*.yml"))
    assert all(f"`{name}`" in README for name in presets)


def test_the_make_targets_of_the_readme_are_there() -> None:
    makefile = (source.root() / "Makefile").read_text("utf-8")
    targets = re.findall(r"^make (\w+)", README, flags=re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    assert all(f"\n{target}: " in makefile for target in targets)
