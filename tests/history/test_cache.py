"""Versions are expanded into the cache once, whole, and again where they were damaged."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import Process, Value
from pathlib import Path
from shutil import rmtree

import pytest
from shipsmith.git import objects
from shipsmith.template import location, versions

from ..support import checkout
from ..support.command_line import left_in, shipsmith
from ..support.releases import NEW, files, replace

AT_ONCE = 20
REPAIRS = 5


def test_modes_and_links_are_kept(in_installation: Path) -> None:
    shared = versions.template("v0.1.0").root / "template" / "_shared"
    assert os.access(shared / "run.sh", os.X_OK)
    assert not os.access(shared / "names.jinja", os.X_OK)
    assert os.readlink(shared / "link") == "names.jinja"


def test_our_ids_are_those_of_git(tmp_path: Path) -> None:
    """Entries whose order differs by whether a name is a folder's."""
    for name in ("a/x", "a.b", "a0", "ä", "empty"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name * (name != "empty"))
    checkout.git(tmp_path, "init", "--quiet")
    checkout.git(tmp_path, "add", "--all")
    expected = checkout.git(tmp_path, "write-tree").strip()
    rmtree(tmp_path / ".git")
    assert objects.folder_id(tmp_path) == expected


def damage_by_change(folder: Path) -> None:
    replace(folder / "copier.yml", "lowercase", "uppercase")


def damage_by_loss(folder: Path) -> None:
    rmtree(folder / "presets")


def damage_by_addition(folder: Path) -> None:
    (folder / "template" / "more").mkdir()
    (folder / "template" / "more" / "file").touch()


def damage_of_mode(folder: Path) -> None:
    (folder / "template" / "_shared" / "run.sh").chmod(0o644)


def damage_of_kind(folder: Path) -> None:
    """A folder where a file was, a file where a folder was, and another link."""
    (folder / "copier.yml").unlink()
    (folder / "copier.yml").mkdir()
    rmtree(folder / "presets")
    (folder / "presets").touch()
    (folder / "template" / "_shared" / "link").unlink()
    (folder / "template" / "_shared" / "link").symlink_to("elsewhere")


@pytest.mark.parametrize(
    "damage", [damage_by_change, damage_by_loss, damage_by_addition, damage_of_mode, damage_of_kind]
)
def test_what_is_damaged_is_made_anew(
    in_installation: Path, cache: Path, damage: Callable[[Path], None]
) -> None:
    root = versions.template("v0.1.0").root
    expected = files(root)
    damage(root)
    assert files(root) != expected or damage is damage_of_mode
    assert versions.template("v0.1.0").root == root
    assert files(root) == expected
    assert objects.folder_id(root) == root.name
    assert left_in(cache) == [root.name]


def test_what_is_intact_is_left_alone(in_installation: Path) -> None:
    """And byte code beside it is no damage."""
    root = versions.template("v0.1.0").root
    (root / "template" / "__pycache__").mkdir()
    (root / "template" / "__pycache__" / "x.pyc").touch()
    before = (root / "copier.yml").stat()
    versions.template("v0.1.0")
    after = (root / "copier.yml").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert (root / "template" / "__pycache__" / "x.pyc").is_file()


@pytest.mark.parametrize("kind", ["clone", "installed"])
def test_many_processes_at_once_expand_a_version_once(
    request: pytest.FixtureRequest, tmp_path: Path, cache: Path, kind: str
) -> None:
    """From an empty cache; each finds the whole, and nothing else is left."""
    root = request.getfixturevalue(kind)
    package = root / "generator" if kind == "clone" else root
    program = (
        "from shipsmith.git import objects\n"
        "from shipsmith.template import versions\n"
        "root = versions.template('v0.1.0').root\n"
        "print(root.name, objects.folder_id(root), (root / 'copier.yml').stat().st_ino)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(package)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(AT_ONCE)
    ]
    said = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * AT_ONCE
    assert len(set(map(tuple, said))) == 1
    name, content, _ = said[0]
    assert name == content
    assert left_in(cache) == [name]


def test_readers_are_not_disturbed_while_a_damaged_version_is_made_anew(in_installation: Path) -> None:
    root = versions.template("v0.1.0").root
    with reading(root / "template" / "_shared" / "names.jinja") as reads:
        for _ in range(REPAIRS):
            damage_by_change(root)
            damage_by_addition(root)
            versions.template("v0.1.0")
    assert reads() > 0


def test_what_a_killed_process_left_is_removed(in_installation: Path, cache: Path) -> None:
    (cache / ".making-dead" / "template").mkdir(parents=True)
    root = versions.template("v0.1.0").root
    assert left_in(cache) == [root.name]


def test_a_cache_that_cannot_be_used_is_said_to_be(tmp_path: Path, installed: Path) -> None:
    (tmp_path / "file").touch()
    arguments = (*NEW, "orders", "--at", "v0.1.0")
    result = shipsmith(*arguments, cwd=tmp_path, PYTHONPATH=str(installed), XDG_CACHE_HOME=f"{tmp_path}/file")
    assert result.returncode == 1
    assert "the cache cannot be used (Not a directory)" in result.stderr
    assert "XDG_CACHE_HOME" in result.stderr


def test_a_relative_cache_folder_counts_for_nothing(
    in_installation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert versions.template("v0.1.0").root.is_relative_to(tmp_path / ".cache" / "shipsmith" / "templates")


def test_an_installation_needs_no_cache_for_its_own_version(in_installation: Path, cache: Path) -> None:
    assert versions.newest() == versions.Template("v0.10.0", location.root())
    assert not cache.exists()


@contextmanager
def reading(path: Path) -> Iterator[Callable[[], int]]:
    """Another process reads a file all the time, and must find it whole; how often it did."""
    going, reads = Value("b", True), Value("i", 0)

    def read() -> None:
        expected = path.read_bytes()
        while going.value:
            assert path.read_bytes() == expected
            reads.value += 1

    reader = Process(target=read)
    reader.start()
    try:
        yield lambda: reads.value
    finally:
        going.value = False
        reader.join()
    assert reader.exitcode == 0
