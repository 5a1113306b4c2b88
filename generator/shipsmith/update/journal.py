"""The journal of a change, written before the first file changes, so that `undo` can restore everything.

The file is in git's folder, where others can change it: it is read as untrusted data.
"""

import json
import os
import re
import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from ..errors import UserError
from ..git.objects import Differences, Entry
from ..reading import bytes_of

FORMAT = 1
LIMIT = 1 << 24  # bytes
MODE = re.compile(r"[01][0-7]{5}")
OID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")

T = TypeVar("T")


class Phase(StrEnum):
    APPLYING = "applying"
    APPLIED = "applied"
    """The working tree and the index are complete."""
    UNDOING = "undoing"


@dataclass(frozen=True, slots=True)
class Journal:
    """An uncommitted change of a project's files. All paths are relative to the repository."""

    head: str
    """The commit that it started from."""
    title: str
    """The change, as the subject of a commit."""
    changes: Differences
    """The files that it changes, before and after."""
    versions: tuple[str, str]
    """The versions of the template, before and after."""
    conflicts: list[str] = field(default_factory=list)
    """Files whose conflicts must be resolved before derived files can be regenerated."""
    outside: Differences = field(default_factory=dict)
    """Ignored files, before and after."""
    phase: Phase = Phase.APPLYING
    kept: str = ""
    """The commit with people's edits to these files since then, once `undo` has started."""

    @property
    def is_half_done(self) -> bool:
        return self.phase is not Phase.APPLIED


def read(control: Path) -> Journal | None:
    """The journal, if there is one. Raises UserError if it is damaged, or was written by a newer version."""
    file = _file(control)
    try:
        # we never write it through a symbolic link
        content = bytes_of(file, LIMIT + 1) if stat.S_ISREG(file.lstat().st_mode) else None
    except FileNotFoundError:
        return None
    if content is None:
        _refuse(file)
    try:
        return _parse(content)
    except _NewerError as error:
        raise UserError(
            f"{file} was written by a newer shipsmith. Upgrade it, then run this again"
        ) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        _refuse(file, error)


def write(control: Path, journal: Journal) -> None:
    """Write `journal` atomically, even if the machine crashes."""
    temporary = _file(control).with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump({"format": FORMAT} | asdict(journal), stream)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(_file(control))


def forget(control: Path) -> None:
    _file(control).unlink(missing_ok=True)


def _file(control: Path) -> Path:
    return control / "change.json"


def _refuse(file: Path, error: Exception | None = None) -> NoReturn:
    raise UserError(
        f"{file} is damaged, so shipsmith cannot undo the change that it describes. `git status` shows what "
        f"differs, and `git restore --staged --worktree FILE` restores a file. Then remove {file}"
    ) from error


class _NewerError(Exception):
    pass


def _parse(content: bytes) -> Journal:
    if len(content) > LIMIT:
        raise ValueError("too long")
    data = json.loads(content)
    if _of(int, data["format"]) > FORMAT:
        raise _NewerError
    before, after = data["versions"]
    return Journal(
        head=_matching(OID, data["head"]),
        title=_line(data["title"]),
        changes=_differences(data["changes"]),
        versions=(_line(before), _line(after)),
        conflicts=[_path(each) for each in _of(list, data["conflicts"])],
        outside=_differences(data["outside"]),
        phase=Phase(data["phase"]),
        kept=_oid(data["kept"]),
    )


def _differences(data: Any) -> Differences:
    return {_path(path): _before_and_after(*pair) for path, pair in _of(dict, data).items()}


def _before_and_after(before: Any, after: Any) -> tuple[Entry | None, Entry | None]:
    return _optional(_entry, before), _optional(_entry, after)


def _optional(parse: Callable[[Any], T], data: Any) -> T | None:
    return None if data is None else parse(data)


def _entry(data: Any) -> Entry:
    mode, oid = data
    return Entry(_matching(MODE, mode), _oid(oid))


def _oid(data: Any) -> str:
    return "" if data == "" else _matching(OID, data)


def _path(data: Any) -> str:
    """A path inside the repository and outside git's folder."""
    parts = _of(str, data).split("/")
    if "\0" in data or any(part in ("", ".", "..") or part.casefold() == ".git" for part in parts):
        raise ValueError(f"{data!r} is not a path inside the repository")
    os.fsencode(data)
    return str(data)


def _line(data: Any) -> str:
    """A line of text that is printed."""
    return "".join(each if each.isprintable() else "?" for each in _of(str, data))


def _matching(pattern: re.Pattern[str], data: Any) -> str:
    if not pattern.fullmatch(_of(str, data)):
        raise ValueError(f"{data!r} is not valid")
    return str(data)


def _of(kind: type[T], data: Any) -> T:
    if not isinstance(data, kind):
        raise TypeError(f"{data!r} is not a {kind.__name__}")
    return data
