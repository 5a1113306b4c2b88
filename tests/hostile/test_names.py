"""Names of files are data: none reaches another program as an option, a list, or a way out of the project."""

import os
import subprocess
from pathlib import Path

import pytest
from shipsmith.git.process import GitError
from shipsmith.git.runner import Git

from ..support.updates.small import PROTO, SERVICE, Small, commit, contents, git

SCRIPT = '#!/bin/sh\ntouch "$OUTSIDE/pwned"\n'

# files below proto/ whose names would be read as something else than a name
PROTO_NAMES = {
    "a plugin": ["--plugin=protoc-gen-evil=tools/evil.proto", "--evil_out=x.proto"],
    "a place for a descriptor": ["--descriptor_set_out=pwned.proto"],
    "a place for dependencies": ["--dependency_out=pwned.proto", "--descriptor_set_out=x.proto"],
    "a folder to import from": ["--proto_path=tools.proto"],
    "another generator": ["--cpp_out=tools.proto"],
    "an option in a folder": ["--python_out=src/x.proto"],
    "a short option": ["-Itools.proto"],
    "a response file": ["@tools/arguments.proto"],
    "a list of folders": ["tools:src.proto"],
    "a line of Python": ["a\nimport os.proto"],
    "quotes": ["a\"'.proto"],
    "an escape sequence": ["\x1b[2Ja.proto"],
    "a hidden file": [".a.proto"],
    "a command": ["$(touch pwned).proto"],
    "bytes that are no text": ["a\udce9.proto"],
    "a text direction": ["a\u202eb.proto"],
}


@pytest.mark.parametrize("names", PROTO_NAMES.values(), ids=PROTO_NAMES)
def test_a_name_below_proto_is_never_an_argument_of_the_compiler(
    tmp_path: Path, small: Small, names: list[str]
) -> None:
    project = small.project(tmp_path / "x" / "orders", "grpc=true")
    commit(
        project,
        {
            "tools/evil.proto": SCRIPT,
            "tools/arguments.proto": "--descriptor_set_out=pwned.proto\n",
            **{f"proto/{name}": PROTO for name in names},
        },
    )
    (project / "tools/evil.proto").chmod(0o755)
    git(project, "commit", "-qam", "runs")
    before = contents(tmp_path)
    environment = {"OUTSIDE": str(tmp_path)}
    result = small.run(project, "update", "--to", "v0.2.0", "--dry-run", **environment)
    assert (result.returncode, result.stdout) == (1, "")
    assert "protoc cannot handle this name" in result.stderr
    assert contents(tmp_path) == before


@pytest.mark.parametrize("folder", ["a:b", "-I", "@a", "a b", "$(touch pwned)", "a'b", 'a"b', "a\\b", "ü"])
def test_a_project_may_be_in_a_folder_of_any_name(tmp_path: Path, small: Small, folder: str) -> None:
    (tmp_path / folder).mkdir()
    temporary = tmp_path / folder / "temporary"
    temporary.mkdir()
    project = small.project(tmp_path / folder / "orders", "grpc=true")
    result = small.run(project, "update", "--to", "v0.2.0", TMPDIR=str(temporary))
    assert result.returncode == 0, result.stderr
    assert "name: str" in (project / "src/orders/v1/orders_pb2.pyi").read_text()
    assert [path.name for path in tmp_path.iterdir()] == [folder]
    assert "Not committed yet" in small.run(project, "status").stdout


PATTERNS = [
    ":(exclude)service.py",
    ":!service.py",
    "*.py",
    "[s]ervice.py",
    "--all",
    "-A",
    "service.py\n",
    ":/",
]


@pytest.mark.parametrize("name", PATTERNS)
def test_a_name_that_looks_like_a_pattern_is_a_name(small: Small, project: Path, name: str) -> None:
    """Also of a file that git ignores and that the template has a word in: status asks git for each."""
    path = name if name != ":/" else ":/a"
    commit(project, {path: "mine\n", "service.py": SERVICE.replace("line 20\n", "mine\n")})
    (project / path).write_text("changed\n")
    assert small.run(project, "status").returncode == 4
    git(project, "checkout", "-q", "--", ".")
    result = small.run(project, "update", "--to", "v0.2.0")
    assert result.returncode == 0, result.stderr
    assert (project / path).read_text() == "mine\n"
    assert small.run(project, "undo").returncode == 0
    assert git(project, "status", "--porcelain") == ""


OUT_OF_THE_TREE = ["..", ".", ".git", ".GIT"]


@pytest.mark.parametrize("part", OUT_OF_THE_TREE)
def test_a_crafted_tree_writes_nothing_outside(tmp_path: Path, small: Small, part: str) -> None:
    """git refuses to check such a path out, but lists it."""
    project = small.project(tmp_path / "x" / "orders", "grpc=true")
    _commit_below_proto(project, part)
    before = contents(tmp_path)
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 1
    assert contents(tmp_path) == before
    with pytest.raises(GitError, match="cannot be in a working tree"):
        Git(project).tree("HEAD")


def test_a_link_below_proto_is_not_followed(tmp_path: Path, small: Small) -> None:
    secret = tmp_path / "secret.proto"
    secret.write_text(PROTO.replace("Order", "Secret"))
    project = small.project(tmp_path / "x" / "orders", "grpc=true")
    os.symlink(secret, project / "proto/orders/v1/linked.proto")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "linked")
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 0
    assert not list(project.rglob("linked_pb2*"))


def _commit_below_proto(project: Path, part: str) -> None:
    """Commit proto/PART/pwned.proto, by the commands that write objects as they are told."""
    blob = git(project, "rev-parse", "HEAD:service.py").strip()
    inner = _tree(project, f"100644 blob {blob}\tpwned.proto\n")
    proto = git(project, "ls-tree", "HEAD:proto") + f"040000 tree {inner}\t{part}\n"
    root = git(project, "ls-tree", "HEAD").splitlines(keepends=True)
    changed = [line for line in root if not line.endswith("\tproto\n")]
    changed.append(f"040000 tree {_tree(project, proto)}\tproto\n")
    commit_id = git(project, "commit-tree", _tree(project, "".join(changed)), "-p", "HEAD", "-m", "x").strip()
    git(project, "update-ref", "HEAD", commit_id)


def _tree(project: Path, entries: str) -> str:
    """The id of a tree of these entries, as `git ls-tree` lists them."""
    made = subprocess.run(
        ["git", "mktree"], cwd=project, input=entries, capture_output=True, text=True, check=True
    )
    return made.stdout.strip()
