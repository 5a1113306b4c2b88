"""What a deriver is: a way to make files of a project from other files of it, after they are rendered."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ...template.versions import Template

Merge = Callable[[str, bytes, bytes, bytes], bytes]
"""Path, file that was made before, user's file, file that is made now: the user's with the difference."""


@dataclass(frozen=True, slots=True)
class Deriver:
    inputs: tuple[str, ...]
    """Files of the project, and folders, which end in a slash."""
    outputs: tuple[str, ...]
    """Patterns of the paths that it writes."""
    of_template: Callable[[Template], object]
    """What it reads of the template: where that differs, its files are out of date."""
    write: Callable[[Path, Template], None]
    """Write the files into a project as it was rendered."""
    write_edited: Callable[[Path, Template], None]
    """Write the files into a project that people have edited."""
    merge: Merge

    def reads(self, path: str) -> bool:
        return any(path.startswith(each) if each.endswith("/") else path == each for each in self.inputs)

    def makes(self, path: str) -> bool:
        return any(fnmatchcase(path, pattern) for pattern in self.outputs)
