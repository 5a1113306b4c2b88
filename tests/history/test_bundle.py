"""What a build carries: every release of the template, byte for byte the same each time."""

import json
import subprocess
from pathlib import Path
from shutil import rmtree

import pytest
from shipsmith.template import versions

from ..support import checkout
from ..support.releases import RELEASES, build, make, stand_in, unpack


def test_a_build_is_the_same_whatever_the_users_git_configuration(
    tmp_path: Path, clone: Path, wheel: Path
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(
        "[core]\nautocrlf = true\nabbrev = 40\n[init]\ndefaultObjectFormat = sha256\n[column]\nui = always\n"
        "[commit]\ngpgSign = true\n[tag]\ngpgSign = true\nsort = -version:refname\n"
        "[i18n]\ncommitEncoding = latin1\n[pack]\ncompression = 0\nthreads = 7\n[color]\nui = always\n"
    )
    environment = {"GIT_CONFIG_GLOBAL": str(settings), "GIT_DEFAULT_HASH": "sha256", "GIT_DIR": "/nowhere"}
    again = build(clone, "wheel", tmp_path / "dist", **environment)
    assert again.read_bytes() == wheel.read_bytes()


def test_the_bundle_holds_the_releases_of_the_template_and_nothing_else(
    tmp_path: Path, installed: Path
) -> None:
    bundle = installed / "shipsmith" / "_data" / "history.bundle"
    checkout.git(tmp_path, "clone", "--quiet", "--bare", str(bundle), "bare")
    bare = tmp_path / "bare"
    assert sorted(checkout.git(bare, "tag").split()) == sorted(RELEASES)
    for release in RELEASES:
        names = checkout.git(bare, "ls-tree", "--name-only", release).split()
        assert names == ["copier.yml", "presets", "template"]


def test_more_releases_cost_little_more(tmp_path: Path, clone: Path, installed: Path) -> None:
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", "--branch", "v0.10.0", str(clone), str(repository))
    for number in range(11, 21):
        with (repository / "template" / "README.md.jinja").open("a") as readme:
            readme.write(f"What is new in {number}\n")
        checkout.release(repository, f"v0.{number}.0")
    unpacked = unpack(build(repository, "sdist", tmp_path / "dist"), tmp_path / "unpacked")
    four = (installed / "shipsmith" / "_data" / "history.bundle").stat().st_size
    fourteen = (unpacked / "history.bundle").stat().st_size
    assert fourteen < 1.1 * four


def test_a_wheel_from_the_source_distribution_is_the_same(tmp_path: Path, clone: Path, wheel: Path) -> None:
    """Which has no repository, and carries the history."""
    unpacked = unpack(build(clone, "sdist", tmp_path / "dist"), tmp_path / "unpacked")
    assert build(unpacked, "wheel", tmp_path / "dist").read_bytes() == wheel.read_bytes()


def test_an_unpacked_source_distribution_knows_the_releases(tmp_path: Path, clone: Path) -> None:
    unpacked = unpack(build(clone, "sdist", tmp_path / "dist"), tmp_path / "unpacked")
    made = make(tmp_path / "orders", unpacked / "generator", "--at", "v0.9.0")
    assert made["EDITION"] == b"second\n"


def test_a_commit_that_is_not_released_builds_what_says_so(
    tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", str(clone), str(repository))
    checkout.git(repository, "commit", "--quiet", "--allow-empty", "--message", "one")
    described = checkout.git(repository, "describe", "--tags").strip()
    unpacked = unpack(build(repository, "sdist", tmp_path / "dist"), tmp_path / "unpacked")
    assert json.loads((unpacked / "history.json").read_text())["version"] == described
    stand_in(unpacked, monkeypatch)
    assert versions.newest() == versions.Template(described, unpacked)
    assert versions.passed("v0.9.0", described) == ["v0.10.0"]


@pytest.mark.parametrize("damage", ["no repository", "shallow"])
def test_a_build_that_would_lose_the_history_fails(tmp_path: Path, clone: Path, damage: str) -> None:
    repository = tmp_path / "shipsmith"
    checkout.git(clone, "clone", "--quiet", "--depth=1", clone.as_uri(), str(repository))
    if damage == "no repository":
        rmtree(repository / ".git")
    reasons = {"no repository": "Build from a full clone", "shallow": "git fetch --unshallow --tags"}
    with pytest.raises(subprocess.CalledProcessError) as failure:
        build(repository, "wheel", tmp_path / "dist")
    assert reasons[damage] in failure.value.stderr
