"""Programs of this machine: finds them, or installs them if the tests are allowed to."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from shipsmith.git.locks import locked

LOCK = Path(__file__).parents[3] / "build" / "apt"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"


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
    # apt does not wait for the lock of its lists, only for that of packages
    LOCK.mkdir(parents=True, exist_ok=True)
    with locked(LOCK):
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


def unpack(package: str, suite: str, folder: Path) -> None:
    """Unpack a Debian package of another release, and what it depends on, without installing anything."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise UnavailableError(f"{package} of Debian {suite} can be unpacked only on Debian or Ubuntu")
    for name in ("lists/partial", "cache/archives/partial", "root"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(f"deb [signed-by={KEYS}] {_mirror()} {suite} main\n")
    (folder / "status").touch()
    settings = {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
        # mirrors are kept as they were on some day
        "Acquire::Check-Valid-Until": "false",
    }
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    _apt_get(*options, "update")
    _apt_get(*options, "install", "--yes", "--download-only", "--no-install-recommends", package)
    for archive in sorted((folder / "cache/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "--extract", archive, folder / "root"], check=True)
        archive.unlink()


def _mirror() -> str:
    """The mirror of Debian that this machine uses."""
    fields = ("indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)", "Created-By: Packages")
    listed = subprocess.run(["apt-get", *fields], capture_output=True, text=True).stdout
    for line in listed.splitlines():
        origin, _, mirror = line.rpartition(" ")
        if origin == "Debian Debian":
            return mirror
    raise UnavailableError("apt is configured with no mirror of Debian")
