"""Stand-ins for official images, made of Debian's packages, for machines that reach no image registry.

Their versions are Debian's: they prove that the generated files work together, not that these very versions do.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from .packages import Unavailable, require

RECIPES = Path(__file__).with_name("stand_ins")
BASE = "shipsmith-stand-in-base"
LABEL = "stand-in=made by shipsmith's tests from Debian packages"
CERTIFICATES = Path("etc/ssl/certs/ca-certificates.crt")

Docker = Callable[..., str]


def build(docker: Docker, image: str, folder: Path) -> None:
    """Make the stand-in for an official image, tagged with that image's own name."""
    recipe = RECIPES / _short_name(image)
    if not recipe.is_dir():
        raise Unavailable(f"{image} has no stand-in: tests/systems/stand_ins/ lacks {recipe.name}")
    _build_base(docker, folder)
    with tempfile.TemporaryDirectory() as context:
        shutil.copytree(recipe, context, dirs_exist_ok=True)
        (Path(context) / "pip.conf").write_text(_pip_settings())
        docker("build", "--quiet", f"--label={LABEL}", f"--tag={image}", context)


def _short_name(image: str) -> str:
    return image.rpartition("/")[2].partition(":")[0]


def _build_base(docker: Docker, folder: Path) -> None:
    """A minimal Debian like this machine's own, with the certificates that this machine trusts."""
    if docker("images", "--quiet", BASE):
        return
    root = folder / "debian"
    if not (root / "etc/debian_version").exists():
        _bootstrap(root)
    shutil.copy("/" / CERTIFICATES, root / CERTIFICATES)
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as archive:
        docker("import", f"--change=LABEL {LABEL.replace(' ', '_')}", "-", BASE, stdin=archive.stdout)


def _bootstrap(root: Path) -> None:
    release = platform.freedesktop_os_release()
    if release["ID"] != "debian":
        raise Unavailable("stand-in images are made on Debian only")
    program = require("debootstrap", "debootstrap")
    unfinished = Path(tempfile.mkdtemp(dir=root.parent))
    command = [program, "--variant=minbase", "--include=ca-certificates", release["VERSION_CODENAME"]]
    result = subprocess.run([*command, str(unfinished), mirror()], capture_output=True, text=True)
    if result.returncode != 0:
        raise Unavailable(f"debootstrap failed: {result.stdout[-500:]}{result.stderr[-500:]}")
    unfinished.chmod(0o755)
    unfinished.rename(root)


def mirror() -> str:
    """Where this machine gets Debian's packages from."""
    lines = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"]
    listed = subprocess.run(lines, capture_output=True, text=True, check=True).stdout.splitlines()
    addresses = [address for line in listed for who, what, address in [line.split("|")] if who == what == "Debian"]
    if not addresses:
        raise Unavailable("apt knows no mirror of Debian here")
    return addresses[0]


def _pip_settings() -> str:
    """This machine's package index for the builds inside; its local folders do not exist there."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True)
    index = f"index-url = {listed.stdout.strip()}\n" if listed.returncode == 0 else ""
    return f"[global]\n{index}cert = /{CERTIFICATES}\n"
