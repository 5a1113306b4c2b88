"""Files that git ignores are replaced, and put back, with their modes, types and times; edits are kept."""

import os
import stat
from pathlib import Path

import pytest

from ..support.updates.small import Small, commit, git, write

NAME = "local/settings.env"
UPDATE = ("update", "--to", "v0.2.0")


@pytest.fixture
def ignoring(small: Small, project: Path) -> Path:
    """A project that ignores a rendered file, which is as it was rendered."""
    git(project, "rm", "-q", "--cached", NAME)
    commit(project, {".gitignore": "local\nlocal/\n"})
    return project


def _state(file: Path) -> tuple[object, ...]:
    status = file.lstat()
    content = os.readlink(file) if file.is_symlink() else file.read_bytes()
    return stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode), status.st_mtime_ns, content


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o700, 0o666, 0o4600, 0o2640])
def test_a_file_keeps_its_mode(small: Small, ignoring: Path, mode: int) -> None:
    """The new content is read by whom the old was; bits that give rights to it do not go over."""
    file = ignoring / NAME
    file.chmod(mode)
    os.utime(file, (1e9, 1e9))
    before = _state(file)
    assert small.run(ignoring, *UPDATE).returncode == 0
    assert file.read_text() == "A=2\n"
    assert stat.S_IMODE(file.stat().st_mode) == mode & 0o777
    assert small.run(ignoring, "undo").returncode == 0
    assert _state(file) == before


def test_a_new_file_is_no_more_readable_than_the_users_other_files(small: Small, ignoring: Path) -> None:
    (ignoring / NAME).write_text("A=edited\n")
    mask = os.umask(0o077)
    try:
        assert small.run(ignoring, *UPDATE).returncode == 0
    finally:
        os.umask(mask)
    assert stat.S_IMODE((ignoring / f"{NAME}.new").stat().st_mode) == 0o600


@pytest.mark.parametrize("target", ["same.env", "nowhere.env", "folder", "/dev/null"])
def test_a_link_stays_a_link(small: Small, ignoring: Path, target: str) -> None:
    """Also one to a file with the content that was rendered, one that dangles, and one to a folder."""
    file = ignoring / NAME
    file.rename(ignoring / "local/same.env")
    (ignoring / "local/folder").mkdir()
    file.symlink_to(target)
    before = _state(file)
    updated = small.run(ignoring, *UPDATE)
    assert updated.returncode == 0
    assert f"{NAME}: edited by you and ignored by git; the new version is in {NAME}.new" in updated.stdout
    assert _state(file) == before
    assert (ignoring / "local/same.env").read_text() == "A=1\n"
    assert (ignoring / f"{NAME}.new").read_text() == "A=2\n"
    assert small.run(ignoring, "undo").returncode == 0
    assert _state(file) == before
    assert not (ignoring / f"{NAME}.new").exists()


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_stays(small: Small, ignoring: Path, kind: str) -> None:
    file = ignoring / NAME
    file.unlink()
    if kind == "folder":
        write(file / "own.env", "mine\n")
    else:
        os.mkfifo(file)
    before = stat.S_IFMT(file.lstat().st_mode)
    assert small.run(ignoring, *UPDATE).returncode == 0
    assert small.run(ignoring, "undo").returncode == 0
    assert stat.S_IFMT(file.lstat().st_mode) == before
    assert kind != "folder" or (file / "own.env").read_text() == "mine\n"


def test_a_dangling_link_is_not_taken_for_a_free_name(small: Small, ignoring: Path) -> None:
    (ignoring / NAME).write_text("A=edited\n")
    beside = ignoring / f"{NAME}.new"
    beside.symlink_to("nowhere")
    updated = small.run(ignoring, *UPDATE)
    assert f"the new version is in {NAME}.new2" in updated.stdout
    assert os.readlink(beside) == "nowhere"


def test_nothing_is_written_through_a_folder_that_is_a_link(small: Small, ignoring: Path) -> None:
    """It is told, and the rest is updated."""
    elsewhere = ignoring.parent / "elsewhere"
    (ignoring / "local").rename(elsewhere)
    (ignoring / "local").symlink_to(elsewhere)
    updated = small.run(ignoring, *UPDATE)
    assert updated.returncode == 0, updated.stderr
    assert f"{NAME}: its folder is a symbolic link here" in updated.stdout
    assert (elsewhere / "settings.env").read_text() == "A=1\n"
    assert sorted(os.listdir(elsewhere)) == ["settings.env"]
    assert small.run(ignoring, "undo").returncode == 0
    assert os.readlink(ignoring / "local") == str(elsewhere)


def test_undo_keeps_what_was_done_to_a_file_since(small: Small, ignoring: Path) -> None:
    """Each time in a folder of its own."""
    file = ignoring / NAME
    for number in (1, 2):
        assert small.run(ignoring, *UPDATE).returncode == 0
        file.write_text(f"A=much work {number}\n")
        undone = small.run(ignoring, "undo")
        folder = ignoring / f".git/shipsmith/undone/{number}"
        assert f"Your edits of ignored files are kept in {folder}." in undone.stdout
        assert (folder / NAME).read_text() == f"A=much work {number}\n"
        assert file.read_text() == "A=1\n"


def test_secrets_are_not_written_into_gits_objects(small: Small, ignoring: Path) -> None:
    """They would be readable by all who can read the repository, and stay."""
    (ignoring / NAME).write_text("A=secret\n")
    assert small.run(ignoring, *UPDATE).returncode == 0
    assert small.run(ignoring, "undo").returncode == 0
    oid = git(ignoring, "hash-object", NAME).strip()
    assert oid not in git(ignoring, "cat-file", "--batch-all-objects", "--batch-check")


def test_git_gc_takes_nothing_that_undo_needs(small: Small, ignoring: Path) -> None:
    before = _state(ignoring / NAME)
    assert small.run(ignoring, *UPDATE).returncode == 0
    git(ignoring, "gc", "-q", "--prune=now")
    assert small.run(ignoring, "undo").returncode == 0
    assert _state(ignoring / NAME) == before
    assert git(ignoring, "status", "--porcelain") == ""


def test_git_in_a_folder_on_another_file_system(
    monkeypatch: pytest.MonkeyPatch, small: Small, ignoring: Path
) -> None:
    """Then files are copied, with their modes."""
    (ignoring / NAME).chmod(0o600)
    before = _state(ignoring / NAME)
    apart = Small(small.template, small.cache, prelude=APART)
    assert apart.run(ignoring, *UPDATE).returncode == 0
    assert (ignoring / NAME).read_text() == "A=2\n"
    assert apart.run(ignoring, "undo").returncode == 0
    assert _state(ignoring / NAME) == before


APART = """\
import errno, os
replace = os.replace
def apart(source, target):
    if ('.git/' in str(source)) != ('.git/' in str(target)):
        raise OSError(errno.EXDEV, 'Invalid cross-device link')
    replace(source, target)
os.replace = apart
"""
