"""A Docker engine with Compose: this machine's own if suitable, or else one that the tests start."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from . import stand_ins
from .packages import UnavailableError, require
from .processes import Process
from .servers import engine_runs, image_available, succeeds

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
CACHE = Path(__file__).parents[3] / "build" / "docker-engine"


@dataclass(frozen=True)
class Engine:
    """A Docker engine, and whether its official images are stand-ins."""

    environment: Mapping[str, str]
    stand_ins: bool

    def docker(
        self,
        *arguments: str,
        stdin: IO[bytes] | int | None = subprocess.DEVNULL,
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """The output of a docker command. Fails with its errors."""
        result = subprocess.run(
            [require("docker", "docker.io"), *arguments],
            env={**os.environ, **self.environment, **(environment or {})},
            cwd=directory,
            stdin=stdin,
            capture_output=True,
            text=True,
        )
        if result.returncode != 0:
            raise RuntimeError(f"docker {' '.join(arguments)}:\n{(result.stdout + result.stderr)[-12000:]}")
        return result.stdout.strip()


@contextmanager
def engine_with(images: Sequence[str]) -> Iterator[Engine]:
    """An engine with these images. Raises UnavailableError if none is available."""
    if engine_runs() and _has_plugins() and all(map(image_available, images)):
        yield Engine({}, stand_ins=False)
        return
    with _alone(), _own_engine() as engine:
        for image in images:
            if not engine.docker("images", "--quiet", image):
                stand_ins.build(engine.docker, image, CACHE)
        yield engine


def _has_plugins() -> bool:
    return all(succeeds("docker", plugin, "version") for plugin in ("compose", "buildx"))


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other test process has an engine: two engines cannot share the built images."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _own_engine() -> Iterator[Engine]:
    if os.geteuid() != 0:
        raise UnavailableError("no Docker engine with Compose runs here, and only root can start one")
    dockerd = require("dockerd", "docker.io")
    require("iptables", "iptables")
    # socket paths are limited to 107 characters; unlike the checkout's path, the temporary folder is short
    folder = Path(tempfile.mkdtemp(prefix="shipsmith-docker-"))
    socket = f"unix://{folder}/docker.sock"
    state = [f"--data-root={CACHE}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid"]
    process = Process([dockerd, *state, f"--host={socket}"], folder / "log")
    try:
        engine = Engine({"DOCKER_HOST": socket, "DOCKER_CONFIG": str(_configuration())}, stand_ins=True)
        process.wait_until(lambda: _answers(engine), "the Docker engine")
        yield engine
    finally:
        process.stop(seconds=30)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(engine: Engine) -> bool:
    try:
        engine.docker("version")
    except RuntimeError:
        return False
    return True


def _configuration() -> Path:
    """A docker configuration with Compose and BuildKit, which Debian 12 does not package."""
    configuration = CACHE / "config"
    plugins = configuration / "cli-plugins"
    if not (plugins / "docker-compose").exists():
        unpacked = _download("docker-compose", "docker-buildx")
        plugins.mkdir(parents=True, exist_ok=True)
        for plugin in unpacked.glob("usr/libexec/docker/cli-plugins/*"):
            shutil.copy(plugin, plugins)
    return configuration


def _download(*packages: str) -> Path:
    """Packages of the stand-ins' Debian release, unpacked but not installed."""
    folder = CACHE / "packages"
    (folder / "lists/partial").mkdir(parents=True, exist_ok=True)
    (folder / "archives/partial").mkdir(parents=True, exist_ok=True)
    source = f"deb [signed-by={KEYS}] {stand_ins.mirror()} {stand_ins.RELEASE} main\n"
    (folder / "sources.list").write_text(source)
    options = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "-",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache::Archives": folder / "archives",
    }
    apt_get = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    subprocess.run([*apt_get, "update"], check=True, capture_output=True)
    subprocess.run([*apt_get, "download", *packages], check=True, capture_output=True, cwd=folder)
    for archive in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], check=True)
    return folder
