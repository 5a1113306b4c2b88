"""A project's own checks and tests, run where the last project's tools and caches still are."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..template.projects import clean_environment

KEPT = {".venv", ".mypy_cache", ".ruff_cache"}
# what needs real servers; tests/template runs those of every new project
NEEDS_SERVERS = ("tests/integration", "tests/e2e")


def failure(project: Path, bench: Path) -> str:
    """What of `make setup check` and the tests fails in the project's copy; nothing if all pass."""
    _lay(project, bench)
    ignored = [f"--ignore={folder}" for folder in NEEDS_SERVERS]
    for command in (["make", "setup", "check"], [".venv/bin/pytest", "-q", *ignored]):
        result = subprocess.run(
            command,
            cwd=bench,
            env=clean_environment(),
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
    """Make the bench equal to the project. Files that are equal stay, so that make does not set up anew."""
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
