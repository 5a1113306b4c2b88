"""Rendered files that the project's git ignores: no merge sees them, so they are replaced or stand aside."""

from dataclasses import dataclass
from pathlib import Path

from .existing import Project
from .git import EXECUTABLE, SYMBOLIC_LINK, Entry, Git
from .merge import Sides


@dataclass(frozen=True, slots=True)
class Outside:
    """What happens to one file that git ignores."""

    path: str
    entry: Entry | None
    """What it shall be; nothing where it shall go."""
    previous: str | None
    """The id of what it was; nothing where there was none."""


def take_out(git: Git, project: Project, sides: Sides, left_alone: dict[str, str]) -> list[Outside]:
    """Remove ignored files from the sides of the merge; what to do with them instead."""
    candidates = sorted((sides.base.keys() | sides.new.keys()) - sides.user.keys())
    changes = []
    for path in project.ignored(candidates):
        old, new = sides.base.pop(path, None), sides.new.pop(path, None)
        if old != new:
            changes += _change(git, project.folder, path, old, new, left_alone)
    return changes


def put(git: Git, project: Project, changes: list[Outside]) -> None:
    """Write the files, or remove them."""
    contents = git.read(change.entry.oid for change in changes if change.entry)
    for change in changes:
        path = project.folder / change.path
        if change.entry is None:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if change.entry.mode == SYMBOLIC_LINK:
            path.symlink_to(contents[change.entry.oid].decode())
        else:
            path.write_bytes(contents[change.entry.oid])
            path.chmod(0o755 if change.entry.mode == EXECUTABLE else 0o644)


def _change(
    git: Git, folder: Path, path: str, old: Entry | None, new: Entry | None, left_alone: dict[str, str]
) -> list[Outside]:
    file = folder / path
    present = git.write(file.read_bytes()) if file.is_file() else None
    if new and present == new.oid:
        return []
    if present == (old.oid if old else None):
        return [Outside(path, new, present)]
    if present is None:
        left_alone[path] = "git ignores it, and it is not here"
    elif new is None:
        left_alone[path] = "you edited it; the new version has it no more, and git ignores it"
    else:
        beside = _free_name(folder, f"{path}.new")
        left_alone[path] = f"you edited it, and git ignores it; the new version's is {beside}"
        return [Outside(beside, new, None)]
    return []


def _free_name(folder: Path, path: str) -> str:
    number, name = 1, path
    while (folder / name).exists():
        number += 1
        name = f"{path}{number}"
    return name
