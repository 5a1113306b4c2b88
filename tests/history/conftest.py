"""A repository with four releases, what is installed of it, and an empty cache for each test."""

import subprocess
import sys
from pathlib import Path

import pytest

from ..support import checkout
from ..support.once import once
from ..support.releases import build, replace, stand_in


@pytest.fixture(scope="session")
def clone() -> Path:
    """A repository with four releases of the template, of which each changes something else."""
    return once("repository", _make_releases) / "shipsmith"


def _make_releases(folder: Path) -> None:
    checkout.copy(folder := folder / "shipsmith")
    (folder / "template" / "_shared" / "run.sh").write_text("true\n")
    (folder / "template" / "_shared" / "run.sh").chmod(0o755)
    (folder / "template" / "_shared" / "link").symlink_to("names.jinja")
    checkout.release(folder, "v0.1.0")
    replace(folder / "template" / "README.md.jinja", "Owned by", "Kept by")
    replace(folder / "presets" / "minimal.yml", "answers: {", "answers: {owner: shipwrights, ")
    checkout.release(folder, "v0.2.0")
    (folder / "template" / "EDITION.jinja").write_text("{{ edition }}\n")
    question = "edition: {type: str, choices: [first, second], default: second}\n"
    replace(folder / "copier.yml", "service_name:\n", f"{question}service_name:\n")
    checkout.release(folder, "v0.9.0")
    (folder / "template" / "EDITION.jinja").unlink()
    replace(folder / "template" / "_shared" / "python" / "universe.lock", "sha256:0", "sha256:1")
    checkout.release(folder, "v0.10.0")


@pytest.fixture(scope="session")
def wheel(clone: Path) -> Path:
    (wheel,) = once("wheel", lambda folder: build(clone, "wheel", folder)).glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def installed(wheel: Path) -> Path:
    """The folder that the wheel was installed into."""
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps"]
    install += ["--compile-bytecode", str(wheel), "--target"]
    return once("installed", lambda folder: subprocess.run([*install, str(folder)], check=True))


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that versions are expanded into: an empty one for each test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder / "shipsmith" / "templates"


@pytest.fixture
def compiled_texts(cache: Path) -> None:
    """To compile them takes most of the time of a render: the tests that ask for this share them."""
    cache.parent.mkdir()
    cache.with_name("compiled").symlink_to(once("compiled", lambda _: None))


@pytest.fixture
def in_clone(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our functions see the clone."""
    stand_in(clone, monkeypatch)
    return clone


@pytest.fixture
def in_installation(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our functions see what was installed."""
    stand_in(installed / "shipsmith" / "_data", monkeypatch)
    return installed
