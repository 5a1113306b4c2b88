"""`status` and `diff` compare a project with what its own version makes of its answers."""

import json
from pathlib import Path

from ..support.updates.small import SERVICE, Small, commit, git


def test_a_project_of_the_newest_version_needs_no_attention(tmp_path: Path, small: Small) -> None:
    project = small.project(tmp_path / "orders", version="v0.3.0")
    result = small.run(project, "status")
    assert (result.returncode, result.stdout.strip()) == (0, "Version v0.3.0")


def test_status_tells_who_changed_what(small: Small, project: Path) -> None:
    commit(project, {"service.py": SERVICE + "mine\n", "old.txt": None, "own.txt": "not rendered\n"})
    (project / "helper.py").unlink()
    result = small.run(project, "status", "--json")
    found = json.loads(result.stdout)
    assert result.returncode == 4
    assert (found["version"], found["newest"], found["behind"]) == ("v0.1.0", "v0.3.0", True)
    assert found["edited"] == ["service.py"]
    assert found["deleted"] == ["old.txt"]
    assert found["missing"] == ["helper.py"]


def test_an_ignored_file_that_is_not_here_is_missing(small: Small, project: Path) -> None:
    git(project, "rm", "-rq", "--cached", "local")
    commit(project, {".gitignore": "local/\n"})
    (project / "local/settings.env").unlink()
    assert json.loads(small.run(project, "status", "--json").stdout)["missing"] == ["local/settings.env"]


def test_status_writes_nothing(small: Small, project: Path) -> None:
    before = git(project, "count-objects")
    small.run(project, "status")
    assert git(project, "count-objects") == before
    assert git(project, "status", "--porcelain") == ""


def test_status_tells_of_a_change_that_is_not_committed(small: Small, project: Path) -> None:
    small.run(project, "update", "--to", "v0.3.0")
    result = small.run(project, "status", "--json")
    assert result.returncode == 4
    assert json.loads(result.stdout)["unfinished"] == "Update to shipsmith v0.3.0"


def test_diff_shows_the_edits_of_people(small: Small, project: Path) -> None:
    commit(project, {"service.py": SERVICE.replace("line 7\n", "mine\n"), "README.md": "other\n"})
    shown = small.run(project, "diff", "service.py").stdout
    assert "-line 7\n+mine\n" in shown
    assert "README" not in shown
    assert "README" in small.run(project, "diff").stdout


def test_diff_of_a_file_that_is_not_rendered_is_explained(small: Small, project: Path) -> None:
    commit(project, {"own.txt": "mine\n"})
    result = small.run(project, "diff", "own.txt")
    assert result.returncode == 1
    assert "is not rendered by shipsmith" in result.stderr


def test_answers_that_were_edited_by_hand_are_told_and_no_change_builds_on_them(
    small: Small, project: Path
) -> None:
    text = (project / ".copier-answers.yml").read_text()
    commit(project, {".copier-answers.yml": text.replace("cache: none", "cache: redis")})
    result = small.run(project, "status", "--json")
    assert result.returncode == 4
    assert json.loads(result.stdout)["edited_answers"] == {"cache": "none"}
    refused = small.run(project, "update")
    assert refused.returncode == 1
    assert "cache was edited by hand, from none to redis" in refused.stderr
    assert "shipsmith set cache=redis" in refused.stderr
