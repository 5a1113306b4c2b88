"""How git is started: its environment, and in whose name it commits."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import UserError

# the user's hooks, filters, ignored files, templates and signing are for their own commits
WITHOUT_CONFIGURATION = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

NAME, EMAIL = "shipsmith", "shipsmith@localhost"
BEGINNING = "@0 +0000"
"""The time of commits that shall be the same whenever they are made."""


class GitError(UserError):
    """A git command failed; the text is what it said, such as that its index is locked or the disk full."""


def start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: Path | None = None,
    data: bytes = b"",
    inherited: Sequence[int] = (),
) -> subprocess.CompletedProcess[bytes]:
    """Run git to its end, whatever its status. Raises OSError where it cannot be started."""
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
    """This environment, less what tells git of another repository; variables that begin with `keep` stay."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(keep)
    }


def identity(name: str = NAME, email: str = EMAIL, date: str = "") -> dict[str, str]:
    """The variables by which git commits in this name; where there is no date, at this time."""
    values = {"NAME": name, "EMAIL": email} | ({"DATE": date} if date else {})
    return {f"GIT_{role}_{key}": each for role in ("AUTHOR", "COMMITTER") for key, each in values.items()}
