"""The installed package makes what the checkout makes."""

import subprocess
import sys
from pathlib import Path

import yaml

from ..support import checkout
from ..support.command_line import shipsmith


def test_an_installed_wheel_makes_the_same_files(tmp_path: Path) -> None:
    """The version included. Byte code, which installers compile next to the template's files, stays out."""
    repository = checkout.copy(tmp_path / "repository")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=repository, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--compile-bytecode"]
    subprocess.run([*uv, "--target", str(installed), str(wheel)], check=True)

    new = ("new", "--defaults", "--preset", "full", "--set", "service_name=orders", "--no-git")
    from_wheel = shipsmith(*new, "from-wheel", cwd=tmp_path, PYTHONPATH=str(installed))
    in_checkout = str(repository / "generator")
    from_checkout = shipsmith(*new, "from-checkout", cwd=tmp_path, PYTHONPATH=in_checkout)
    assert (from_wheel.returncode, from_checkout.returncode) == (0, 0), from_wheel.stderr

    made = files(tmp_path / "from-wheel")
    version = checkout.git(repository, "describe", "--always").strip()
    assert yaml.safe_load(made[".copier-answers.yml"])["_commit"] == version
    assert made == files(tmp_path / "from-checkout")


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
