"""What a language's migrations are: files that exist for good, and how new ones are written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ...model.migration import Migration
from ...template.questionnaire import Answers
from ...template.versions import Template

Files = dict[str, bytes]
"""Contents by their paths in the project."""


@dataclass(frozen=True, slots=True)
class Migrations:
    pattern: str
    """The paths of migrations."""
    first: str
    """The paths of the migration that creates all tables: it is only for projects that have none yet."""
    write: Callable[[Files, Sequence[Migration], Answers, Template], Files]
    """New files that follow those that exist. Raises UserError where that cannot be told."""
    taken_back: Callable[[Files, Sequence[Migration], Answers, Template], list[str] | None]
    """The files that `write` made of these migrations last, unedited; None where they are not."""

    def include(self, path: str) -> bool:
        return fnmatchcase(path, self.pattern)

    def is_first(self, path: str) -> bool:
        return fnmatchcase(path, self.first)
