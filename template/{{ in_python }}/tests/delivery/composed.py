"""The services of compose.yaml and of the files that it includes."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
OWN = {"app", "migrate"}
"""Those that are the service itself."""

Service = dict[str, Any]


@cache
def services() -> dict[str, Service]:
    return {name: service for file in _files() for name, service in file["services"].items()}


@cache
def volumes() -> set[str]:
    """The names of those that are kept."""
    return {name for file in _files() for name in file.get("volumes") or {}}


def mounts(service: Service) -> list[str]:
    found: list[str] = service.get("volumes", [])
    return found


def _files() -> list[dict[str, Any]]:
    main = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return [main, *(yaml.safe_load((ROOT / name).read_text()) for name in main.get("include", []))]
