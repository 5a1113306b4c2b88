"""How git is started: its environment, and the identity for commits."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import UserError

# the user's hooks, filters, ignore patterns, templates and signing are meant for their own commits
WITHOUT_CONFIGURATION = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

NAME, EMAIL = "shipsmith", "shipsmith@localhost"
BEGINNING = "@0 +0000"
"""The time of commits that must be reproducible."""


class GitError(UserError):
    """A git command failed. The text is git's message, such as a locked index or a full disk."""


def start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path | None = None,
    data: bytes = b"",
    inherited: Sequence[int] = (),
) -> subprocess.CompletedProcess[bytes]:
    """Run git and wait for it, whatever its exit status. Raises OSError if it cannot be started."""
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        input=data,
        capture_output=True,
        check=False,
        pass_fds=inherited,
    )


def clean_environment(keep: str = "\0") -> dict[str, str]:
    """The environment without git's variables that select a repository, except those starting with `keep`."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(keep)
    }


def identity(name: str = NAME, email: str = EMAIL, date: str = "") -> dict[str, str]:
    """The variables that make git commit with this identity; without a date, at the current time."""
    values = {"NAME": name, "EMAIL": email} | ({"DATE": date} if date else {})
    return {f"GIT_{role}_{key}": each for role in ("AUTHOR", "COMMITTER") for key, each in values.items()}
