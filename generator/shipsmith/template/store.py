"""Where the versions of the template are kept: in a clone's own objects, or in the bundle of a release."""

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
    """The versions that can be had, and their files."""

    def releases(self) -> list[str]:
        """The released versions, oldest first."""

    def tree_id(self, version: str) -> str | None:
        """The id of the folder that holds the version's files; None where the version is unknown."""

    def write(self, version: str, folder: Path) -> None:
        """Write the files of a version that is known into `folder`; more than that only beside it."""

    def describe(self, version: str) -> str:
        """The version as `git describe` has it, where that can be told; else as it is."""

    def precedes(self, old: str, new: str) -> bool | None:
        """Whether `new` was made from `old`, and differs; None where neither was made from the other."""


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
        """The template's entries as `git ls-tree -z` lists them. Raises GitError where unknown."""
        return _list(self._git_dir, _revision(version))

    def objects(self) -> bytes:
        """The path of its objects."""
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
    """What a release carries: the id of each version's files, and the files in a git bundle."""

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
    """Whether `version` names a commit as `git describe` does where it is no release."""
    return bool(DESCRIBED.fullmatch(version) or BARE.fullmatch(version))


def head(git_dir: Path) -> str:
    """What is checked out, as copier records it."""
    return git(git_dir, "describe", "--tags", "--always").decode().strip()


def initialise(git_dir: Path) -> None:
    """Make an empty bare repository."""
    command = ["init", "--quiet", "--bare", "--template=", "--object-format=sha1"]
    _run([*command, str(git_dir)])


def git(
    git_dir: Path, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None
) -> bytes:
    """What git prints, whatever the user's configuration. Raises GitError where it fails.

    With its folder named, git does not ask who owns it: who runs our code from there trusts it already.
    """
    return _run([f"--git-dir={git_dir}", "-c", "core.abbrev=auto", *arguments], stdin, variables)


def _run(arguments: list[str], stdin: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
    settings = clean_environment() | WITHOUT_CONFIGURATION | dict(variables or {})
    try:
        result = start(arguments, settings, data=stdin)
    except OSError as error:
        raise UserError("git was not found. Install it: it reads the versions of the template") from error
    if result.returncode:
        raise GitError(f"git {' '.join(arguments)}: {os.fsdecode(result.stderr).strip()}")
    return result.stdout


def _revision(version: str) -> str:
    """What git calls the version; nothing, which git refuses, where it cannot be one."""
    if released(version):
        return f"refs/tags/{version}^{{commit}}"
    return f"{version}^{{commit}}" if unreleased(version) else ""


def _list(git_dir: Path, revision: str, *options: str) -> bytes:
    return git(git_dir, "ls-tree", "-z", "--full-tree", *options, revision, "--", *TEMPLATE)


def _write_files(git_dir: Path, revision: str, folder: Path) -> None:
    """The content of each as it was committed: no filter, no line ending is changed."""
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
