"""Two projects in one repository: each command changes one of them, and the other stays as it is."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ..support.updates.small import SERVICE, Small, commit, contents, git

CHANGED = SERVICE.replace("line 3\n", "line three\n")
FOLDERS = ("services/orders", "services/orders-2")


@pytest.fixture
def repository(tmp_path: Path, small: Small) -> Path:
    root = tmp_path / "the company's"
    root.mkdir()
    git(root, "init", "-q")
    git(root, "config", "user.name", "someone")
    git(root, "config", "user.email", "someone@localhost")
    for folder in FOLDERS:
        made = small.run(root, "new", folder, "--at", "v0.1.0", "--defaults")
        assert made.returncode == 0, made.stderr
    commit(root, {"service.py": "not a part of any\n"})
    return root


def changed(repository: Path) -> set[str]:
    """The folders with staged changes."""
    paths = git(repository, "diff", "--cached", "--name-only").split()
    return {"/".join(path.split("/")[:2]) for path in paths}


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize(
    "command", [["update", "--to", "v0.2.0"], ["add", "redis", "grpc"], ["set", "cache=memory"]]
)
@pytest.mark.parametrize("inside", [True, False])
def test_a_change_is_made_and_undone_in_one_project(
    small: Small, repository: Path, folder: str, command: list[str], inside: bool
) -> None:
    before = contents(repository)
    where = [] if inside else [folder] if command[0] == "update" else ["--path", folder]
    start = repository / folder if inside else repository
    made = small.run(start, *command, *where)
    assert made.returncode == 0, made.stderr
    assert changed(repository) == {folder}
    undone = small.run(start, "undo", *([] if inside else [folder]))
    assert undone.returncode == 0, undone.stderr
    assert contents(repository) == before
    assert git(repository, "status", "--porcelain") == ""


def test_one_is_updated_after_the_other_is_committed(small: Small, repository: Path) -> None:
    first, second = FOLDERS
    assert small.run(repository, "update", first, "--to", "v0.2.0").returncode == 0
    refused = small.run(repository, "update", second, "--to", "v0.2.0")
    assert (refused.returncode, "Commit it, or: shipsmith undo" in refused.stderr) == (1, True)
    git(repository, "commit", "-qm", "updated")
    assert small.run(repository, "update", second, "--to", "v0.2.0").returncode == 0
    git(repository, "commit", "-qm", "updated")
    for folder in FOLDERS:
        assert (repository / folder / "service.py").read_text() == CHANGED
    assert (repository / "service.py").read_text() == "not a part of any\n"


def test_of_two_updates_at_once_one_is_made_and_the_other_says_why_not(
    small: Small, repository: Path
) -> None:
    with ThreadPoolExecutor() as threads:
        results = list(
            threads.map(lambda folder: small.run(repository, "update", folder, "--to", "v0.2.0"), FOLDERS)
        )
    done = [folder for folder, result in zip(FOLDERS, results, strict=True) if result.returncode == 0]
    assert len(done) == 1
    (refused,) = (result.stderr for result in results if result.returncode)
    assert any(each in refused for each in ("another shipsmith is changing", "not committed", "uncommitted"))
    assert changed(repository) == set(done)
    git(repository, "commit", "-qm", "updated")
    (other,) = set(FOLDERS) - set(done)
    assert small.run(repository, "update", other, "--to", "v0.2.0").returncode == 0


def test_conflicts_of_one_project_are_resolved_and_continued_in_it(small: Small, repository: Path) -> None:
    folder = FOLDERS[0]
    assert small.run(repository / folder, "add", "grpc").returncode == 0
    commit(repository, {f"{folder}/service.py": SERVICE.replace("line 3\n", "mine\n")})
    assert small.run(repository / folder, "update", "--to", "v0.2.0").returncode == 3
    assert "<<<<<<< yours" in (repository / folder / "service.py").read_text()
    (repository / folder / "service.py").write_text(CHANGED)
    git(repository, "add", f"{folder}/service.py")
    continued = small.run(repository, "continue", folder)
    assert continued.returncode == 0, continued.stderr
    assert changed(repository) == {folder}
    assert "name" in (repository / folder / "src/orders/v1/orders_pb2.pyi").read_text()


@pytest.mark.parametrize("ignoring", [".gitignore", f"{FOLDERS[0]}/.gitignore"])
def test_files_that_are_ignored_are_replaced_in_one_project(
    small: Small, repository: Path, ignoring: str
) -> None:
    for folder in FOLDERS:
        git(repository, "rm", "-q", "--cached", f"{folder}/local/settings.env")
    pattern = "settings.env\n" if "/" in ignoring else "/services/*/local/\n"
    commit(repository, {ignoring: pattern})
    before = contents(repository)
    made = small.run(repository / FOLDERS[0], "update", "--to", "v0.2.0", "--json")
    assert made.returncode == 0, made.stderr
    assert (repository / FOLDERS[0] / "local/settings.env").read_text() == "A=2\n"
    assert (repository / FOLDERS[1] / "local/settings.env").read_text() == "A=1\n"
    assert small.run(repository / FOLDERS[0], "undo").returncode == 0
    assert contents(repository) == before


def test_the_status_of_one_project_does_not_know_of_the_other(small: Small, repository: Path) -> None:
    commit(repository, {f"{FOLDERS[1]}/service.py": "mine\n", f"{FOLDERS[1]}/old.txt": None})
    first, second = (
        json.loads(small.run(repository, "status", folder, "--json").stdout) for folder in FOLDERS
    )
    assert (first["edited"], first["deleted"]) == ([], [])
    assert (second["edited"], second["deleted"]) == (["service.py"], ["old.txt"])
    shown = small.run(repository / FOLDERS[1], "diff")
    assert "mine" in shown.stdout
    assert small.run(repository / FOLDERS[0], "diff").stdout == ""


def test_what_an_answer_was_before_is_known_in_a_folder_as_well(small: Small, repository: Path) -> None:
    for command in (["set", "cache=memory"], ["add", "redis"]):
        assert small.run(repository / FOLDERS[0], *command).returncode == 0
        git(repository, "commit", "-qm", command[0])
    removed = small.run(repository / FOLDERS[0], "remove", "redis")
    assert "cache: redis -> memory" in removed.stdout
