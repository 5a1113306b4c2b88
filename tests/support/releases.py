"""Builds, installs and runs releases of shipsmith."""

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from shipsmith.template import location

from .command_line import SHIPSMITH

RELEASES = ["v0.1.0", "v0.2.0", "v0.9.0", "v0.10.0"]
NEW = ("new", "--defaults", "--no-git", "--preset", "minimal", "--set", "service_name=orders")
LOST_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")


def stand_in(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(location, "root", lambda: root)
    for name in ("commit", "carried"):
        monkeypatch.setattr(location, name, getattr(location, name).__wrapped__)


def make(destination: Path, package: Path, *arguments: str) -> dict[str, bytes]:
    """Generate a project at `destination` with the shipsmith in `package`, offline."""
    run(package, *NEW, str(destination), *arguments, cwd=destination.parent)
    return files(destination)


def run(package: Path, *arguments: str, cwd: Path) -> None:
    """Run the shipsmith in `package`, offline."""
    result = subprocess.run(
        [*without_network(), *SHIPSMITH, *arguments],
        cwd=cwd,
        env=os.environ | LOST_NETWORK | {"PYTHONPATH": str(package)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def without_network() -> list[str]:
    """A command prefix that disables the network, if this machine allows it."""
    command = ["unshare", "--map-root-user", "--net"]
    try:
        return command if subprocess.run([*command, "true"], capture_output=True).returncode == 0 else []
    except FileNotFoundError:
        return []


def build(folder: Path, target: str, destination: Path, **environment: str) -> Path:
    """Build the wheel or source distribution of a folder."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        target,
        "--directory",
        str(destination),
    ]
    settings = os.environ | environment
    subprocess.run(command, cwd=folder, env=settings, check=True, capture_output=True, text=True)
    (built,) = destination.glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[target])
    return built


def unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
