"""Rendered files that git ignores in the project. They are not merged: they are replaced, or written next to
the user's file.

Replaced files are kept in the control folder, with their modes and types, until the change is committed or
undone.
"""

import errno
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import UserError
from ..git.objects import EXECUTABLE, REGULAR, SYMBOLIC_LINK, Differences, Entry
from ..git.runner import Git
from ..project.existing import Project
from .sides import Sides

SAVED, UNDONE, WRITTEN = "saved", "undone", "written"
"""In the control folder: replaced files, edited files that `undo` found, and a file before its rename."""

NO_LINKS = (errno.EXDEV, errno.EPERM, errno.ENOTSUP)
"""Errors of a hard link across file systems, or on one without hard links."""


@dataclass(frozen=True, slots=True)
class IgnoredChange:
    """What happens to one ignored file."""

    path: str
    before: Entry | None
    """The current file; None if there is none."""
    after: Entry | None
    """The new file; None if it is removed."""
    is_program: bool | None = None
    """Whether it becomes executable; None if the new version does not change that."""


@dataclass(frozen=True, slots=True)
class TakenOut:
    """The changes to ignored files, and the sides of the merge without these files."""

    sides: Sides
    changes: list[IgnoredChange]
    left_alone: dict[str, str]


def take_out(git: Git, project: Project, sides: Sides) -> TakenOut:
    candidates = sorted((sides.base.keys() | sides.new.keys()) - sides.user.keys())
    beyond = {path: links for path in candidates if (links := links_above(project.folder, path))}
    # git merges a committed symbolic link
    unreachable = [path for path, links in beyond.items() if not sides.user.keys() & set(links)]
    ignored = project.ignored(path for path in candidates if path not in beyond)
    differing = {path for path in (*unreachable, *ignored) if sides.base.get(path) != sides.new.get(path)}
    left_alone = {path: "its folder is a symbolic link here" for path in unreachable if path in differing}
    changes = []
    for path in ignored:
        if path in differing:
            change, reason = _change(git, project.folder, path, sides.base.get(path), sides.new.get(path))
            changes += [change] if change else []
            left_alone |= {path: reason} if reason else {}
    return TakenOut(sides.as_the_user_has({*unreachable, *ignored}), changes, left_alone)


def put(git: Git, control: Path, changes: list[IgnoredChange]) -> None:
    """Write or remove the files. Replaced files are moved to the control folder first."""
    contents = git.read(change.after.oid for change in changes if change.after)
    for change in changes:
        file, saved, written = (
            place(git.folder, change.path),
            control / SAVED / change.path,
            control / WRITTEN,
        )
        if change.before:
            saved.parent.mkdir(parents=True, exist_ok=True)
            _move(file, saved)
        if change.after:
            written.unlink(missing_ok=True)
            _write(written, change.after, contents[change.after.oid], _permissions(saved, change.is_program))
            file.parent.mkdir(parents=True, exist_ok=True)
            _name(written, file, change.path)


def put_back(git: Git, control: Path, differences: Differences) -> Path | None:
    """Restore the replaced files. Returns the folder with files that people have edited since, if any."""
    kept = _free_folder(control / UNDONE)
    for path, (before, after) in differences.items():
        file, saved = place(git.folder, path), control / SAVED / path
        if before and not os.path.lexists(saved):
            # the change did not get this far, or a killed undo has restored this file
            continue
        if before and _is_same(saved, file):
            saved.unlink()
            continue
        if os.path.lexists(file):
            (kept / path).parent.mkdir(parents=True, exist_ok=True)
            _move(file, kept / path)
            if look(git, kept / path) == after:
                remove(kept / path, control)
        if before:
            file.parent.mkdir(parents=True, exist_ok=True)
            _name(saved, file, path)
        else:
            remove(file, git.folder)
    return kept if kept.exists() else None


def forget(control: Path) -> None:
    """Delete the files that were kept for `put_back`."""
    shutil.rmtree(control / SAVED, ignore_errors=True)


def look(git: Git, file: Path) -> Entry | None:
    """The entry that git would record for a path; without an id if it is neither a file nor a link."""
    try:
        mode = file.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(mode):
        return Entry(SYMBOLIC_LINK, git.hash_content(os.fsencode(os.readlink(file))))
    if stat.S_ISREG(mode):
        return Entry(EXECUTABLE if mode & stat.S_IXUSR else REGULAR, git.hash(file))
    return Entry(f"{stat.S_IFMT(mode):06o}", "")


def place(folder: Path, path: str) -> Path:
    """`path` below `folder`. Raises UserError if one of its folders is a symbolic link."""
    for link in links_above(folder, path):
        raise UserError(
            f"{link} is a symbolic link, where the change has a folder. Move it away, then run this again"
        )
    return folder / path


def links_above(folder: Path, path: str) -> list[str]:
    """The parent folders of `path` that are symbolic links."""
    above = [str(each) for each in PurePosixPath(path).parents]
    return [each for each in above[:-1] if (folder / each).is_symlink()]


def remove(path: Path, top: Path) -> None:
    """Remove a file, and folders that become empty."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == top or not folder.is_relative_to(top):
            break
        try:
            folder.rmdir()
        except OSError:
            break


def _change(
    git: Git, folder: Path, path: str, old: Entry | None, new: Entry | None
) -> tuple[IgnoredChange | None, str]:
    """The change to one file, and the reason if the file itself is left alone."""
    present = look(git, folder / path)
    if new and _is_alike(present, new):
        return None, ""
    if _is_alike(present, old):
        turned = bool(old and new and old.mode != new.mode)
        return IgnoredChange(path, present, new, new.mode == EXECUTABLE if new and turned else None), ""
    if present is None:
        return None, "ignored by git, and not present"
    if new is None:
        return None, "edited by you, ignored by git, and not part of the new version"
    beside = _free_name(folder, f"{path}.new")
    reason = f"edited by you and ignored by git; the new version is in {beside}"
    return IgnoredChange(beside, None, new), reason


def _is_alike(one: Entry | None, other: Entry | None) -> bool:
    """Whether content and type are the same. Permissions do not count: people may have changed them."""
    if one is None or other is None:
        return one is other
    return one.oid == other.oid and (one.mode == SYMBOLIC_LINK) == (other.mode == SYMBOLIC_LINK)


def _permissions(saved: Path, is_program: bool | None) -> int | None:
    """The permissions of the replaced file, if it is a file."""
    try:
        status = saved.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    permissions = status.st_mode & 0o777
    if is_program is None:
        return permissions
    # everyone who can read it can run it
    return permissions | (permissions & 0o444) >> 2 if is_program else permissions & ~0o111


def _write(file: Path, entry: Entry, content: bytes, permissions: int | None) -> None:
    if entry.mode == SYMBOLIC_LINK:
        file.symlink_to(os.fsdecode(content))
        return
    default = 0o777 if entry.mode == EXECUTABLE else 0o666
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, default)
    with open(descriptor, "wb") as stream:
        if permissions is not None:
            os.fchmod(descriptor, permissions)
        stream.write(content)


def _move(source: Path, target: Path) -> None:
    """Rename a file, or copy it if git's folder is on another file system."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        target.unlink(missing_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
        source.unlink()


def _name(source: Path, file: Path, path: str) -> None:
    """Move a file to an unused path, without replacing a file that was created there in the meantime."""
    appeared = UserError(f"{path} appeared in the meantime. Move it away")
    if os.path.lexists(file):
        raise appeared
    try:
        # unlike a rename, a link does not replace a file
        os.link(source, file, follow_symlinks=False)
    except FileExistsError:
        raise appeared from None
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        _move(source, file)
    else:
        source.unlink()


def _is_same(one: Path, other: Path) -> bool:
    """Whether both names are the same file: the process was killed between linking and unlinking."""
    try:
        return os.path.samestat(one.lstat(), other.lstat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _free_folder(folder: Path) -> Path:
    number = 1
    while (folder / str(number)).exists():
        number += 1
    return folder / str(number)


def _free_name(folder: Path, path: str) -> str:
    number, name = 1, path
    while os.path.lexists(folder / name):
        number += 1
        name = f"{path}{number}"
    return name
