"""Temporary repositories with this checkout's files."""

import os
import subprocess
from pathlib import Path

from shipsmith.template import location

NOBODY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in {"NAME": "test", "EMAIL": "test@localhost"}.items()
}


def copy(folder: Path) -> Path:
    """A git repository in `folder` with one commit of this checkout's current files."""
    listed = git(location.root(), "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in listed.split("\0"):
        if name and (location.root() / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((location.root() / name).read_bytes())
            (folder / name).chmod((location.root() / name).stat().st_mode)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "all")
    return folder


def commit(repository: Path, message: str) -> None:
    """Commit all changes."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", message)


def release(repository: Path, version: str) -> None:
    """Commit all changes, and tag the commit with the version."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", version)
    git(repository, "tag", version)


def git(repository: Path, *arguments: str) -> str:
    """The output of git."""
    command = ["git", "-C", str(repository), *arguments]
    environment = os.environ | NOBODY | {"GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
