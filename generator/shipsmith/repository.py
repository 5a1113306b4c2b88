"""The first commit of a new project."""

import os
import subprocess
from pathlib import Path

from .errors import UserError


def commit_all(project: Path, message: str) -> None:
    """Make `project` a git repository with one commit, in the user's name where git knows it."""
    environment = os.environ | _identity(project)
    for variable in [name for name in environment if name.startswith("GIT_") and name not in IDENTITY]:
        del environment[variable]
    # the user's hooks, templates and signing are for their own commits
    plain = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false", "-c", "core.autocrlf=false"]
    for command in (
        ["init", "--quiet", "--template=", "--initial-branch=main"],
        ["add", "--all", "."],
        ["commit", "--quiet", "--no-verify", "--message", message],
    ):
        _git(project, [*plain, *command], environment)


IDENTITY = {
    "GIT_AUTHOR_NAME": "user.name",
    "GIT_AUTHOR_EMAIL": "user.email",
    "GIT_COMMITTER_NAME": "user.name",
    "GIT_COMMITTER_EMAIL": "user.email",
}
FALLBACK = {"user.name": "shipsmith", "user.email": "shipsmith@localhost"}


def _identity(project: Path) -> dict[str, str]:
    """Names for those that neither the environment nor git's configuration has."""
    configured = {key: _configured(key, project) for key in FALLBACK}
    return {
        variable: os.environ.get(variable) or configured[key] or FALLBACK[key]
        for variable, key in IDENTITY.items()
    }


def _configured(key: str, folder: Path) -> str:
    command = ["git", "config", "--includes", key]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder).stdout.strip()


def check() -> None:
    """Raise UserError where there is no git."""
    from shutil import which

    if not which("git"):
        raise UserError("git was not found. Install it, or use --no-git")


def _git(project: Path, arguments: list[str], environment: dict[str, str]) -> None:
    command = ["git", *arguments]
    result = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise UserError(f"git {arguments[-1]} failed: {result.stderr.strip()}. Mend it, or use --no-git")
