"""Programs that are built from their Go modules."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from shipsmith.git.locks import locked

from .packages import UnavailableError, find

BUILD = Path(__file__).parents[3] / "build"


def built(module: str, name: str, *arguments: str) -> Path:
    """The program `cmd/NAME` of a module, built once, in some minutes, and kept for the next run.

    Raises UnavailableError if it cannot be built.
    """
    program = BUILD / name / module.partition("@")[2] / name
    program.parent.mkdir(parents=True, exist_ok=True)
    with locked(program.parent):
        if not program.exists():
            _build(module, program, arguments)
    return program


def _build(module: str, program: Path, arguments: tuple[str, ...]) -> None:
    go = find("go")
    if go is None:
        raise UnavailableError(f"go, which builds {program.name}, is not on this machine")
    with tempfile.TemporaryDirectory() as temporary:
        # a go.mod that excludes or replaces modules is only taken for that of the main module
        told = subprocess.run([go, "mod", "download", "-json", module], cwd=temporary, capture_output=True)
        if told.returncode != 0:
            raise UnavailableError(f"{module} cannot be had: {told.stderr.decode()[-500:]}")
        source = Path(temporary) / "source"
        # what the cache holds is read-only, which a copy of contents alone is not
        shutil.copytree(json.loads(told.stdout)["Dir"], source, copy_function=shutil.copyfile)
        for path in (source, *source.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        command = [go, "build", *arguments, "-o", str(program), f"./cmd/{program.name}"]
        result = subprocess.run(command, cwd=source, capture_output=True, text=True)
        if result.returncode != 0:
            raise UnavailableError(f"{program.name} cannot be built: {result.stderr[-500:]}")
