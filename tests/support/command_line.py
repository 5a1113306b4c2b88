"""The command line as a user runs it, in a separate process."""

import os
import subprocess
import sys
from pathlib import Path

SHIPSMITH = [sys.executable, "-m", "shipsmith"]


def shipsmith(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run shipsmith without a terminal, in `cwd`."""
    return subprocess.run(
        [*SHIPSMITH, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def left_in(folder: Path) -> list[str]:
    """The files that a run left in `folder`, including hidden files."""
    return sorted(path.name for path in folder.iterdir())
