"""Programs of this machine: found, or installed where the tests may install them."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path


class UnavailableError(Exception):
    """This machine has no such system, and the tests may not install it."""


def find(program: str) -> str | None:
    """The path of a program, or None."""
    folders = (*_private_folders(), os.environ.get("PATH", ""))
    return shutil.which(program, path=os.pathsep.join(folders))


def require(program: str, package: str) -> str:
    """The path of a program, after installing the Debian package that brings it, if need be."""
    found = find(program)
    if found is None:
        install(package)
        found = find(program)
    if found is None:
        raise UnavailableError(f"{program} is not on this machine, not even after installing {package}")
    return found


def install(*packages: str) -> None:
    """Install Debian packages: only root on Debian or Ubuntu may."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise UnavailableError(f"{', '.join(packages)} can be installed only by root on Debian or Ubuntu")
    _update_package_lists()
    _apt_get("install", "--yes", "--no-install-recommends", *packages)


def _private_folders() -> tuple[str, ...]:
    # Debian keeps these programs off the PATH, or puts a wrapper there that changes the user first.
    postgresql = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return ("/usr/lib/rabbitmq/bin", *map(str, postgresql), "/usr/sbin")


@cache
def _update_package_lists() -> None:
    _apt_get("update")


def _apt_get(*arguments: str) -> None:
    # The lock timeout: another worker of the same test run may be installing.
    command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *arguments]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        raise UnavailableError(f"{' '.join(command)} failed: {result.stderr.strip()[-500:]}")
