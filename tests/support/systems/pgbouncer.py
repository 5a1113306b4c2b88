"""PgBouncer of Debian 13, unpacked: that of Debian 12 has no prepared statements in transaction mode."""

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from shipsmith.template import location

from ..once import once
from .packages import UnavailableError, unpack
from .postgresql import POSTGRESQL
from .processes import Process
from .servers import Image, Recipe

CHOICE = "template/{{ with_pooler }}/{{ with_pooler_pgbouncer }}"


def in_front_of(database: int) -> Recipe:
    """With the template's configuration, before the server on this port."""

    def prepare(folder: Path, port: int, _companions: ExitStack) -> Callable[[], Process]:
        shipped = (location.root() / CHOICE / "_option/pgbouncer.ini").read_text()
        at_port = shipped.replace("= 6432", f"= {port}")
        (folder / "pgbouncer.ini").write_text(at_port.replace("addr = *", "addr = 127.0.0.1"))
        (folder / "databases.ini").write_text(f"[databases]\n* = host=127.0.0.1 port={database}\n")
        (folder / "userlist.txt").write_text('"test" "test"\n')
        command = [*_program(), str(folder / "pgbouncer.ini")]
        return lambda: Process(command, folder / "log", directory=folder)

    return Recipe("pgbouncer", Image("edoburu/pgbouncer:v1.25.2-p0", port=6432), prepare, POSTGRESQL.answers)


def _program() -> list[str]:
    """With the libraries that it came with."""
    root = once("pgbouncer", lambda folder: unpack("pgbouncer", "trixie", folder)) / "root"
    loaders = sorted(root.glob("usr/lib*/ld-linux-*.so.*"))
    if not loaders:
        raise UnavailableError("pgbouncer came without the loader of its libraries")
    libraries = ":".join(map(str, root.glob("usr/lib/*-linux-gnu*")))
    return [*_as_nobody(), str(loaders[0]), "--library-path", libraries, str(root / "usr/sbin/pgbouncer")]


def _as_nobody() -> list[str]:
    """It refuses to run as root, and lies in folders that only root may enter."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise UnavailableError("pgbouncer does not run as root, and setpriv is missing")
    reads = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--pdeathsig=KILL", *reads]
