"""The journal is a file that anything can have happened to: it is read as data of a stranger."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shipsmith.errors import UserError
from shipsmith.git.objects import Entry
from shipsmith.update import journal
from shipsmith.update.journal import Journal

from ..support.updates.small import Small, contents, git, write

Edit = Callable[[dict[str, Any]], object]

OUTSIDE = [
    "../outside.txt",
    "a/../../outside.txt",
    "/tmp/outside.txt",
    ".git/config",
    "sub/.GIT/config",
    ".git",
    "a//b",
    "./a",
    "",
    "a\0b",
    "\ud800",
]
ENTRY = Entry("100644", "0" * 40)
DAMAGED = "is damaged, so shipsmith cannot undo the change that it describes"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal as it is written."""
    changes = {"service.py": (ENTRY, None), os.fsdecode(b"caf\xe9.txt"): (None, ENTRY)}
    written = Journal("1" * 40, "Add redis", changes, ("v1", "v2"), ["service.py"], {".env": (None, ENTRY)})
    journal.write(tmp_path, written)
    assert journal.read(tmp_path) == written
    return tmp_path / "change.json"


def _added(field: str, path: str) -> Edit:
    return lambda data: data[field].update({path: [None, ENTRY]})


def _edit(file: Path, edit: Edit) -> None:
    data = json.loads(file.read_text())
    edit(data)
    file.write_text(json.dumps(data))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b"{}", b'"text"', b"\0" * 512, b"\xff\xfe", b"[" * 100_000, b"1" * 10_000],
    ids=["empty", "cut", "null", "list", "no fields", "text", "zeros", "no UTF-8", "deep", "long number"],
)
def test_what_is_no_journal_is_told(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UserError, match=DAMAGED):
        journal.read(file.parent)


def test_a_journal_that_was_cut_anywhere_is_told(file: Path) -> None:
    content = file.read_bytes()
    for length in range(len(content)):
        file.write_bytes(content[:length])
        with pytest.raises(UserError, match=DAMAGED):
            journal.read(file.parent)


def test_an_endless_journal_is_not_read_to_its_end(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(UserError, match=DAMAGED):
        journal.read(file.parent)


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_a_journal_that_is_no_file_is_told(file: Path, kind: str) -> None:
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to("/dev/zero")
    with pytest.raises(UserError, match=DAMAGED):
        journal.read(file.parent)


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_never_leaves_the_repository(file: Path, path: str) -> None:
    content = file.read_text()
    for field in ("changes", "outside"):
        file.write_text(content)
        _edit(file, _added(field, path))
        with pytest.raises(UserError, match=DAMAGED):
            journal.read(file.parent)
    file.write_text(content)
    _edit(file, lambda data: data["conflicts"].append(path))
    with pytest.raises(UserError, match=DAMAGED):
        journal.read(file.parent)


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: data.update(head="HEAD"),
        lambda data: data.update(head=""),
        lambda data: data.update(head=None),
        lambda data: data.update(title=["a"]),
        lambda data: data.update(phase="finished"),
        lambda data: data.update(versions=["v0.1.0"]),
        lambda data: data.update(versions=None),
        lambda data: data.update(conflicts="service.py"),
        lambda data: data.update(conflicts=[1]),
        lambda data: data.update(changes=[]),
        lambda data: data["changes"].update(a=None),
        lambda data: data["changes"].update(a=[None]),
        lambda data: data["changes"].update(a=[None, ["100644"]]),
        lambda data: data["changes"].update(a=[None, ["100644", "--all"]]),
        lambda data: data["changes"].update(a=[None, ["rw-r--r--", "0" * 40]]),
        lambda data: data.update(kept="-m"),
        lambda data: data.update(kept=0),
        lambda data: data.update(format="1"),
        lambda data: data.pop("outside"),
    ],
)
def test_a_field_that_is_not_as_it_should_be_is_told(file: Path, edit: Edit) -> None:
    _edit(file, edit)
    with pytest.raises(UserError, match=DAMAGED):
        journal.read(file.parent)


def test_a_journal_of_a_newer_version_is_told(file: Path) -> None:
    _edit(file, lambda data: data.update(format=2, phase="a new one"))
    with pytest.raises(UserError, match=r"was written by a newer shipsmith\. Upgrade it"):
        journal.read(file.parent)


def test_a_title_reaches_the_terminal_as_text(file: Path) -> None:
    _edit(file, lambda data: data.update(title="Update\x1b[2J\u202e"))
    read = journal.read(file.parent)
    assert read
    assert read.title == "Update?[2J?"


def test_every_command_tells_of_a_damaged_journal_and_the_advice_helps(small: Small, project: Path) -> None:
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 0
    file = project / ".git/shipsmith/change.json"
    file.write_bytes(file.read_bytes()[:-40])
    before = contents(project)
    for command in ("undo", "continue", "status", "update"):
        result = small.run(project, command)
        assert result.returncode == 1, (command, result.stdout, result.stderr)
        assert f"`git restore --staged --worktree FILE` restores a file. Then remove {file}" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert contents(project) == before
    git(project, "restore", "--staged", "--worktree", ".")
    file.unlink()
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 0
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == ""


def test_a_path_never_leaves_by_a_link(small: Small, project: Path) -> None:
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 0
    write(project.parent / "elsewhere/file.txt", "not of this repository\n")
    (project / "link").symlink_to(project.parent / "elsewhere")
    file = project / ".git/shipsmith/change.json"
    _edit(file, _added("outside", "link/file.txt"))
    content = file.read_text()
    for phase in ("applying", "applied", "undoing"):
        file.write_text(content.replace('"applied"', f'"{phase}"'))
        result = small.run(project, "undo")
        assert result.returncode == 1
        assert "link was a folder and is now a symbolic link" in result.stderr
    assert (project.parent / "elsewhere/file.txt").read_text() == "not of this repository\n"
    (project / "link").unlink()
    assert small.run(project, "undo").returncode == 0
