"""Stand-ins for official images, built from Debian packages, for machines without an image registry.

Their versions are Debian's: they show that the generated files work, but not with the exact image versions.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from .packages import UnavailableError, require

RECIPES = Path(__file__).with_name("stand_ins")
# Debian 13 is closest to the versions of the official images, whatever release this machine runs
RELEASE = "trixie"
DEBIAN, BASE = "shipsmith-stand-in-debian", "shipsmith-stand-in-base"
LABEL = "shipsmith.stand-in=true"
CERTIFICATES = Path("etc/ssl/certs/ca-certificates.crt")

Docker = Callable[..., str]


def build(docker: Docker, image: str, folder: Path) -> None:
    """Build the stand-in for an official image, tagged with the name of that image."""
    recipe = RECIPES / _short_name(image)
    if not recipe.is_dir():
        place = "tests/support/systems/stand_ins/"
        raise UnavailableError(f"{image} has no stand-in: {place} lacks {recipe.name}")
    _build_base(docker, folder)
    _build(docker, recipe, image)


def _build(docker: Docker, recipe: Path, tag: str) -> None:
    with tempfile.TemporaryDirectory() as context:
        shutil.copytree(recipe, context, dirs_exist_ok=True)
        (Path(context) / "pip.conf").write_text(_pip_settings())
        docker("build", "--quiet", f"--label={LABEL}", f"--tag={tag}", context)


def _short_name(image: str) -> str:
    return image.rpartition("/")[2].partition(":")[0]


def _build_base(docker: Docker, folder: Path) -> None:
    """A minimal Debian with the packages of all recipes and the certificates that this machine trusts."""
    if docker("images", "--quiet", BASE):
        return
    root = folder / "debian"
    if not (root / "etc/debian_version").exists():
        _bootstrap(root)
    shutil.copy("/" / CERTIFICATES, root / CERTIFICATES)
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as archive:
        docker("import", f"--change=LABEL {LABEL}", "-", DEBIAN, stdin=archive.stdout)
    _build(docker, RECIPES / "base", BASE)


def _bootstrap(root: Path) -> None:
    program = require("debootstrap", "debootstrap")
    unfinished = Path(tempfile.mkdtemp(dir=root.parent))
    command = [program, "--variant=minbase", "--include=ca-certificates", RELEASE]
    result = subprocess.run([*command, str(unfinished), mirror()], capture_output=True, text=True)
    if result.returncode != 0:
        raise UnavailableError(f"debootstrap failed: {result.stdout[-500:]}{result.stderr[-500:]}")
    unfinished.chmod(0o755)
    unfinished.rename(root)


def mirror() -> str:
    """The Debian mirror that this machine uses."""
    fields = "$(ORIGIN) $(LABEL) $(REPO_URI)"
    command = ["apt-get", "indextargets", "--format", fields, "Created-By: Packages"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    for line in listed:
        if line.startswith("Debian Debian "):
            return line.split()[-1]
    raise UnavailableError("apt knows no mirror of Debian here")


def _pip_settings() -> str:
    """This machine's package index, for builds in containers, which do not have its local folders."""
    pip = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(pip, capture_output=True, text=True, check=True).stdout.splitlines()
    settings = dict(line.split("=", 1) for line in listed)
    indexes = [value.strip("'") for name, value in settings.items() if name.endswith(".index-url")]
    lines = ["[global]", f"cert = /{CERTIFICATES}", *(f"index-url = {index}" for index in indexes[-1:]), ""]
    return "\n".join(lines)
