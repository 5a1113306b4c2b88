"""Programs that are built from their Go modules, and files that are in them."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from shipsmith.git.locks import locked

from .packages import UnavailableError, find

BUILD = Path(__file__).parents[3] / "build"


def built(module: str, name: str, *arguments: str) -> Path:
    """The program `cmd/NAME` of a module, built once, in some minutes, and kept for the next run.

    Raises UnavailableError if it cannot be built.
    """
    return _kept(module, name, lambda program: _build(module, program, arguments))


def built_with_parts(module: str, name: str, version: str) -> Path:
    """The same for a module that replaces its parts by folders which it does not hold.

    The parts are modules themselves, and all have this version.
    """
    return _kept(module, name, lambda program: _build_as_a_dependency(module, program, version))


def _kept(module: str, name: str, build: Callable[[Path], None]) -> Path:
    program = BUILD / name / module.partition("@")[2] / name
    program.parent.mkdir(parents=True, exist_ok=True)
    with locked(program.parent):
        if not program.exists():
            build(program)
    return program


def files(module: str) -> Path:
    """The folder of a module's files, which are read-only. Raises UnavailableError if it cannot be had."""
    with tempfile.TemporaryDirectory() as temporary:
        told = _run(Path(temporary), module, "mod", "download", "-json", module)
    return Path(json.loads(told)["Dir"])


def _build(module: str, program: Path, arguments: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        # a go.mod that excludes or replaces modules is only taken for that of the main module
        source = Path(temporary) / "source"
        # what the cache holds is read-only, which a copy of contents alone is not
        shutil.copytree(files(module), source, copy_function=shutil.copyfile)
        for path in (source, *source.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        _run(source, program.name, "build", *arguments, "-o", str(program), f"./cmd/{program.name}")


def _build_as_a_dependency(module: str, program: Path, version: str) -> None:
    path, _, own_version = module.partition("@")
    given = (files(module) / "go.mod").read_text()
    parts = re.findall(r"^\s+(\S+) => \./", given, re.MULTILINE)
    required = "".join(re.findall(r"^require \((.*?)^\)", given, re.MULTILINE | re.DOTALL))
    replaced = "".join(f"\t{part} => {part} {version}\n" for part in parts)
    lines = (
        f"module built\n\nrequire {path} {own_version}",
        f"require ({required})",
        f"replace (\n{replaced})\n",
    )
    with tempfile.TemporaryDirectory() as temporary:
        (Path(temporary) / "go.mod").write_text("\n\n".join(lines))
        wanted = f"{path}/cmd/{program.name}"
        _run(Path(temporary), program.name, "build", "-mod=mod", "-o", str(program), wanted)


def _run(folder: Path, what: str, *arguments: str) -> str:
    go = find("go")
    if go is None:
        raise UnavailableError(f"go, which {what} needs, is not on this machine")
    result = subprocess.run([go, *arguments], cwd=folder, capture_output=True, text=True)
    if result.returncode != 0:
        raise UnavailableError(f"{what} cannot be had: {result.stderr[-500:]}")
    return result.stdout
