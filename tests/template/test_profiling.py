"""Profiles of a generated service, read by pprof itself."""

import os
import subprocess
from pathlib import Path

import pytest
from shipsmith.git.locks import locked

from ..support.services import projects
from ..support.services.projects import Project
from ..support.systems.packages import find

VERSION = "v0.0.0-20261105003125-4bf881d7fb0b"
FOLDER = Path(__file__).parents[2] / "build" / "pprof" / VERSION

PROFILE = """
import sys, threading, time
from pathlib import Path
from orders.profiling.pprof import encoded
from orders.profiling.sampler import take

def spin():
    while not done.is_set():
        pass

done = threading.Event()
threading.Thread(target=spin, name="spinner").start()
profile = take(1, 100, lambda seconds: time.sleep(seconds))
done.set()
Path(sys.argv[1]).write_bytes(encoded(profile))
"""


@pytest.mark.long
def test_pprof_reads_profiles(full: Project, tmp_path: Path) -> None:
    program = built()
    file = tmp_path / "profile.pb.gz"
    projects.run(full.python("-c")[0], "-c", PROFILE, str(file), directory=full.folder)

    def told(*options: str) -> str:
        return subprocess.run([program, *options, file], capture_output=True, text=True, check=True).stdout

    top = told("-top")
    assert "Type: cpu" in top
    assert "__main__.spin" in top
    assert "spinner" in told("-tags")
    assert "Type: wall" in told("-top", "-sample_index=wall")


def built() -> Path:
    """Built once from its Go module."""
    go = find("go")
    if go is None:
        pytest.skip("go, which builds pprof, is not on this machine")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with locked(FOLDER):
        if not (FOLDER / "pprof").exists():
            command = [go, "install", f"github.com/google/pprof@{VERSION}"]
            subprocess.run(command, env=os.environ | {"GOBIN": str(FOLDER)}, check=True)
    return FOLDER / "pprof"
