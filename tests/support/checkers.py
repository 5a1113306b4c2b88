"""Checkers for generated files, in the versions that the tests pin."""

import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent


def check(name: str, *arguments: str | Path, directory: Path) -> str:
    """The output of a checker. Fails with it if there are findings."""
    command = [str(part) for part in (BIN / name, *arguments)]
    result = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}{result.stderr}"
    return result.stdout


def kustomize(overlay: Path) -> str:
    """The manifests that an overlay builds."""
    return check("kubectl", "kustomize", overlay, directory=overlay)
