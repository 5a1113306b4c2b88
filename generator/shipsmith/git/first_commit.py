"""The first commit of a new project."""

import os
import subprocess
from pathlib import Path

from ..errors import UserError
from .environment import WITHOUT_CONFIGURATION, clean_environment

FALLBACK = {"user.name": "shipsmith", "user.email": "shipsmith@localhost"}
IDENTITY = {
    "GIT_AUTHOR_NAME": "user.name",
    "GIT_AUTHOR_EMAIL": "user.email",
    "GIT_COMMITTER_NAME": "user.name",
    "GIT_COMMITTER_EMAIL": "user.email",
}


def commit_all(project: Path, message: str) -> None:
    """Make `project` a git repository with one commit, in the user's name where git knows it."""
    environment = clean_environment() | WITHOUT_CONFIGURATION
    _git(project, ["init", "--quiet", "--template=", "--initial-branch=main"], environment)
    _git(project, ["add", "--all"], environment)
    # not before there is a repository: its place may decide which name is configured
    environment |= _identity(project)
    _git(project, ["-c", "maintenance.auto=false", "commit", "--quiet", "--message", message], environment)


def check() -> None:
    """Raise UserError where there is no git."""
    from shutil import which

    if not which("git"):
        raise UserError("git was not found. Install it, or use --no-git")


def _identity(project: Path) -> dict[str, str]:
    """The names for a commit: from the environment, else from git's configuration, else ours."""
    configured = FALLBACK | _configured_identity(project)
    return {variable: os.environ.get(variable) or configured[key] for variable, key in IDENTITY.items()}


def _configured_identity(project: Path) -> dict[str, str]:
    command = ["git", "config", "--get-regexp", r"^user\.(name|email)$"]
    environment = clean_environment(keep="GIT_CONFIG")
    result = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    pairs = (line.partition(" ") for line in result.stdout.splitlines())
    return {key: value for key, _, value in pairs if value.strip()}


def _git(project: Path, arguments: list[str], environment: dict[str, str]) -> None:
    command = ["git", *arguments]
    result = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise UserError(f"the first commit failed: {result.stderr.strip()}. Put that right, or use --no-git")
