"""The first commit of a new project, in a repository of its own or on top of an existing branch."""

import os
from contextlib import suppress
from pathlib import Path
from shutil import which

from ..errors import UserError
from .process import EMAIL, NAME, WITHOUT_CONFIGURATION, clean_environment, identity, start
from .runner import Git


def commit_all(folder: Path, message: str) -> None:
    """Turn `folder` into a git repository with one commit, by the user's identity if git knows it."""
    environment = clean_environment() | WITHOUT_CONFIGURATION
    _git(folder, ["init", "--quiet", "--template=", "--initial-branch=main"], environment)
    _git(folder, ["add", "--all"], environment)
    # only once the repository exists: the configured name can depend on its path
    environment |= identity_in(folder)
    _git(folder, ["-c", "maintenance.auto=false", "commit", "--quiet", "--message", message], environment)


def refresh(folder: Path) -> None:
    """Let git know that files which moved to `folder` are those of its index. If this fails, git compares."""
    with suppress(OSError):
        start(["update-index", "-q", "--refresh"], clean_environment() | WITHOUT_CONFIGURATION, folder)


def commit_tree(git: Git, tree: str, head: str, message: str) -> str:
    """A new commit of `tree` on top of `head`, if there is one. No branch has it yet."""
    parents = ["-p", head] if head else []
    return git.with_variables(**identity_in(git.folder)).line("commit-tree", tree, *parents, "-m", message)


def advance(git: Git, commit: str, head: str, message: str) -> None:
    """Move the current branch from `head`, or from nothing, to a commit, and stage its files."""
    git.run("read-tree", commit)
    git.run("update-index", "-q", "--refresh", accept=(0, 1))
    git.run("update-ref", "-m", message, "HEAD", commit, head or "0" * len(commit))


def check() -> None:
    """Raise UserError if git is not installed."""
    if not which("git"):
        raise UserError("git was not found. Install it, or use --no-git")


def identity_in(folder: Path) -> dict[str, str]:
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
