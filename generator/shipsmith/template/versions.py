"""The versions of the template, their order and their files."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from packaging.version import Version

from ..errors import UserError, nearest
from ..git.objects import folder_id
from . import cache, location
from .store import BUNDLE, DESCRIBED, TEMPLATE, Archive, Bundle, Clone, released, unreleased

INSTALLED_UPGRADE = "pipx upgrade shipsmith (or uv tool upgrade shipsmith)"
CLONE_UPGRADE = "git fetch --tags, then git pull"


@dataclass(frozen=True, slots=True)
class Template:
    """One version of the template."""

    version: str
    """As a project records it: v1.4.0, or v1.4.0-5-gabc1234 if it is not a release."""
    root: Path
    """The folder with copier.yml, template/ and presets/."""


def working() -> Template:
    """The template in this checkout, including uncommitted changes, or in the installed package."""
    return Template(location.commit(), location.root())


def newest() -> Template:
    """The version of this shipsmith, as it was committed."""
    return template(location.commit())


def template(version: str) -> Template:
    """The template at `version`. Raises UserError if it is unknown, or newer than this shipsmith."""
    archive = _archive()
    tree_id = archive.tree_id(version)
    if version == location.commit() and _is_pristine(tree_id):
        return working()
    if not tree_id:
        raise UserError(_unknown(version, archive.releases()))
    return Template(version, cache.folder(tree_id, partial(archive.write, version)))


def passed(old: str, new: str) -> list[str]:
    """The releases later than `old` and no later than `new`, oldest first."""
    archive = _archive()
    old, new = archive.describe(old), archive.describe(new)
    return [
        release
        for release in archive.releases()
        if precedes(old, release) and precedes(new, release) is False
    ]


def precedes(old: str, new: str) -> bool | None:
    """Whether `old` is strictly older than `new`; None if the order is unknown.

    Releases are ordered by version number, commits between them by the release before them.
    """
    archive = _archive()
    before, after = (_position(archive.describe(version)) for version in (old, new))
    if before and after:
        different = before[0] != after[0]
        if different or 0 in (before[1], after[1]):
            return before < after
    return archive.precedes(old, new)


def _archive() -> Archive:
    git_dir = location.root() / ".git"
    return (
        Clone(git_dir) if git_dir.exists() else Bundle(location.root() / BUNDLE, location.carried().tree_ids)
    )


def _is_pristine(tree_id: str | None) -> bool:
    """Whether the files are those of the commit, which is always true for an installed package."""
    if not (location.root() / ".git").exists():
        return True
    return folder_id(location.root(), TEMPLATE) == tree_id


def _position(version: str) -> tuple[Version, int] | None:
    """The release of a version, or the latest one before it, and the number of commits since."""
    if released(version):
        return Version(version), 0
    described = DESCRIBED.fullmatch(version)
    if described and released(described["release"]):
        return Version(described["release"]), int(described["commits"])
    return None


def _unknown(version: str, releases: list[str]) -> str:
    in_clone = (location.root() / ".git").exists()
    position = _position(version)
    last = releases[-1] if releases else location.commit()
    if position and released(last) and position[0] > Version(last):
        upgrade = CLONE_UPGRADE if in_clone else INSTALLED_UPGRADE
        return f"{version}: this shipsmith knows versions up to {last}. Upgrade it: {upgrade}"
    if unreleased(version) and not in_clone:
        return (
            f"{version}: is an unreleased commit, and the installed package only has releases."
            f" Run shipsmith from a clone of {location.PUBLIC_URL}"
        )
    known = ", ".join(dict.fromkeys([*releases, location.commit()]))
    return f"{version!r}: no such version.{nearest(version, releases)} Known versions: {known}"
