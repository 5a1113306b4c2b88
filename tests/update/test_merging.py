"""What an update makes of each way in which people change their project."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from shipsmith.rendering.derived import own_lock

from ..support.updates.small import HELPER, LOGO, PYPROJECT, SERVICE, Small, commit, contents, git


def update(small: Small, project: Path, to: str = "v0.2.0", status: int = 0) -> dict[str, Any]:
    """Update, and return the report."""
    result = small.run(project, "update", "--to", to, "--json")
    assert result.returncode == status, result.stderr
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def left_alone(report: dict[str, Any]) -> dict[str, str]:
    return {each["path"]: each["reason"] for each in report["left_alone"]}


def test_an_untouched_project_becomes_what_the_new_version_makes(
    tmp_path: Path, small: Small, project: Path
) -> None:
    """Its locks included, which are in no render; only a file that is the user's own stays as it was."""
    report = update(small, project)
    fresh = contents(small.project(tmp_path / "fresh" / "orders", version="v0.2.0"))
    assert contents(project) == fresh | {"owned.txt": b"to begin with\n"}
    assert report["added"] == ["added.txt"]
    assert report["removed"] == ["old.txt"]
    assert report["renamed"] == {"helper.py": "library.py", "tools/run.sh": "scripts/run.sh"}
    assert report["notes"] == ["Read this."]
    assert left_alone(report) == {"owned.txt": "it is yours once it is created"}


def test_what_changes_is_staged_and_not_committed(small: Small, project: Path) -> None:
    before = git(project, "rev-parse", "HEAD")
    update(small, project)
    assert git(project, "rev-parse", "HEAD") == before
    assert git(project, "diff", "--name-only") == ""
    assert "added.txt" in git(project, "diff", "--cached", "--name-only")


def test_edits_elsewhere_in_a_file_are_merged(small: Small, project: Path) -> None:
    commit(project, {"service.py": SERVICE.replace("line 20\n", "mine\n")})
    assert update(small, project)["conflicts"] == []
    assert (project / "service.py").read_text() == SERVICE.replace("line 20\n", "mine\n").replace(
        "line 3\n", "line three\n"
    )


def test_edits_of_the_same_line_are_a_conflict_that_shows_all_sides(small: Small, project: Path) -> None:
    commit(project, {"service.py": SERVICE.replace("line 3\n", "mine\n")})
    assert update(small, project, status=3)["conflicts"] == ["service.py"]
    yours = "<<<<<<< yours\nmine\n||||||| shipsmith v0.1.0\nline 3\n"
    theirs = "=======\nline three\n>>>>>>> shipsmith v0.2.0\n"
    assert (project / "service.py").read_text() == SERVICE.replace("line 3\n", yours + theirs)
    assert [line.split()[2] for line in git(project, "ls-files", "--unmerged").splitlines()] == [
        "1",
        "2",
        "3",
    ]


def test_an_edit_follows_a_file_that_the_template_renamed(small: Small, project: Path) -> None:
    commit(project, {"helper.py": HELPER.replace("return 9\n", "return 99\n")})
    assert update(small, project)["conflicts"] == []
    assert (project / "library.py").read_text() == HELPER.replace("return 9\n", "return 99\n").replace(
        "return 3\n", "return 33\n"
    )
    assert not (project / "helper.py").exists()


def test_a_change_follows_a_file_that_the_user_renamed(small: Small, project: Path) -> None:
    (project / "service.py").rename(project / "business.py")
    commit(project, {})
    assert update(small, project)["conflicts"] == []
    assert (project / "business.py").read_text() == SERVICE.replace("line 3\n", "line three\n")
    assert not (project / "service.py").exists()


def test_a_file_that_both_renamed_stays_where_the_user_put_it(small: Small, project: Path) -> None:
    (project / "helper.py").rename(project / "tools.py")
    commit(project, {})
    update(small, project)
    assert (project / "tools.py").read_text() == HELPER.replace("return 3\n", "return 33\n")
    assert not (project / "library.py").exists()


def test_files_of_the_users_own_go_with_a_folder_that_the_template_moves(small: Small, project: Path) -> None:
    commit(project, {"tools/mine.sh": "mine\n"})
    assert update(small, project)["renamed"]["tools/mine.sh"] == "scripts/mine.sh"
    assert (project / "scripts/mine.sh").read_text() == "mine\n"
    assert not (project / "tools").exists()


def test_a_file_where_the_template_moves_one_to_is_not_lost(small: Small, project: Path) -> None:
    commit(project, {"library.py": "mine = 1\n", "helper.py": HELPER + "also_mine = 2\n"})
    report = update(small, project, status=3)
    everything = b"".join(contents(project).values())
    assert b"mine = 1\n" in everything
    assert b"also_mine = 2\n" in everything
    assert set(report["conflicts"]) == {"library.py", "helper.py"}


def test_files_that_the_user_deleted_stay_deleted(small: Small, project: Path) -> None:
    commit(project, {"service.py": None, "old.txt": None})
    report = update(small, project)
    assert not (project / "service.py").exists()
    assert left_alone(report)["service.py"] == "you deleted it"
    assert "old.txt" not in left_alone(report)


def test_files_of_the_users_own_are_not_touched(small: Small, project: Path) -> None:
    commit(project, {"mine.py": "x = 1\n", "deep/er.txt": "y\n"})
    update(small, project)
    assert (project / "mine.py").read_text() == "x = 1\n"
    assert (project / "deep/er.txt").read_text() == "y\n"


def test_a_file_that_the_template_drops_is_a_conflict_where_the_user_edited_it(
    small: Small, project: Path
) -> None:
    commit(project, {"old.txt": "mine\n"})
    assert update(small, project, status=3)["conflicts"] == ["old.txt"]
    assert (project / "old.txt").read_text() == "mine\n"


def test_the_same_new_file_on_both_sides_is_no_conflict_and_another_one_is(
    small: Small, project: Path
) -> None:
    commit(project, {"added.txt": "new in v0.2.0\n"})
    assert update(small, project)["conflicts"] == []
    small.run(project, "undo")
    commit(project, {"added.txt": "mine\n"})
    assert update(small, project, status=3)["conflicts"] == ["added.txt"]
    text = (project / "added.txt").read_text()
    assert "mine\n" in text
    assert "new in v0.2.0\n" in text


def test_a_file_that_becomes_a_folder_of_the_users_is_not_lost(small: Small, project: Path) -> None:
    """The new version has a file where the user has a folder."""
    commit(project, {"added.txt/mine.txt": "mine\n"})
    update(small, project, status=3)
    assert (project / "added.txt/mine.txt").read_text() == "mine\n"


def test_an_edited_binary_is_kept_as_a_conflict(small: Small, project: Path) -> None:
    commit(project, {"logo.png": LOGO + b"\0mine"})
    assert update(small, project, status=3)["conflicts"] == ["logo.png"]
    assert (project / "logo.png").read_bytes() == LOGO + b"\0mine"


def test_mode_bits_and_symbolic_links_are_merged(small: Small, project: Path) -> None:
    (project / "service.py").chmod(0o755)
    (project / "link").symlink_to("service.py")
    commit(project, {})
    update(small, project)
    assert os.access(project / "service.py", os.X_OK)
    assert os.access(project / "scripts/run.sh", os.X_OK)
    assert "line three\n" in (project / "service.py").read_text()
    assert os.readlink(project / "link") == "service.py"


def test_windows_line_ends_in_the_working_tree_are_kept(small: Small, project: Path) -> None:
    git(project, "config", "core.autocrlf", "true")
    git(project, "rm", "-rq", "--cached", ".")
    git(project, "reset", "-q", "--hard")
    assert b"\r\n" in (project / "service.py").read_bytes()
    report = update(small, project)
    assert report["conflicts"] == []
    assert (project / "service.py").read_bytes() == SERVICE.replace("line 3\n", "line three\n").replace(
        "\n", "\r\n"
    ).encode()


def test_windows_line_ends_that_were_committed_are_kept(small: Small, project: Path) -> None:
    commit(project, {"service.py": SERVICE.replace("line 20\n", "mine\n").replace("\n", "\r\n")})
    assert update(small, project)["conflicts"] == []
    expected = (
        SERVICE.replace("line 20\n", "mine\n").replace("line 3\n", "line three\n").replace("\n", "\r\n")
    )
    assert (project / "service.py").read_bytes() == expected.encode()


def test_an_ignored_file_is_replaced_where_it_is_as_it_was_made(small: Small, project: Path) -> None:
    git(project, "rm", "-rq", "--cached", "local")
    commit(project, {".gitignore": "local/\n"})
    update(small, project)
    assert (project / "local/settings.env").read_text() == "A=2\n"
    small.run(project, "undo")
    assert (project / "local/settings.env").read_text() == "A=1\n"


def test_an_ignored_file_that_was_edited_is_kept_and_the_new_one_put_beside_it(
    small: Small, project: Path
) -> None:
    git(project, "rm", "-rq", "--cached", "local")
    commit(project, {".gitignore": "local/\n", "local/settings.env": "A=mine\n"})
    report = update(small, project)
    assert (project / "local/settings.env").read_text() == "A=mine\n"
    assert (project / "local/settings.env.new").read_text() == "A=2\n"
    assert "local/settings.env.new" in left_alone(report)["local/settings.env"]


def test_a_lock_keeps_what_the_user_added_to_it(small: Small, project: Path) -> None:
    """The template moves one pin, the user added another package."""
    lock = (project / "requirements.lock").read_text()
    added = "httpx==1.0 \\\n    --hash=sha256:dd\n"
    wanted = PYPROJECT.replace("{{ service_name }}", "orders").replace(
        "{{ ', \"redis\"' if cache == 'redis' else '' }}", ', "httpx"'
    )
    commit(project, {"requirements.lock": lock + added, "pyproject.toml": wanted})
    assert update(small, project)["conflicts"] == []
    assert (project / "requirements.lock").read_text() == lock.replace("4.1", "4.2") + added


@pytest.mark.parametrize(
    ("pinned", "becomes"),
    [
        ("shipsmith==0.1.0\n", "shipsmith==0.2.0\n"),
        ("shipsmith==0.1.5 \\\n    --hash=sha256:ff\n", "shipsmith==0.2.0\n"),
        ("shipsmith==0.2.0 \\\n    --hash=sha256:ff\n", "shipsmith==0.2.0 \\\n    --hash=sha256:ff\n"),
        ("shipsmith==0.4.0 \\\n    --hash=sha256:ff\n", "shipsmith==0.4.0 \\\n    --hash=sha256:ff\n"),
    ],
)
def test_the_shipsmith_that_the_workflow_runs_becomes_the_newer_one(
    small: Small, project: Path, pinned: str, becomes: str
) -> None:
    """Renovate moves it as well, so both sides may have changed the same lines."""
    lock = own_lock.HEADER + "copier==9.1 \\\n    --hash=sha256:ee\n"
    commit(project, {".github/shipsmith.in": "shipsmith\n", ".github/shipsmith.lock": lock + pinned})
    report = update(small, project)
    assert ".github/shipsmith.lock" not in [*report["conflicts"], *left_alone(report)]
    assert (project / ".github/shipsmith.lock").read_text() == lock + becomes


def test_stubs_are_made_again_from_what_was_merged(tmp_path: Path, small: Small) -> None:
    project = small.project(tmp_path / "orders", "grpc=true")
    path = "proto/orders/v1/orders.proto"
    commit(project, {path: (project / path).read_text() + "\nmessage Mine {\n}\n"})
    assert update(small, project)["conflicts"] == []
    stub = (project / "src/orders/v1/orders_pb2.pyi").read_text()
    assert "class Mine" in stub
    assert "name: str" in stub


def test_new_questions_take_their_defaults_and_are_reported(small: Small, project: Path) -> None:
    report = update(small, project, to="v0.3.0")
    assert report["answers"] == {"region": {"old": None, "new": "north"}}
    assert "Third, north." in (project / "README.md").read_text()


def test_notes_of_all_versions_passed_are_told_where_they_apply(
    tmp_path: Path, small: Small, project: Path
) -> None:
    assert update(small, project, to="v0.3.0")["notes"] == ["Read this.", "Regions."]
    with_cache_redis = small.project(tmp_path / "other" / "orders", "cache=redis")
    assert update(small, with_cache_redis, to="v0.3.0")["notes"][1:] == ["For Redis.", "Regions."]


def test_an_answer_that_the_new_version_does_not_accept_stops_the_update(
    tmp_path: Path, small: Small
) -> None:
    project = small.project(tmp_path / "orders", "cache=memory")
    result = small.run(project, "update", "--to", "v0.3.0")
    assert result.returncode == 1
    assert "cache: 'memory' is not a choice" in result.stderr
    assert "shipsmith set" in result.stderr
    assert git(project, "status", "--porcelain") == ""


def test_a_dry_run_tells_all_and_writes_nothing(small: Small, project: Path) -> None:
    commit(project, {"service.py": SERVICE.replace("line 3\n", "mine\n")})
    objects = git(project, "count-objects")
    told = small.run(project, "update", "--to", "v0.2.0", "--dry-run", "--json")
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "count-objects") == objects
    done = update(small, project, status=3)
    assert told.returncode == 3
    assert json.loads(told.stdout) == done | {"written": False}


def test_an_update_to_the_same_version_changes_nothing(small: Small, project: Path) -> None:
    result = small.run(project, "update", "--to", "v0.1.0")
    assert (result.returncode, result.stdout.strip()) == (0, "Nothing to change.")
