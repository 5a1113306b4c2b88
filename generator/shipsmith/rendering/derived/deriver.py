"""A deriver generates files of a project from its other files, after they are rendered."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from ...template.versions import Template

Merge = Callable[[str, bytes, bytes, bytes], bytes]
"""Arguments: path, previously generated file, user's file, newly generated file. Returns the merged file."""


@dataclass(frozen=True, slots=True)
class Deriver:
    inputs: tuple[str, ...]
    """Files of the project that it reads. Folders end with a slash."""
    outputs: tuple[str, ...]
    """Patterns for the paths that it writes."""
    of_template: Callable[[Template], object]
    """Files of the template that it reads: if they differ, its files are out of date."""
    write: Callable[[Path, Template], None]
    """Write the files to a newly rendered project."""
    write_edited: Callable[[Path, Template], None]
    """Write the files to a project that may have been edited."""
    merge: Merge

    def reads(self, path: str) -> bool:
        return any(path.startswith(each) if each.endswith("/") else path == each for each in self.inputs)

    def makes(self, path: str) -> bool:
        return any(fnmatchcase(path, pattern) for pattern in self.outputs)
