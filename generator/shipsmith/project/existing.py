"""An existing project, and its place in a git repository."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import UserError
from ..git import configuration
from ..git.objects import nul_separated
from ..git.process import GitError
from ..git.runner import Git
from ..reading import decoded, text_of
from ..template.questionnaire import Answers
from . import record
from .record import Recorded


@dataclass(frozen=True, slots=True)
class Project:
    """A project in a git repository. It may be a subfolder."""

    folder: Path
    git: Git
    prefix: str
    """The path of `folder` in its repository: empty, or ending with a slash."""
    control: Path
    """The control folder in git's folder: a change's journal, its lock, and the files that it replaced."""

    def programs_not_run(self) -> list[str]:
        """Settings of the repository that name programs for its files. These programs are not run."""
        overridden = configuration.overridden(self.git.folder)
        return [key for key, _ in overridden if key.startswith(("filter.", "merge."))]

    def recorded(self) -> Recorded:
        """The record in its working tree."""
        return record.parse(text_of(self.folder / record.FILE, record.FILE))

    def recorded_at(self, commit: str) -> Recorded:
        """The record in a commit."""
        path = f"{self.prefix}{record.FILE}"
        return record.parse(decoded(self.git.run("cat-file", "blob", f"{commit}:{path}"), path))

    def edited_answers(self) -> Answers:
        """The original values of answers that were edited by hand; empty if none are known."""
        here = self.recorded()
        before = {} if here.intact else self._intact_answers()
        return {name: value for name, value in before.items() if here.answers.get(name) != value}

    def _intact_answers(self) -> Answers:
        """The answers in the last commit whose answers match their checksum."""
        path = f"{self.prefix}{record.FILE}"
        if not self.git.optional("rev-parse", "--verify", "--quiet", "HEAD"):
            return {}
        for commit in self.git.optional("rev-list", "HEAD", "--", path).split():
            with suppress(UserError):
                then = self.recorded_at(commit)
                if then.intact:
                    return then.answers
        return {}

    def ignored(self, paths: Iterable[str]) -> list[str]:
        """Those of `paths`, relative to the project, that git ignores."""
        start = f"./{self.prefix}"
        named = b"".join(
            os.fsencode(f"{start}{path}\0") for path in paths if not self._is_beyond_a_link(path)
        )
        if not named:
            return []
        # this command does not support literal paths; `./` makes them literal. Status 1: none is ignored
        git = self.git.with_variables(GIT_LITERAL_PATHSPECS="0")
        output = git.run("check-ignore", "-z", "--stdin", data=named, accept=(0, 1))
        return [path.removeprefix(start) for path in nul_separated(output)]

    def _is_beyond_a_link(self, path: str) -> bool:
        """Whether a folder in `path` is a symbolic link, and the file thus outside this repository."""
        return any((self.folder / folder).is_symlink() for folder in PurePosixPath(path).parents)


def find(path: Path) -> Project:
    """The project at `path`, or in the nearest folder above it. Raises UserError if there is none."""
    start = path.resolve()
    if not start.is_dir():
        raise UserError(f"{path} is not a folder. Pass the folder of a project")
    try:
        top = Path(os.fsdecode(Git(start).run("rev-parse", "--show-toplevel")).rstrip("\n"))
    except GitError as error:
        raise UserError(f"{path} is not in a usable git repository: {error}") from error
    for folder in (start, *start.parents):
        if (folder / record.FILE).is_file():
            return _project(folder, top)
        if folder == top:
            break
    raise UserError(f"{path} has no {record.FILE}, so it is not a shipsmith project. Pass the folder of one")


def _project(folder: Path, top: Path) -> Project:
    git = Git(top)
    relative = folder.relative_to(top).as_posix()
    control = Path(os.path.join(top, git.line("rev-parse", "--git-path", "shipsmith")))
    return Project(folder, git, "" if relative == "." else f"{relative}/", control)
