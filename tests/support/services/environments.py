"""One shared environment for all generated services: their lock files are parts of one universe."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path

from shipsmith.git.locks import locked
from shipsmith.template import location as source

from . import projects
from .projects import Project

UNIVERSE = "template/_shared/python/universe.lock"


def prepare(project: Project) -> None:
    """The result of `make setup`, without installing anything."""
    environment = project.folder / ".venv"
    projects.run("uv", "venv", "--quiet", "--python", sys.executable, environment, directory=project.folder)
    packages = _packages(environment) / "shared.pth"
    packages.write_text(f"{project.folder / 'src'}\n{_packages(_universe())}\n")
    # their modules look for the program next to Python
    for name in ("ruff", "uv"):
        (environment / "bin" / name).symlink_to(_universe() / "bin" / name)
    (environment / "ready").touch()


def missing_in_lock(project: Project) -> set[str]:
    """Modules that its code imports but that no package in its lock file provides."""
    lock = (project.folder / "requirements-dev.lock").read_text()
    locked_names = {_normal(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    owners = _owners()
    return {module for module in _imported(project) if module in owners and not owners[module] & locked_names}


@cache
def _universe() -> Path:
    """Created once, and kept for the next run."""
    lock = source.root() / UNIVERSE
    folders = source.root() / "build/universe"
    folder = folders / sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folders.mkdir(parents=True, exist_ok=True)
    with locked(folders):
        if not (folder / "ready").exists():
            python = ("--python", sys.executable)
            projects.run("uv", "venv", "--quiet", "--clear", *python, folder, directory=folders)
            install = ("uv", "pip", "sync", "--quiet", "--compile-bytecode", "--python", folder, lock)
            projects.run(*install, directory=folders)
            (folder / "ready").touch()
    return folder


def _packages(environment: Path) -> Path:
    return next(environment.glob("lib/python*/site-packages"))


@cache
def _owners() -> dict[str, set[str]]:
    """The distributions of each top-level module."""
    owners: dict[str, set[str]] = {}
    for distribution in distributions(path=[str(_packages(_universe()))]):
        for file in distribution.files or []:
            module = file.parts[0].removesuffix(".py")
            owners.setdefault(module, set()).add(_normal(distribution.name))
    return owners


def _imported(project: Project) -> Iterator[str]:
    for path in [*project.folder.glob("src/**/*.py"), *project.folder.glob("tests/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield node.module.partition(".")[0]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
