"""Where a project can be: in a subfolder, a worktree, a shallow clone, on no branch."""

import os
from pathlib import Path

from ..support.updates.small import SERVICE, Small, commit, contents, git

CHANGED = SERVICE.replace("line 3\n", "line three\n")


def test_a_project_in_a_subfolder_is_updated_and_nothing_else(tmp_path: Path, small: Small) -> None:
    repository = tmp_path / "monorepo"
    (repository / "services").mkdir(parents=True)
    git(repository, "init", "-q")
    made = small.run(repository / "services", "new", "orders", "--at", "v0.1.0", "--defaults", "--no-git")
    assert made.returncode == 0, made.stderr
    commit(repository, {"service.py": "another one\n", "services/billing/service.py": SERVICE})
    updated = small.run(repository, "update", "services/orders", "--to", "v0.2.0")
    assert updated.returncode == 0
    assert "\ncd services/orders\nAll changes are staged" in updated.stdout
    assert (repository / "services/orders/service.py").read_text() == CHANGED
    assert (repository / "service.py").read_text() == "another one\n"
    assert (repository / "services/billing/service.py").read_text() == SERVICE
    changed = git(repository, "diff", "--cached", "--name-only").split()
    assert {path.split("/")[1] for path in changed} == {"orders"}
    assert small.run(repository, "undo", "services/orders").returncode == 0
    assert git(repository, "status", "--porcelain") == ""


def test_the_project_is_found_from_a_folder_inside_it(small: Small, project: Path) -> None:
    """Which the update moves: then it says where to go."""
    updated = small.run(project / "tools", "update", "--to", "v0.2.0")
    assert updated.returncode == 0
    assert f"\ncd {project}\n" in updated.stdout
    assert (project / "service.py").read_text() == CHANGED


def test_a_worktree_is_updated_alone(tmp_path: Path, small: Small, project: Path) -> None:
    git(project, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "other")
    assert small.run(tmp_path / "tree", "update", "--to", "v0.2.0").returncode == 0
    assert (tmp_path / "tree/service.py").read_text() == CHANGED
    assert git(project, "status", "--porcelain") == ""
    assert small.run(project, "undo").returncode == 1
    assert small.run(tmp_path / "tree", "undo").returncode == 0
    assert git(tmp_path / "tree", "status", "--porcelain") == ""


def test_a_shallow_clone_is_updated(tmp_path: Path, small: Small, project: Path) -> None:
    commit(project, {"mine.txt": "mine\n"})
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{project}", "shallow")
    assert small.run(tmp_path / "shallow", "update", "--to", "v0.2.0").returncode == 0
    assert (tmp_path / "shallow/service.py").read_text() == CHANGED


def test_a_detached_head_is_updated(small: Small, project: Path) -> None:
    """Continuous integration works on such a checkout."""
    git(project, "checkout", "-q", "--detach")
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 0
    assert (project / "service.py").read_text() == CHANGED


def test_a_repository_that_was_copied_is_updated(tmp_path: Path, small: Small, project: Path) -> None:
    """Git's index then knows wrong times of its files."""
    git(tmp_path, "clone", "-q", "--no-local", str(project), "other")
    for path in contents(tmp_path / "other"):
        (tmp_path / "other" / path).touch()
    assert small.run(tmp_path / "other", "update", "--to", "v0.2.0").returncode == 0
    assert git(tmp_path / "other", "diff", "--name-only") == ""


def test_a_sparse_checkout_is_updated_and_stays_sparse(small: Small, project: Path) -> None:
    """What it leaves out is changed in the commit, and is neither written nor told to be missing."""
    git(project, "sparse-checkout", "set", "--no-cone", "/*", "!/local")
    assert small.run(project, "update").returncode == 0
    assert not (project / "local").exists()
    assert git(project, "show", ":local/settings.env") == "A=2\n"
    git(project, "commit", "-qm", "updated")
    status = small.run(project, "status")
    assert status.returncode == 0
    assert "settings.env" not in status.stdout


def test_a_submodule_of_a_project_is_left_as_it_is(tmp_path: Path, small: Small, project: Path) -> None:
    git(tmp_path, "init", "-q", "library")
    commit(tmp_path / "library", {"code.py": "x = 1\n"})
    git(
        project, "-c", "protocol.file.allow=always", "submodule", "add", "-q", f"{tmp_path}/library", "vendor"
    )
    git(project, "commit", "-qm", "vendored")
    before = git(project, "submodule", "status")
    assert small.run(project, "update").returncode == 0
    assert git(project, "submodule", "status") == before
    assert (project / "vendor/code.py").read_text() == "x = 1\n"


def test_names_that_are_no_text_are_kept(small: Small, project: Path) -> None:
    """Also where their folder moves; they are printed with what cannot be encoded as an escape."""
    name = os.fsdecode(b"caf\xe9.txt")
    commit(project, {name: "mine\n", f"tools/{name}": "moves along\n"})
    previewed = small.run(project, "update", "--dry-run")
    assert "tools/caf\\udce9.txt -> scripts/caf\\udce9.txt" in previewed.stdout
    assert small.run(project, "update").returncode == 0
    assert (project / name).read_text() == "mine\n"
    assert (project / "scripts" / name).read_text() == "moves along\n"
    assert small.run(project, "undo").returncode == 0
    assert (project / "tools" / name).read_text() == "moves along\n"


def test_names_that_git_would_quote_are_kept(small: Small, project: Path) -> None:
    name = 'ä "quoted"\tname\n.txt'
    commit(project, {name: "mine\n", ":(glob)*.txt": "x\n", "-n": "y\n"})
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 0
    assert (project / name).read_text() == "mine\n"
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == ""
