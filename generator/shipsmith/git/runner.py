"""Git for the repository of a project: how commands run, and how their output is parsed."""

import errno
import os
import re
import signal
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import disk_usage

from . import configuration
from .objects import (
    SYMBOLIC_LINK,
    Differences,
    Entry,
    Tree,
    before_and_after,
    contents,
    index_lines,
    listed,
    mode,
    nul_separated,
)
from .process import GitError, clean_environment, start

ENOUGH_SPACE = 1 << 20  # bytes of output of one command

# the first version with `git merge-tree --write-tree`
OLDEST = (2, 38)

# the user's hooks, monitor and signing are meant for their own commands
SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "safe.bareRepository=explicit",
    "submodule.recurse=false",
)
ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    # file names are data, even if they look like patterns
    "GIT_LITERAL_PATHSPECS": "1",
    # a partial clone must not fetch missing objects: its configuration would choose how, and from where
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}


@dataclass(frozen=True, slots=True)
class Git:
    """Git in `folder`, the root of a working tree.

    User and system configuration apply. The repository's own applies except for settings that name programs.
    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    inherited: tuple[int, ...] = ()
    """File descriptors that git inherits: a lock is held until the last process ends."""

    def run(self, *arguments: str, data: bytes = b"", accept: tuple[int, ...] = (0,)) -> bytes:
        """The standard output of a command. Raises GitError for a status not in `accept`."""
        try:
            result = start(self._arguments(arguments), self._environment(), self.folder, data, self.inherited)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise GitError("git was not found. Install it") from error
        except OSError as error:
            raise GitError(f"git cannot be started: {error.strerror}") from error
        if result.returncode not in accept:
            raise GitError(f"git {_name(arguments)} failed: {_reason(result, self.folder)}")
        return result.stdout

    def version(self) -> tuple[int, ...]:
        """Such as (2, 39)."""
        numbers = re.findall(r"\d+", self.line("version"))
        return tuple(map(int, numbers[:2]))

    def show(self, *arguments: str) -> None:
        """Run a command whose output is for people: git uses their pager and colours."""
        command = ["git", *self._arguments(arguments)]
        subprocess.run(command, cwd=self.folder, env=self._environment(), check=False)

    def line(self, *arguments: str) -> str:
        """The line that a command prints. Raises GitError if it fails or prints nothing."""
        line = os.fsdecode(self.run(*arguments)).rstrip("\n")
        if not line:
            raise GitError(f"git {_name(arguments)} failed: it printed nothing")
        return line

    def optional(self, *arguments: str) -> str:
        """Like `line`, but returns an empty text if the status is 1 or nothing is printed."""
        return os.fsdecode(self.run(*arguments, accept=(0, 1))).rstrip("\n")

    def with_variables(self, **variables: str) -> "Git":
        return Git(self.folder, dict(self.variables) | variables, self.inherited)

    def elsewhere(self, folder: Path) -> "Git":
        """Git that writes new objects and its index to `folder`, so that the repository does not change."""
        objects = self.folder / self.line("rev-parse", "--git-path", "objects")
        (folder / "objects").mkdir()
        return self.with_variables(
            GIT_OBJECT_DIRECTORY=str(folder / "objects"),
            GIT_ALTERNATE_OBJECT_DIRECTORIES=_quoted(str(objects)),
            GIT_INDEX_FILE=str(folder / "index"),
        )

    def tree(self, name: str) -> Tree:
        """The files of the tree or commit that `name` refers to."""
        return listed(self.run("ls-tree", "-r", "-z", name))

    def differences(self, *arguments: str) -> Differences:
        """The output of a command that compares trees, such as `diff-tree OLD NEW`, without renames."""
        parts = nul_separated(self.run(*arguments, "-z", "--raw", "--no-renames", "--no-abbrev"))
        return {path: before_and_after(meta) for meta, path in zip(parts[::2], parts[1::2], strict=True)}

    def write_tree(self, tree: Tree, index: Path) -> str:
        """The id of `tree`, written through a temporary index file."""
        git = self.with_variables(GIT_INDEX_FILE=str(index))
        git.run("read-tree", "--empty")
        git.run("update-index", "-z", "--index-info", data=index_lines(tree))
        return git.line("write-tree")

    def change_tree(self, name: str, before: Tree, after: Tree, index: Path, prefix: str = "") -> str:
        """The id of the tree `name` with `after` in place of `before`, both below `prefix`."""
        git = self.with_variables(GIT_INDEX_FILE=str(index))
        nothing = Entry("0", "0" * len(next(iter((before | after).values())).oid))
        # deletions first: a file can become a folder
        changed = {f"{prefix}{path}": nothing for path in before if before[path] != after.get(path)}
        git.run("read-tree", name)
        git.run("update-index", "-z", "--index-info", data=index_lines(changed))
        changed = {f"{prefix}{path}": after[path] for path in after if before.get(path) != after[path]}
        git.run("update-index", "-z", "--index-info", data=index_lines(changed))
        return git.line("write-tree")

    def write_folder(self, folder: Path) -> Tree:
        """Write the files below `folder` unchanged: attributes and ignore patterns do not apply."""
        paths = [path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()]
        regular = [path for path in paths if not path.is_symlink()]
        named = b"".join(os.fsencode(path) + b"\n" for path in regular)
        oids = self.run("hash-object", "-w", "--no-filters", "--stdin-paths", data=named).decode().split()
        tree = {path: Entry(mode(path), oid) for path, oid in zip(regular, oids, strict=True)}
        for path in set(paths) - set(regular):
            tree[path] = Entry(SYMBOLIC_LINK, self.write(os.fsencode(os.readlink(path))))
        return {path.relative_to(folder).as_posix(): tree[path] for path in paths}

    def write(self, content: bytes) -> str:
        return self.run("hash-object", "-w", "--stdin", data=content).decode().strip()

    def hash(self, file: Path) -> str:
        """The id that a file's content would have. Nothing is written."""
        return self.line("hash-object", "--no-filters", "--", os.path.abspath(file))

    def hash_content(self, content: bytes) -> str:
        return self.run("hash-object", "--stdin", data=content).decode().strip()

    def read(self, oids: Iterable[str]) -> dict[str, bytes]:
        """Contents by id."""
        wanted = list(dict.fromkeys(oids))
        output = self.run("cat-file", "--batch", data="".join(f"{oid}\n" for oid in wanted).encode())
        return contents(output, wanted)

    def _arguments(self, arguments: tuple[str, ...]) -> list[str]:
        settings = [part for setting in SETTINGS for part in ("-c", setting)]
        return [*settings, *arguments]

    def _environment(self) -> dict[str, str]:
        overridden = configuration.overridden(self.folder)
        return (
            clean_environment(keep="GIT_CONFIG")
            | configuration.as_variables(overridden)
            | ENVIRONMENT
            | dict(self.variables)
        )


def _name(arguments: tuple[str, ...]) -> str:
    """The git command in arguments that can start with options and settings."""
    return next(each for each in arguments if not each.startswith("-") and "=" not in each)


def _reason(result: subprocess.CompletedProcess[bytes], folder: Path) -> str:
    """Git's message, or the cause: it reports a full disk in several ways."""
    said = result.stderr.decode(errors="replace").strip() or f"it exited with status {result.returncode}"
    if result.returncode < 0:
        said = f"it was killed by {signal.Signals(-result.returncode).name}"
    full = os.strerror(errno.ENOSPC)
    is_full = full not in said and disk_usage(folder).free < ENOUGH_SPACE
    return f"{said} ({full})" if is_full else said


def _quoted(path: str) -> str:
    """A path in one of git's colon-separated lists."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
