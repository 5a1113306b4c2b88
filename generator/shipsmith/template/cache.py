"""The user's cache: versions of the template, verified on each use, and compiled templates."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import UserError
from ..git.locks import locked
from ..git.objects import folder_id

TEMPORARY = ".making-"


def folder(tree_id: str, write: Callable[[Path], None]) -> Path:
    """The folder whose content has this id. If it is missing or damaged, `write` creates it again.

    `write` gets an empty folder, and may also use its parent. Raises UserError if the cache is not writable.
    """
    place = _cache() / "templates" / tree_id
    if not _is_intact(place, tree_id):
        try:
            _make(place, tree_id, write)
        except OSError as error:
            raise UserError(
                f"{place.parent}: the cache cannot be used ({error.strerror})."
                " Fix that, or set XDG_CACHE_HOME to another folder"
            ) from error
    return place


def compiled_texts() -> Path:
    """The folder for compiled templates. Raises UserError if the user has no cache folder."""
    return _cache() / "compiled"


def _cache() -> Path:
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not configured.is_absolute():
        try:
            configured = Path.home() / ".cache"
        except RuntimeError as error:
            raise UserError("this user has no home folder for the cache. Set XDG_CACHE_HOME") from error
    return configured / "shipsmith"


def _is_intact(place: Path, tree_id: str) -> bool:
    try:
        return folder_id(place) == tree_id
    except OSError:
        return False


def _make(place: Path, tree_id: str, write: Callable[[Path], None]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.parent):
        # another process may have created it while this one waited
        if _is_intact(place, tree_id):
            return
        _remove_stale(place.parent)
        with TemporaryDirectory(prefix=TEMPORARY, dir=place.parent) as temporary:
            fresh = Path(temporary) / tree_id
            fresh.mkdir()
            write(fresh)
            if not _is_intact(fresh, tree_id):
                raise RuntimeError(f"the files of {tree_id} do not match this id")
            _publish(fresh, place)


def _remove_stale(templates: Path) -> None:
    """Remove folders of killed processes: only the holder of the lock creates some, and that is us."""
    for path in templates.glob(f"{TEMPORARY}*"):
        shutil.rmtree(path, ignore_errors=True)


def _publish(fresh: Path, place: Path) -> None:
    if place.is_dir():
        _replace_content(fresh, place)
    else:
        os.rename(fresh, place)


def _replace_content(fresh: Path, damaged: Path) -> None:
    """Move each file of `fresh` to its place in `damaged`, and remove the rest.

    For concurrent readers of `damaged`, intact files are never missing.
    """
    for path in damaged.iterdir():
        if _kind(path) != _kind(fresh / path.name):
            _remove(path)
    for path in fresh.iterdir():
        target = damaged / path.name
        if _kind(path) == _kind(target) == "folder":
            _replace_content(path, target)
        else:
            os.replace(path, target)


def _kind(path: Path) -> str | None:
    if not os.path.lexists(path):
        return None
    return "folder" if path.is_dir() and not path.is_symlink() else "file"


def _remove(path: Path) -> None:
    if _kind(path) == "folder":
        shutil.rmtree(path)
    else:
        path.unlink()
