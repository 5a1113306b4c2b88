"""Starter kits: named answers, in presets/ or a team's own file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UserError, nearest
from ..reading import mapping_of

DEFAULT = "service"


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    description: str
    answers: dict[str, Any]


def shipped(root: Path) -> dict[str, Preset]:
    return {path.stem: load_file(path) for path in sorted((root / "presets").glob("*.yml"))}


def load(root: Path, name_or_file: str) -> Preset:
    """A shipped preset by name, or else the file with this path."""
    presets = shipped(root)
    if name_or_file in presets:
        return presets[name_or_file]
    if "/" in name_or_file or name_or_file.endswith((".yml", ".yaml")):
        return load_file(Path(name_or_file))
    names = ", ".join(presets)
    raise UserError(
        f"preset {name_or_file!r}: no such preset.{nearest(name_or_file, presets)} Use one of: {names},"
        " or a path such as ./team.yml"
    )


def load_file(path: Path) -> Preset:
    content = mapping_of(path)
    if unknown := content.keys() - {"description", "answers"}:
        names = ", ".join(sorted(map(str, unknown)))
        raise UserError(f"{path}: unknown key: {names}. A preset has `description` and `answers`")
    answers = content.get("answers", {})
    if not isinstance(answers, dict):
        raise UserError(f"{path}: `answers` is {answers!r}, not a mapping of options to values")
    return Preset(path.stem, str(content.get("description", "")), answers)
