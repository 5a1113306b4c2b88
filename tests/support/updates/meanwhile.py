"""Actions of a user while shipsmith runs. Their git commands are refused while the index is locked."""

import os
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

GIT = shutil.which("git") or "git"
IGNORED = "local/settings.env"
MARK = b"of the user's, at that moment\n"
EDITS = {"an edit": "service.py", "a new file": "added.txt", "an edit of an ignored file": IGNORED}


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """A git command of the user's, with a fixed date."""
    dates = {f"GIT_{role}_DATE": "@1700000000 +0000" for role in ("AUTHOR", "COMMITTER")}
    command, environment = [GIT, *arguments], os.environ | dates
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)


def _git(*commands: str) -> Callable[[Path], None]:
    def run(project: Path) -> None:
        for command in commands:
            git(project, *command.split())

    return run


def _edit(name: str, project: Path) -> None:
    if (project / name).parent.is_dir():
        (project / name).unlink(missing_ok=True)
        (project / name).write_bytes(MARK)
        os.utime(project / name, (1e9, 1e9))


def _hold_the_lock(project: Path) -> None:
    with suppress(FileExistsError):
        (project / ".git/index.lock").open("x").close()


ACTIONS: dict[str, Callable[[Path], None]] = {
    "git add": _git("add own.txt"),
    "git commit": _git("add own.txt", "commit -qm mine own.txt"),
    "git commit --allow-empty": _git("commit -q --allow-empty -m empty"),
    "git reset --soft": _git("reset -q --soft HEAD~1"),
    "git checkout": _git("checkout -q other"),
    "git gc": _git("gc -q --prune=now"),
    "git with a lock": _hold_the_lock,
} | {name: partial(_edit, path) for name, path in EDITS.items()}
