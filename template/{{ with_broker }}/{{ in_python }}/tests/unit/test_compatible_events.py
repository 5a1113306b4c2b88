"""What others that know an older schema can go on with."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..compatible_events import NOTHING, main, refused, unreadable

OLD: dict[str, Any] = {
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "state": {"type": "string", "enum": ["new"]},
        "price": {"type": ["string", "null"], "pattern": "[0-9]+"},
    },
    "required": ["id", "state", "price"],
}


def changed(name: str, **schema: object) -> dict[str, Any]:
    properties = {**OLD["properties"], name: {**OLD["properties"].get(name, {}), **schema}}
    return {**OLD, "properties": properties}


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        changed("colour", type="string"),
        changed("price", type="string"),
        changed("state", enum=["new", "gone"]),
        changed("id", description="of the entity"),
    ],
)
def test_old_consumers_can_read_it(new: dict[str, Any]) -> None:
    assert list(unreadable(OLD, new)) == []


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ({**OLD, "properties": {"id": OLD["properties"]["id"]}}, "state is gone"),
        ({**OLD, "required": ["id", "state"]}, "price may be absent"),
        (changed("state", type=["string", "null"]), "state may also be null"),
        (changed("id", type="integer"), "id may also be integer"),
        (changed("id", format="date"), "id has another format"),
        (changed("price", pattern=".*"), "price has another pattern"),
    ],
)
def test_old_consumers_could_not_read_it(new: dict[str, Any], problem: str) -> None:
    assert problem in list(unreadable(OLD, new))


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        changed("colour", type="string"),
        changed("id", type=["string", "null"]),
        changed("state", enum=["new", "gone"]),
        {**OLD, "required": ["id"]},
    ],
)
def test_old_commands_are_accepted(new: dict[str, Any]) -> None:
    assert list(refused(OLD, new)) == []


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (NOTHING, "state is not accepted any more"),
        ({**changed("colour", type="string"), "required": ["colour"]}, "colour is required now"),
        (changed("price", type="string"), "price can no longer be null"),
        (changed("state", enum=["gone"]), "state can no longer be new"),
        (changed("id", format="date"), "id has another format"),
    ],
)
def test_old_commands_would_be_refused(new: dict[str, Any], problem: str) -> None:
    assert problem in list(refused(OLD, new))


def git(*arguments: str, folder: Path) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_a_shallow_clone_without_the_last_release_is_a_failure(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    git("init", "--quiet", str(there), folder=tmp_path)
    for message in ("first", "second"):
        git("commit", "--quiet", "--allow-empty", "--message", message, folder=there)
    monkeypatch.chdir(there)
    main()
    assert "Nothing to compare with" in capsys.readouterr().out
    git("clone", "--quiet", "--depth=1", f"file://{there}", str(here), folder=tmp_path)
    monkeypatch.chdir(here)
    with pytest.raises(SystemExit, match="git fetch --tags --unshallow"):
        main()
