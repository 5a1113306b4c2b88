"""The store of the template's versions: a clone's own objects, or the bundle of a release."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from packaging.version import InvalidVersion, Version

from ..errors import UserError
from ..git.objects import EXECUTABLE, SYMBOLIC_LINK, contents, listed, tree_id
from ..git.process import WITHOUT_CONFIGURATION, GitError, clean_environment, start

TEMPLATE = ("copier.yml", "presets", "template")
DESCRIBED = re.compile(r"(?P<release>v[A-Za-z0-9.!+_-]+)-(?P<commits>\d+)-g(?P<id>[0-9a-f]{4,})")
BARE = re.compile(r"[0-9a-f]{4,64}")
BUNDLE = "history.bundle"


class Archive(Protocol):
    """The available versions and their files."""

    def releases(self) -> list[str]:
        """The released versions, oldest first."""

    def tree_id(self, version: str) -> str | None:
        """The id of the folder with the version's files; None if the version is unknown."""

    def write(self, version: str, folder: Path) -> None:
        """Write the files of a known version to `folder`. Temporary files go next to it."""

    def describe(self, version: str) -> str:
        """The version in the form of `git describe` if that is known, or else unchanged."""

    def precedes(self, old: str, new: str) -> bool | None:
        """Whether `old` is a proper ancestor of `new`; None if neither is an ancestor of the other."""


class Clone:
    """The git repository of a checkout."""

    def __init__(self, git_dir: Path) -> None:
        self._git_dir = git_dir

    def releases(self) -> list[str]:
        tags = git(self._git_dir, "for-each-ref", "--format=%(refname:strip=2)", "refs/tags/v*")
        return sorted(filter(released, tags.decode().split()), key=Version)

    def tree_id(self, version: str) -> str | None:
        try:
            entries = listed(self.listing(version))
        except GitError:
            return None
        return tree_id(entries) if len(entries) == len(TEMPLATE) else None

    def listing(self, version: str) -> bytes:
        """The output of `git ls-tree -z` for the template. Raises GitError if the version is unknown."""
        return _list(self._git_dir, _revision(version))

    def objects(self) -> bytes:
        """The path of its object store."""
        return git(self._git_dir, "rev-parse", "--path-format=absolute", "--git-path", "objects")

    def write(self, version: str, folder: Path) -> None:
        _write_files(self._git_dir, _revision(version), folder)

    def describe(self, version: str) -> str:
        if not BARE.fullmatch(version):
            return version
        describe = ["describe", "--tags", "--match=v[0-9]*", "--long", f"{version}^{{commit}}"]
        try:
            return git(self._git_dir, *describe).decode().strip()
        except GitError:
            return version

    def precedes(self, old: str, new: str) -> bool | None:
        revisions = _revision(old), _revision(new)
        try:
            first, second = git(self._git_dir, "rev-parse", *revisions).split()
            ancestor = git(self._git_dir, "merge-base", *revisions).strip()
        except GitError:
            return None
        return (first != second and ancestor == first) if ancestor in (first, second) else None


class Bundle:
    """The content of a release: the id of each version's files, and a git bundle with the files."""

    def __init__(self, file: Path, tree_ids: Mapping[str, str]) -> None:
        self._file = file
        self._tree_ids = tree_ids

    def releases(self) -> list[str]:
        return list(self._tree_ids)

    def tree_id(self, version: str) -> str | None:
        return self._tree_ids.get(version)

    def write(self, version: str, folder: Path) -> None:
        git_dir = folder.with_suffix(".git")
        initialise(git_dir)
        git(git_dir, "bundle", "unbundle", str(self._file))
        _write_files(git_dir, self._tree_ids[version], folder)

    def describe(self, version: str) -> str:
        return version

    def precedes(self, old: str, new: str) -> bool | None:
        return False if old == new else None


def released(version: str) -> bool:
    """Whether `version` is the name of a release, such as v1.4.0."""
    try:
        return version.startswith("v") and bool(Version(version))
    except InvalidVersion:
        return False


def unreleased(version: str) -> bool:
    """Whether `version` names an unreleased commit, in the form of `git describe`."""
    return bool(DESCRIBED.fullmatch(version) or BARE.fullmatch(version))


def head(git_dir: Path) -> str:
    """The checked-out version, as copier records it."""
    return git(git_dir, "describe", "--tags", "--always").decode().strip()


def initialise(git_dir: Path) -> None:
    """Create an empty bare repository."""
    command = ["init", "--quiet", "--bare", "--template=", "--object-format=sha1"]
    _run([*command, str(git_dir)])


def git(
    git_dir: Path, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None
) -> bytes:
    """The output of git, independent of the user's configuration. Raises GitError if it fails.

    With an explicit folder, git does not check its owner: users who run our code from there already trust it.
    """
    return _run([f"--git-dir={git_dir}", "-c", "core.abbrev=auto", *arguments], stdin, variables)


def _run(arguments: list[str], stdin: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
    settings = clean_environment() | WITHOUT_CONFIGURATION | dict(variables or {})
    try:
        result = start(arguments, settings, data=stdin)
    except OSError as error:
        raise UserError("git was not found. Install it: versions of the template are read with it") from error
    if result.returncode:
        raise GitError(f"git {' '.join(arguments)}: {os.fsdecode(result.stderr).strip()}")
    return result.stdout


def _revision(version: str) -> str:
    """Git's name for the version; empty, which git refuses, if it cannot be a version."""
    if released(version):
        return f"refs/tags/{version}^{{commit}}"
    return f"{version}^{{commit}}" if unreleased(version) else ""


def _list(git_dir: Path, revision: str, *options: str) -> bytes:
    return git(git_dir, "ls-tree", "-z", "--full-tree", *options, revision, "--", *TEMPLATE)


def _write_files(git_dir: Path, revision: str, folder: Path) -> None:
    """Write each file as it was committed, without filters and line-ending conversion."""
    files = listed(_list(git_dir, revision, "-r"))
    oids = list(dict.fromkeys(entry.oid for entry in files.values()))
    wanted = "".join(f"{oid}\n" for oid in oids).encode()
    blobs = contents(git(git_dir, "cat-file", "--batch", stdin=wanted), oids)
    for name, entry in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.mode == SYMBOLIC_LINK:
            os.symlink(blobs[entry.oid], os.fsencode(path))
        else:
            path.write_bytes(blobs[entry.oid])
            path.chmod(0o755 if entry.mode == EXECUTABLE else 0o644)
