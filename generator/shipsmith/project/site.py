"""The site of a new project: what is there already, and the repository around it."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import UserError
from ..git.objects import Tree, nul_separated
from ..git.process import GitError
from ..git.runner import Git
from .filling import WORKSPACE
from .readiness import under_way

ALLOWED = re.compile(r"(readme|licen[cs]e|copying)(\.[a-z]+)?|\.gitignore", re.IGNORECASE)
"""What a fresh clone may have: the files that forges offer to create with a repository."""
DOCUMENTS = "clients"
"""The folder with documents of other services, which people may have put there before."""
LOST = "lost+found"
"""What file systems have at their root."""
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Clone:
    """A repository without content of its own yet."""

    git: Git
    head: str
    """The commit to build on; empty if there is none yet."""
    branch: str
    """The name of the branch."""
    files: Tree


@dataclass(frozen=True, slots=True)
class Site:
    folder: Path
    is_filled: bool
    """Whether the folder exists, so that it is filled in place."""
    repository: Path | None = None
    """The root of the repository that the project becomes a part of: the folder itself, or one above it."""
    clone: Clone | None = None
    documents: frozenset[str] = frozenset()
    """The paths of documents of other services that are there."""

    @property
    def subfolder(self) -> str:
        """The path of the project in its repository; empty if it is the root."""
        if not self.repository or self.repository == self.folder:
            return ""
        return self.folder.relative_to(self.repository).as_posix()


def inspect(folder: Path) -> Site:
    """The site of a project in `folder`, whose path must be resolved.

    Raises UserError with all reasons if no project can be created there.
    """
    if not os.path.lexists(folder):
        above = next(each for each in folder.parents if os.path.lexists(each))
        _check_folder(above)
        return Site(folder, is_filled=False, repository=_around(above, folder))
    _check_folder(folder)
    names = _names(folder)
    if not names:
        return Site(folder, is_filled=True, repository=_around(folder, folder))
    documents = _documents(folder)
    if documents and names == {DOCUMENTS}:
        return Site(folder, is_filled=True, repository=_around(folder, folder), documents=documents)
    if ".git" not in names:
        raise UserError(
            f"{folder} exists and is not empty ({_some(names)}). Choose another place, or empty it"
        )
    top = {DOCUMENTS} if documents else set()
    clone = _clone(folder, names - {".git"} - top, documents)
    return Site(folder, is_filled=True, repository=folder, clone=clone, documents=documents)


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise UserError(f"{folder} is a file. Choose another place")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise UserError(f"{folder} cannot be written to. Choose another place")


def _names(folder: Path) -> set[str]:
    names = {name for name in os.listdir(folder) if name != WORKSPACE}
    return names - {LOST} if os.path.ismount(folder) else names


def _around(above: Path, folder: Path) -> Path | None:
    """The root of the repository that `folder`, in or equal to the existing folder `above`, is a part of.

    There is none if that repository ignores the folder: then it never contains the project.
    """
    if not any(os.path.lexists(each / ".git") for each in (above, *above.parents)):
        return None
    git = Git(above)
    try:
        top = Path(git.line("rev-parse", "--show-toplevel"))
    except GitError as error:
        if "not a git repository" in str(error):
            return None
        raise UserError(f"{folder} is in a repository that git cannot use: {error}") from error
    # a pattern for folders matches only what ends in a slash, or exists
    path = os.fsencode(f"./{folder.relative_to(top).as_posix()}/\0")
    git = Git(top).with_variables(GIT_LITERAL_PATHSPECS="0")
    is_ignored = git.run("check-ignore", "-z", "--stdin", data=path, accept=(0, 1))
    return None if is_ignored and folder != top else top


def _documents(folder: Path) -> frozenset[str]:
    """The files below its folder of documents; none if anything else than files and folders is there."""
    above = folder / DOCUMENTS
    paths = [above, *above.rglob("*")] if above.is_dir() else []
    if any(path.is_symlink() or not (path.is_file() or path.is_dir()) for path in paths):
        return frozenset()
    return frozenset(path.relative_to(folder).as_posix() for path in paths if path.is_file())


def _clone(folder: Path, names: set[str], documents: frozenset[str]) -> Clone:
    """The repository in `folder`. Raises UserError with all reasons if it has more than a fresh clone."""
    git = Git(folder)
    try:
        top = Path(git.line("rev-parse", "--show-toplevel"))
    except GitError as error:
        raise UserError(f"{folder} has a .git that git cannot use: {error}") from error
    if top != folder:
        raise UserError(f"the files of the repository in {folder} are in {top}. Choose another place")
    if unknown := {name for name in names if not _is_allowed(folder / name)}:
        raise UserError(
            f"{folder} has more than a fresh clone, which has a README, a license, .gitignore and documents "
            f"in clients at most: {_some(unknown)}. Choose another place, or move these away"
        )
    head = git.optional("rev-parse", "--verify", "--quiet", "HEAD")
    problems = [*under_way(git), *_uncommitted(git, names | documents)]
    branch = git.optional("symbolic-ref", "--quiet", "HEAD")
    if not branch:
        problems.append(f"{folder} is on no branch. Check one out: git switch BRANCH")
    if problems:
        raise UserError(*problems)
    files = git.tree(head) if head else {}
    return Clone(git, head, branch.removeprefix("refs/heads/"), files)


def _is_allowed(file: Path) -> bool:
    return bool(ALLOWED.fullmatch(file.name)) and file.is_file() and not file.is_symlink()


def _uncommitted(git: Git, paths: set[str]) -> Iterator[str]:
    """What differs from the last commit: it could not be restored from the history."""
    listed = nul_separated(
        git.run("status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignored", "--no-renames")
    )
    for line in listed:
        if not line[3:].startswith((f"{WORKSPACE}/", f"{LOST}/")):
            yield f"{line[3:]} is not committed as it is here. Commit it, or move it away"
    # git does not compare files with these flags, and does not write those that a sparse checkout leaves out
    flagged = [each.split(" ", 1) for each in nul_separated(git.run("ls-files", "-t", "-v", "-z"))]
    unseen = {path for tag, path in flagged if tag != "H" or path not in paths}
    if unseen and not listed:
        yield f"git does not compare these files here: {_some(unseen)}. Use a new clone"


def _some(names: set[str]) -> str:
    shown = sorted(names)[:SHOWN]
    return ", ".join(shown) + (", …" if len(names) > SHOWN else "")
