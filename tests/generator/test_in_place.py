"""`new` fills an empty folder or a fresh clone in place, and leaves everything else alone."""

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from shipsmith.errors import UserError
from shipsmith.project import site
from shipsmith.project.create import create
from shipsmith.template import location, versions
from shipsmith.template.questionnaire import questions_of

from ..support.command_line import left_in, shipsmith

NEW = ("--defaults", "--preset", "minimal", "--set", "service_name=orders")
GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@localhost")
README, LICENSE, IGNORED = "# Shop\n", "MIT\n", ".env\n*.pdb\n!keep.pdb\n"


def git(folder: Path, *arguments: str) -> str:
    command = [*GIT, "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Rights and content of all that is in a folder, git's too, but for the times in its index."""
    return {
        path.relative_to(folder).as_posix(): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() and path.name != "index" else b"",
        )
        for path in (folder, *folder.rglob("*"))
    }


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """What a forge creates: a README, a license and a .gitignore."""
    folder = tmp_path / "origin"
    git(tmp_path, "init", "-q", "-b", "trunk", str(folder))
    for name, text in {"README.md": README, "LICENSE": LICENSE, ".gitignore": IGNORED}.items():
        (folder / name).write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Initial commit")
    return folder


@pytest.fixture
def clone(tmp_path: Path, origin: Path) -> Path:
    git(tmp_path, "clone", "-q", str(origin), "clone")
    return tmp_path / "clone"


@pytest.mark.parametrize("name", [".", "", "absolute"])
def test_the_folder_that_one_stands_in_stays_the_same_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    before, above = folder.stat().st_ino, tmp_path.stat().st_mtime_ns
    where = str(folder) if name == "absolute" else f"./{name}"
    result = shipsmith("new", where, "--defaults", "--preset", "minimal", cwd=folder)
    assert result.returncode == 0, result.stderr
    # nothing was created or renamed beside it, which may not be allowed
    assert (folder.stat().st_ino, tmp_path.stat().st_mtime_ns) == (before, above)
    assert git(folder, "status", "--porcelain", "--ignored") == ""
    assert git(folder, "log", "--format=%s").startswith("Start from shipsmith ")
    assert not (folder / ".shipsmith-new").exists()
    assert shipsmith("status", cwd=folder).returncode in (0, 4)


@pytest.mark.parametrize("rights", [0o2775, 0o700, 0o755, 0o2770])
def test_folders_have_the_rights_of_the_one_that_is_filled(tmp_path: Path, rights: int) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    os.chown(folder, -1, 1 if os.geteuid() == 0 else -1)
    folder.chmod(rights)
    assert shipsmith("new", "orders", *NEW, cwd=tmp_path).returncode == 0
    for each in (folder, folder / "src", folder / "src/orders", folder / "tests/unit"):
        assert stat.S_IMODE(each.stat().st_mode) == rights
    if rights & stat.S_ISGID:
        assert {path.stat().st_gid for path in folder.rglob("*")} == {folder.stat().st_gid}


def test_files_are_as_in_a_folder_that_did_not_exist(tmp_path: Path) -> None:
    (tmp_path / "filled" / "orders").mkdir(parents=True)
    (tmp_path / "beside").mkdir()
    for name in ("filled", "beside"):
        assert shipsmith("new", f"{name}/orders", "--defaults", cwd=tmp_path).returncode == 0
    filled, beside = (tmp_path / name / "orders" for name in ("filled", "beside"))
    assert git(filled, "rev-parse", "HEAD^{tree}") == git(beside, "rev-parse", "HEAD^{tree}")
    modes = [{path: mode for path, (mode, _) in everything(each).items()} for each in (filled, beside)]
    compared = [{path for path in each.items() if not path[0].startswith(".git/")} for each in modes]
    assert compared[0] == compared[1]


def test_the_root_of_a_file_system_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orders" / "lost+found").mkdir(parents=True)
    monkeypatch.setattr("os.path.ismount", lambda path: path == tmp_path / "orders")
    answers = questions_of(location.root()).resolve({"deploy": "none"})
    create(answers, versions.working(), tmp_path / "orders")
    assert git(tmp_path / "orders", "status", "--porcelain") == ""
    assert (tmp_path / "orders" / "lost+found").is_dir()


def test_folders_above_are_created(tmp_path: Path) -> None:
    assert shipsmith("new", "a/b/orders", *NEW, cwd=tmp_path).returncode == 0
    assert left_in(tmp_path / "a" / "b") == ["orders"]


@pytest.mark.parametrize("existing", ["", "a", "a/b"])
def test_folders_above_are_removed_again_if_they_were_not_there(tmp_path: Path, existing: str) -> None:
    work, tools = tmp_path / "work", tmp_path / "tools"
    (work / existing).mkdir(parents=True)
    tools.mkdir()
    (tools / "git").write_text("#!/bin/sh\nexit 1\n")
    (tools / "git").chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    result = shipsmith("new", "a/b/orders", *NEW, cwd=work, PATH=path)
    assert (result.returncode, "Traceback" in result.stderr) == (1, False)
    assert [each.relative_to(work).as_posix() for each in sorted(work.rglob("*"))] == [
        each for each in ("a", "a/b") if existing.startswith(each)
    ]


def test_a_file_above_is_explained(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    result = shipsmith("new", "a/b/orders", *NEW, cwd=tmp_path)
    assert (result.returncode, "a is a file" in result.stderr) == (1, True)
    assert (tmp_path / "a").read_text() == "mine"


def test_a_fresh_clone_gets_one_commit_on_top_of_its_branch(origin: Path, clone: Path) -> None:
    result = shipsmith("new", ".", *NEW, cwd=clone)
    assert result.returncode == 0, result.stderr
    assert (
        git(clone, "status", "--porcelain", "--ignored", "--branch") == "## trunk...origin/trunk [ahead 1]\n"
    )
    assert git(clone, "log", "--format=%s").splitlines()[1:] == ["Initial commit"]
    assert git(clone, "remote", "get-url", "origin") == f"{origin}\n"
    assert git(clone, "reflog", "--format=%gs").startswith("Start from shipsmith ")
    assert (clone / "LICENSE").read_text() == LICENSE
    assert (clone / "README.md").read_text().startswith("# orders\n")
    assert ".gitignore, README.md: replaced by the project's own" in result.stdout
    assert "committed to the branch trunk" in result.stdout
    git(clone, "push", "-q", "origin", "HEAD:started")
    assert git(origin, "log", "--format=%H", "-1", "started") == git(clone, "rev-parse", "HEAD")


def test_the_lines_of_its_gitignore_are_kept(clone: Path) -> None:
    assert shipsmith("new", ".", *NEW, cwd=clone).returncode == 0
    lines = (clone / ".gitignore").read_text().splitlines()
    assert lines[-3:] == ["", "*.pdb", "!keep.pdb"]
    assert lines.count(".env") == 1


def test_a_file_that_is_already_as_ours_is_not_replaced(tmp_path: Path, clone: Path) -> None:
    shipsmith("new", "made/orders", *NEW, cwd=tmp_path)
    shutil.copy(tmp_path / "made/orders/README.md", clone / "README.md")
    git(clone, "commit", "-qam", "ours")
    inode = (clone / "README.md").stat().st_ino
    assert shipsmith("new", ".", *NEW, cwd=clone).returncode == 0
    assert (clone / "README.md").stat().st_ino == inode
    assert git(clone, "status", "--porcelain") == ""


def test_a_readme_of_another_name_stays_and_one_of_another_case_goes(clone: Path) -> None:
    git(clone, "mv", "README.md", "ReadMe.md")
    (clone / "README.rst").write_text("Shop\n")
    git(clone, "add", ".")
    git(clone, "commit", "-qm", "renamed")
    assert shipsmith("new", ".", *NEW, cwd=clone).returncode == 0
    assert git(clone, "status", "--porcelain") == ""
    listed = git(clone, "ls-files").splitlines()
    assert [name for name in listed if name.lower().startswith("readme")] == ["README.md", "README.rst"]


@pytest.mark.parametrize("branch", ["main", "trunk/first"])
def test_a_clone_of_an_empty_repository_gets_its_first_commit(tmp_path: Path, branch: str) -> None:
    git(tmp_path, "init", "-q", "--bare", "-b", branch, "empty")
    git(tmp_path, "clone", "-q", "empty", "clone")
    clone = tmp_path / "clone"
    assert shipsmith("new", "clone", *NEW, cwd=tmp_path).returncode == 0
    assert git(clone, "status", "--porcelain", "--ignored") == ""
    assert git(clone, "branch", "--show-current") == f"{branch}\n"
    assert git(clone, "rev-list", "--count", "HEAD") == "1\n"
    git(clone, "push", "-q", "origin", branch)


def test_a_worktree_of_a_fresh_repository_is_filled(tmp_path: Path, clone: Path) -> None:
    git(clone, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    assert shipsmith("new", "tree", *NEW, cwd=tmp_path).returncode == 0
    assert git(tmp_path / "tree", "status", "--porcelain") == ""
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "log", "--format=%s", "other").startswith("Start from shipsmith ")


def test_without_git_a_clone_gets_files_only(clone: Path) -> None:
    head = git(clone, "rev-parse", "HEAD")
    result = shipsmith("new", ".", *NEW, "--no-git", cwd=clone)
    assert result.returncode == 0, result.stderr
    assert git(clone, "rev-parse", "HEAD") == head
    assert git(clone, "diff", "--cached", "--name-only") == ""
    assert git(clone, "diff", "--name-only").split() == [".gitignore", "README.md"]
    assert "committed" not in result.stdout


def test_nothing_that_the_clone_names_is_run(tmp_path: Path, clone: Path) -> None:
    program = tmp_path / "evil"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/pwned\ncat\n")
    program.chmod(0o755)
    for name in ("pre-commit", "post-commit", "reference-transaction", "post-index-change", "post-checkout"):
        shutil.copy(program, clone / ".git" / "hooks" / name)
    for key in ("core.fsmonitor", "filter.f.clean", "filter.f.smudge", "gpg.program", "core.editor"):
        git(clone, "config", key, str(program))
    for key, value in {
        "commit.gpgSign": "true",
        "filter.f.required": "true",
        "core.autocrlf": "true",
    }.items():
        git(clone, "config", key, value)
    (clone / ".git" / "info" / "attributes").write_text("* filter=f\n")
    (clone / ".git" / "info" / "exclude").write_text("*.lock\n*.py\n")
    result = shipsmith("new", ".", *NEW, cwd=clone)
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "pwned").exists()
    assert "requirements.lock" in git(clone, "ls-tree", "--name-only", "HEAD").split()
    assert git(clone, "show", "HEAD:Makefile").encode() == (clone / "Makefile").read_bytes()


def test_a_commit_in_a_clone_is_by_its_own_user(clone: Path) -> None:
    git(clone, "config", "user.name", "Ada")
    git(clone, "config", "user.email", "ada@example.com")
    assert shipsmith("new", ".", *NEW, cwd=clone).returncode == 0
    assert git(clone, "log", "-1", "--format=%an %ae %cn") == "Ada ada@example.com Ada\n"


def _merging(clone: Path) -> None:
    (clone / ".git" / "MERGE_HEAD").write_text(git(clone, "rev-parse", "HEAD"))


def _linked(clone: Path) -> None:
    (clone / "README.md").unlink()
    (clone / "README.md").symlink_to("/etc/hostname")
    git(clone, "commit", "-qam", "a link")


def _elsewhere(clone: Path) -> None:
    (clone.parent / "victim").mkdir()
    git(clone, "config", "core.worktree", str(clone.parent / "victim"))


def _damaged(clone: Path) -> None:
    (clone / ".git" / "HEAD").write_text("nonsense")


NOT_FRESH: dict[str, tuple[Callable[[Path], object], str]] = {
    "another file": (lambda clone: (clone / "app.py").touch(), "more than a fresh clone.*app.py"),
    "another folder": (lambda clone: (clone / "docs").mkdir(), "more than a fresh clone.*docs"),
    "a folder named as a file": (lambda clone: (clone / "COPYING").mkdir(), "more than a fresh clone"),
    "a file not committed": (lambda clone: (clone / "COPYING").touch(), "COPYING is not committed"),
    "an edited file": (lambda clone: (clone / "README.md").write_text("x"), "README.md is not committed"),
    "a file deleted": (lambda clone: (clone / "LICENSE").unlink(), "LICENSE is not committed"),
    "a staged file": (
        lambda clone: ((clone / "README.md").write_text("x"), git(clone, "add", ".")),
        "README.md is not committed",
    ),
    "an ignored file": (
        lambda clone: [(clone / each).write_text("COPYING") for each in (".git/info/exclude", "COPYING")],
        "COPYING is not committed",
    ),
    "an edit that git was told not to see": (
        lambda clone: (
            git(clone, "update-index", "--assume-unchanged", "README.md"),
            (clone / "README.md").write_text("x"),
        ),
        "does not compare.*README.md",
    ),
    "a sparse checkout": (
        lambda clone: git(clone, "sparse-checkout", "set", "--no-cone", "/*", "!LICENSE"),
        "does not compare.*LICENSE",
    ),
    "a link": (_linked, "more than a fresh clone.*README.md"),
    "no branch": (lambda clone: git(clone, "checkout", "-q", "--detach"), "is on no branch"),
    "a merge": (_merging, "a merge .* is in progress"),
    "files elsewhere": (_elsewhere, "are in .*victim"),
    "a damaged repository": (_damaged, "that git cannot use"),
    "a bare repository": (lambda clone: git(clone, "config", "core.bare", "true"), "that git cannot use"),
}


@pytest.mark.parametrize("case", NOT_FRESH)
def test_what_is_not_a_fresh_clone_is_refused_with_the_reason(tmp_path: Path, clone: Path, case: str) -> None:
    prepare, reason = NOT_FRESH[case]
    prepare(clone)
    before = everything(tmp_path)
    with pytest.raises(UserError, match=reason):
        site.inspect(clone)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("flag", ["--git", "--no-git", "--dry-run"])
def test_every_way_of_calling_it_is_refused_alike(clone: Path, flag: str) -> None:
    (clone / "app.py").write_text("mine")
    (clone / "LICENSE").unlink()
    before = everything(clone)
    result = shipsmith("new", ".", *NEW, flag, cwd=clone)
    assert (result.returncode, "app.py" in result.stderr, result.stdout) == (1, True, "")
    assert everything(clone) == before


def test_a_submodule_is_refused(tmp_path: Path, origin: Path) -> None:
    git(tmp_path, "init", "-q", "outer")
    git(
        tmp_path / "outer", "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(origin), "inner"
    )
    result = shipsmith("new", "outer/inner", *NEW, cwd=tmp_path)
    assert (result.returncode, "is a submodule of" in result.stderr) == (1, True)


def test_the_dry_run_tells_the_same_and_writes_nothing(clone: Path) -> None:
    before = everything(clone)
    previewed = shipsmith("new", ".", *NEW, "--dry-run", cwd=clone)
    assert "README.md: would be replaced by the project's own" in previewed.stderr
    assert "would be committed to the branch trunk" in previewed.stderr
    as_data = json.loads(shipsmith("new", ".", *NEW, "--dry-run", "--json", cwd=clone).stdout)
    assert everything(clone) == before
    made = json.loads(shipsmith("new", ".", *NEW, "--json", cwd=clone).stdout)
    assert as_data | {"written": True} == made
    assert made["replaced"] == [".gitignore", "README.md"]
    assert made["repository"] == {
        "folder": str(clone),
        "subfolder": "",
        "created": False,
        "committed": True,
    }


INVENTORY = """\
syntax = "proto3";
package inventory.v1;
service Stock { rpc Get(Item) returns (Item); }
message Item { string sku = 1; }
"""


def put_documents(folder: Path) -> dict[str, bytes]:
    """Documents of two other services, as people put them there before."""
    for name, text in {"inventory/v1/stock.proto": INVENTORY, "billing/openapi.yaml": BILLING}.items():
        path = folder / "clients" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return {path.as_posix(): path.read_bytes() for path in folder.rglob("clients/**/*") if path.is_file()}


BILLING = """\
openapi: 3.0.3
paths: {/bills: {get: {responses: {200: {content: {application/json: {schema: {type: array}}}}}}}}
"""


def check_clients(folder: Path, before: dict[str, bytes]) -> None:
    answers = yaml.safe_load((folder / ".copier-answers.yml").read_text())
    assert answers["clients"] == {"billing": "http", "inventory": "grpc"}
    assert {path: Path(path).read_bytes() for path in before} == before
    for name in ("billing", "inventory"):
        assert (folder / f"src/orders/remote/{name}/client.py").is_file()
    assert git(folder, "status", "--porcelain", "--ignored") == ""


def test_documents_of_other_services_that_are_there_become_clients(tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    before = put_documents(folder)
    result = shipsmith("new", "orders", *NEW, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    check_clients(folder, before)


def test_documents_in_a_fresh_clone_become_clients(origin: Path, clone: Path) -> None:
    before = put_documents(clone)
    git(clone, "add", ".")
    git(clone, "commit", "-qm", "What we call")
    result = shipsmith("new", ".", *NEW, "--json", cwd=clone)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["replaced"] == [".gitignore", "README.md"]
    check_clients(clone, before)


def test_documents_that_cannot_be_used_are_explained_and_stay(tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    folder.mkdir()
    before = put_documents(folder)
    twice = shipsmith("new", "orders", *NEW, "--client", "billing=orders/clients/billing", cwd=tmp_path)
    assert "billing: orders has its document. Leave --client out" in twice.stderr
    (folder / "clients/link").symlink_to(tmp_path)
    linked = shipsmith("new", "orders", *NEW, cwd=tmp_path)
    assert linked.returncode == 1
    (folder / "clients/link").unlink()
    (folder / "clients/billing/openapi.yaml").write_text("[]")
    refused = shipsmith("new", "orders", *NEW, cwd=tmp_path)
    assert "clients/billing/openapi.yaml: is not a document of OpenAPI 3.0 or 3.1" in refused.stderr
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        "openapi.yaml",
        "stock.proto",
    ]
    assert len(before) == 2
