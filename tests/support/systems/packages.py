"""Programs of this machine: finds them, or installs them if the tests are allowed to."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path


class UnavailableError(Exception):
    """A system is not on this machine, and the tests cannot install it."""


def find(program: str) -> str | None:
    """The path of a program, or None."""
    folders = (*_private_folders(), os.environ.get("PATH", ""))
    return shutil.which(program, path=os.pathsep.join(folders))


def require(program: str, package: str) -> str:
    """The path of a program. Installs its Debian package if necessary."""
    found = find(program)
    if found is None:
        install(package)
        found = find(program)
    if found is None:
        raise UnavailableError(f"{program} is not on this machine, not even after installing {package}")
    return found


def install(*packages: str) -> None:
    """Install Debian packages. Requires root on Debian or Ubuntu."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise UnavailableError(f"{', '.join(packages)} can be installed only by root on Debian or Ubuntu")
    _update_package_lists()
    _apt_get("install", "--yes", "--no-install-recommends", *packages)


def _private_folders() -> tuple[str, ...]:
    # Debian does not add these programs to the PATH, or adds a wrapper that changes the user first
    postgresql = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return ("/usr/lib/rabbitmq/bin", *map(str, postgresql), "/usr/sbin")


@cache
def _update_package_lists() -> None:
    _apt_get("update")


def _apt_get(*arguments: str) -> None:
    # lock timeout: another worker of the same test run may be installing packages
    command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", *arguments]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    if result.returncode != 0:
        raise UnavailableError(f"{' '.join(command)} failed: {result.stderr.strip()[-500:]}")
