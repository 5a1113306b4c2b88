"""Where the template is: in this checkout, or in the installed package."""

import subprocess
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

PUBLIC_URL = "https://github.com/shipsmith/shipsmith.git"


@cache
def root() -> Path:
    """The folder that holds copier.yml, template/ and presets/."""
    package = Path(__file__).resolve().parent
    checkout = package.parent.parent
    return checkout if (checkout / "copier.yml").is_file() else package / "_data"


@cache
def commit() -> str:
    """The template's version as copier records it: `git describe` in a checkout, else the release's tag."""
    if (root() / ".git").exists():
        describe = ["git", "-C", str(root()), "describe", "--tags", "--always"]
        with suppress(OSError, subprocess.CalledProcessError):
            return subprocess.run(describe, capture_output=True, text=True, check=True).stdout.strip()
    return f"v{version('shipsmith')}"
