"""The first commit of a new project."""

import os
from pathlib import Path
from shutil import which

from ..errors import UserError
from .process import EMAIL, NAME, WITHOUT_CONFIGURATION, clean_environment, identity, start


def commit_all(folder: Path, message: str) -> None:
    """Turn `folder` into a git repository with one commit, by the user's identity if git knows it."""
    environment = clean_environment() | WITHOUT_CONFIGURATION
    _git(folder, ["init", "--quiet", "--template=", "--initial-branch=main"], environment)
    _git(folder, ["add", "--all"], environment)
    # only once the repository exists: the configured name can depend on its path
    environment |= _identity(folder)
    _git(folder, ["-c", "maintenance.auto=false", "commit", "--quiet", "--message", message], environment)


def check() -> None:
    """Raise UserError if git is not installed."""
    if not which("git"):
        raise UserError("git was not found. Install it, or use --no-git")


def _identity(folder: Path) -> dict[str, str]:
    """The identity for a commit: from the environment, git's configuration, or ours, in this order."""
    configured = _configured_identity(folder)
    variables = identity(configured.get("user.name", NAME), configured.get("user.email", EMAIL))
    return {name: os.environ.get(name) or value for name, value in variables.items()}


def _configured_identity(folder: Path) -> dict[str, str]:
    listed = start(
        ["config", "--get-regexp", r"^user\.(name|email)$"], clean_environment(keep="GIT_CONFIG"), folder
    )
    pairs = (line.partition(" ") for line in os.fsdecode(listed.stdout).splitlines())
    return {key: value for key, _, value in pairs if value.strip()}


def _git(folder: Path, arguments: list[str], environment: dict[str, str]) -> None:
    result = start(arguments, environment, folder)
    if result.returncode:
        reason = os.fsdecode(result.stderr).strip()
        raise UserError(f"the initial commit failed: {reason}. Fix that, or use --no-git")
