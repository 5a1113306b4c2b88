"""What tests share that takes long to make: the first worker that asks makes it, for all of them."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from shipsmith.git.locks import locked


def once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder of this name, in which `make` made something, in this run. What is there stays as it is."""
    folder = Path(tempfile.gettempdir()) / "once" / name
    folder.mkdir(parents=True, exist_ok=True)
    # not the folder itself: `new` locks the one in which it makes a project
    with locked(folder.with_name(f"{folder.name}.lock"), create=True):
        done = folder.with_name(f"{folder.name}.done")
        if not done.exists():
            make(folder)
            done.touch()
    return folder
