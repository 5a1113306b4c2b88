"""Creates a project, from the answers to the finished repository."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import UserError
from ..git import first_commit
from ..git.objects import Tree
from ..git.runner import Git
from ..rendering.derived import derive
from ..rendering.render import render
from ..template.versions import Template
from . import filling, workspace
from .existing import Project
from .site import Clone, Site, inspect

IGNORE_FILE = ".gitignore"


@dataclass(frozen=True, slots=True)
class Created:
    site: Site
    files: list[str]
    """The paths of its files."""
    replaced: list[str] = field(default_factory=list)
    """Files of a fresh clone that the project's own replaced; its history has them."""
    ignored: list[str] = field(default_factory=list)
    """Files that the repository around it ignores."""


def prepare(destination: Path, *, to_write: bool) -> Site:
    """The site of a project that is created next, after what a killed process left there is removed.

    Raises UserError if no project can be created there.
    """
    folder = destination.resolve()
    if filling.is_left(folder):
        if not to_write:
            raise UserError(
                f"{folder} has what an earlier `shipsmith new` left when it was killed. Run this without "
                "--dry-run: it first restores what was there"
            )
        with filling.alone(folder):
            pass
    return inspect(folder)


def create(
    answers: Mapping[str, Any],
    template: Template,
    destination: Path,
    *,
    git: bool = True,
    documents: Mapping[str, bytes] | None = None,
    before_publishing: Callable[[], None] = lambda: None,
) -> Created:
    """Create the project at `destination`, completely or not at all."""
    destination = destination.resolve()
    if git:
        first_commit.check()
    how = _How(answers, template, git, before_publishing, documents or {})
    if os.path.lexists(destination):
        return _fill(destination, how)
    site = inspect(destination)
    with workspace.folders_above(destination), workspace.workspace(destination) as folder:
        created = _described(site, _make(folder, answers, template, how.documents))
        if git and not site.repository:
            first_commit.commit_all(folder, how.message)
        before_publishing()
        workspace.publish(folder, destination)
    return created


def preview(
    answers: Mapping[str, Any], template: Template, site: Site, documents: Mapping[str, bytes]
) -> Created:
    """What `create` would do. Nothing is written there."""
    with TemporaryDirectory(prefix="shipsmith-preview-") as name:
        return _described(site, _make(Path(name), answers, template, documents))


def paths(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@dataclass(frozen=True, slots=True)
class _How:
    answers: Mapping[str, Any]
    template: Template
    git: bool
    before_publishing: Callable[[], None]
    documents: Mapping[str, bytes]
    """What people own from the start, by paths."""

    @property
    def message(self) -> str:
        return f"Start from shipsmith {self.template.version}"


def _make(
    folder: Path, answers: Mapping[str, Any], template: Template, documents: Mapping[str, bytes]
) -> list[str]:
    """Generate all files of the project in an empty folder. Returns their paths."""
    render(answers, template, folder)
    for path, content in documents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    derive(folder, answers, template)
    return paths(folder)


def _described(site: Site, files: list[str]) -> Created:
    # on some file systems, readme.md and README.md are one file
    ours = {path.casefold() for path in files}
    there = [path for path in site.clone.files if path not in site.documents] if site.clone else []
    replaced = [path for path in there if path.casefold() in ours]
    around = site.repository if site.subfolder else None
    ignored = _ignored(around, site.subfolder, files) if around else []
    return Created(site, files, replaced, ignored)


def _ignored(repository: Path, subfolder: str, files: list[str]) -> list[str]:
    return Project(repository / subfolder, Git(repository), f"{subfolder}/", Path()).ignored(files)


def _fill(destination: Path, how: _How) -> Created:
    """Create the project in a folder that exists."""
    with filling.alone(destination) as lock:
        site = inspect(destination)
        with filling.workspace(destination) as within:
            folder = within / filling.PROJECT
            created = _described(site, _make(folder, how.answers, how.template, how.documents))
            documents = _unchanged(destination, folder, site, created)
            if IGNORE_FILE in created.replaced:
                _keep_lines(folder / IGNORE_FILE, destination / IGNORE_FILE)
            journal = filling.describe(destination, within, created.files, created.replaced + documents)
            journal, finish = _with_git(journal, created, within, how, lock) if how.git else (journal, None)
            how.before_publishing()
            filling.publish(destination, within, journal, finish)
        if journal.makes_repository:
            first_commit.refresh(destination)
    return created


def _unchanged(destination: Path, folder: Path, site: Site, created: Created) -> list[str]:
    """The paths of documents that are there and stay. Raises UserError if they are others by now."""
    documents = sorted(site.documents.intersection(created.files))
    for path in documents:
        if (destination / path).read_bytes() != (folder / path).read_bytes():
            raise UserError(f"{destination / path} is something else by now. Run this again")
    return documents


def _with_git(
    journal: filling.Journal, created: Created, within: Path, how: _How, lock: int
) -> tuple[filling.Journal, Callable[[], None] | None]:
    """The journal, and what commits the published files; None where a repository around them does not."""
    site, folder = created.site, within / filling.PROJECT
    if site.clone:
        git = replace(site.clone.git, inherited=(lock,))
        tree, commit = _committed(git, site.clone, created, within, how.message)
        journal = replace(journal, head=site.clone.head, tree=tree)
        return journal, partial(first_commit.advance, git, commit, site.clone.head, how.message)
    if site.repository:
        return journal, None
    first_commit.commit_all(folder, how.message)
    return replace(journal, makes_repository=True), partial(os.rename, folder / ".git", site.folder / ".git")


def _keep_lines(ours: Path, theirs: Path) -> None:
    """Append the lines of a .gitignore that ours lacks."""
    content = ours.read_bytes()
    has = set(content.splitlines())
    kept = [line for line in theirs.read_bytes().splitlines() if line.strip() and line not in has]
    if kept:
        ours.write_bytes(b"\n".join([content, *kept, b""]))


def _committed(git: Git, clone: Clone, created: Created, within: Path, message: str) -> tuple[str, str]:
    """The tree of a clone with the project in it, and a commit of it on top of the history."""
    kept: Tree = {path: entry for path, entry in clone.files.items() if path not in created.replaced}
    tree = git.write_tree(kept | git.write_folder(within / filling.PROJECT), within / "index")
    return tree, first_commit.commit_tree(git, tree, clone.head, message)
