"""The command line as a user runs it, in a separate process."""

import os
import subprocess
import sys
from pathlib import Path

from . import preloaded

SHIPSMITH = [sys.executable, "-m", "shipsmith"]


def shipsmith(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run shipsmith without a terminal, in `cwd`: with PYTHONPATH, the one that is there."""
    words, variables = [str(argument) for argument in arguments], os.environ | environment
    if "PYTHONPATH" not in environment:
        return preloaded.run(preloaded.SHIPSMITH, words, cwd, variables)
    return subprocess.run(
        [*SHIPSMITH, *words],
        cwd=cwd,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def left_in(folder: Path) -> list[str]:
    """The files that a run left in `folder`, including hidden files."""
    return sorted(path.name for path in folder.iterdir())
