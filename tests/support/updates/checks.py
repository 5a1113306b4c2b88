"""Runs a project's own checks and tests in a folder that keeps tools and caches between projects."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from ..services.needs import met
from ..services.projects import clean_environment

KEPT = {".venv", ".mypy_cache", ".ruff_cache"}


def failure(project: Path, bench: Path) -> str:
    """The failure of `make setup check test` in a copy, with real servers; empty if everything passes."""
    _lay(project, bench)
    command = ["make", "setup", "check", "test"]
    with met(yaml.safe_load((project / ".copier-answers.yml").read_text("utf-8"))) as environment:
        result = subprocess.run(
            command,
            cwd=bench,
            env=clean_environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if result.returncode:
        return f"$ {' '.join(command)}\n{result.stdout[-3000:]}"
    return ""


def _lay(project: Path, bench: Path) -> None:
    """Copy the project to the bench. Unchanged files stay, so that make does not run the setup again."""
    bench.mkdir(parents=True, exist_ok=True)
    wanted = set(_files(project))
    for path in set(_files(bench)) - wanted:
        (bench / path).unlink()
    for path in wanted:
        source, target = project / path, bench / path
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and relative.parts[0] not in {*KEPT, ".git"}:
            yield relative
