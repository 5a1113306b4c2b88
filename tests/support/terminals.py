"""Programs in a terminal, and someone who types."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import pexpect

ENTER = "\r"

# generic in its stubs, but not when it runs
Terminal: TypeAlias = "pexpect.spawn[str]"


@contextmanager
def started(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] = os.environ
) -> Iterator[Terminal]:
    """A program in a terminal of 120 columns; it is ended afterwards."""
    child = pexpect.spawn(
        command[0],
        list(command[1:]),
        cwd=folder,
        # this terminal does not say where its cursor is, and prompts would wait for that
        env={**environment, "PROMPT_TOOLKIT_NO_CPR": "1"},
        encoding="utf-8",
        timeout=20,
        dimensions=(50, 120),
    )
    try:
        yield child
    finally:
        child.close(force=True)
