"""Programs in a terminal, with simulated input."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pexpect

ENTER = "\r"

# generic in its stubs, but not at runtime
Terminal: TypeAlias = "pexpect.spawn[str]"


@contextmanager
def started(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] = os.environ
) -> Iterator[Terminal]:
    """A program in a terminal of 120 columns. It is terminated afterwards."""
    child = pexpect.spawn(
        command[0],
        list(command[1:]),
        cwd=folder,
        # this terminal does not report its cursor position, and prompts would wait for that
        env={**environment, "PROMPT_TOOLKIT_NO_CPR": "1"},
        encoding="utf-8",
        timeout=20,
        dimensions=(50, 120),
    )
    try:
        yield child
    finally:
        child.close(force=True)
