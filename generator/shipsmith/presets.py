"""Starter kits: named answers, ours in presets/ or a team's own file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .errors import UserError, nearest

DEFAULT = "service"


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    description: str
    answers: dict[str, Any]


def shipped(root: Path) -> dict[str, Preset]:
    return {path.stem: load_file(path) for path in sorted((root / "presets").glob("*.yml"))}


def load(root: Path, name_or_file: str) -> Preset:
    """A shipped preset by its name, else the file of that path."""
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
    content = load_mapping(path)
    if unknown := content.keys() - {"description", "answers"}:
        names = ", ".join(sorted(map(str, unknown)))
        raise UserError(f"{path}: unknown key: {names}. A preset has `description` and `answers`")
    answers = content.get("answers", {})
    if not isinstance(answers, dict):
        raise UserError(f"{path}: `answers` is {answers!r}. Make it a mapping of options to values")
    return Preset(path.stem, str(content.get("description", "")), answers)


def load_mapping(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: is not YAML: {reason}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: holds {type(content).__name__}. Make it a mapping of names to values")
    return content
