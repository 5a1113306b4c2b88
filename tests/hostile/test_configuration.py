"""What a repository's own configuration says to run is not run, wherever the configuration is."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ..support.updates.small import SERVICE, Small, commit, contents, git, write

# each names a program, here one that tells by which key it was run
KEYS = [
    "core.alternateRefsCommand",
    "core.askPass",
    "core.editor",
    "core.fsmonitor",
    "core.gitProxy",
    "core.pager",
    "core.sshCommand",
    "credential.helper",
    "diff.external",
    "diff.command.command",
    "diff.textconv.textconv",
    "filter.clean.clean",
    "filter.smudge.smudge",
    "filter.process.process",
    "filter.a=b.clean",
    "gpg.program",
    "merge.driver.driver",
    "pager.diff",
    "pager.status",
    "remote.origin.uploadpack",
    "remote.origin.vcs",
]
# what makes git use some of them
SETTINGS = {
    "filter.clean.required": "true",
    "filter.process.required": "true",
    "log.showSignature": "true",
    "remote.origin.url": "ext::sh -c 'touch pwned-by-ext'",
    "remote.origin.promisor": "true",
    "protocol.ext.allow": "always",
}
ATTRIBUTES = """\
*.py filter=clean diff=textconv merge=driver
*.txt filter=process diff=command
*.md filter=smudge
*.toml filter=a=b
"""
COMMANDS = (
    ["status"],
    ["diff"],
    ["update", "--to", "v0.2.0", "--dry-run"],
    ["update", "--to", "v0.2.0"],
    ["undo"],
)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that leaves a file named pwned."""
    file = tmp_path / "evil"
    file.write_text(f"#!/bin/sh\ntouch {tmp_path}/pwned$1\ncat\n")
    file.chmod(0o755)
    return file


def _ran(program: Path) -> list[str]:
    return [path.name for path in program.parent.glob("pwned*")]


def test_no_program_that_the_repository_names_is_run(small: Small, project: Path, program: Path) -> None:
    edited = SERVICE.replace("line 20\n", "mine\n")
    commit(project, {"service.py": edited})
    for key in KEYS:
        git(project, "config", key, f"{program} -by-{key}")
    for key, value in SETTINGS.items():
        git(project, "config", key, value)
    write(project / ".git/info/attributes", ATTRIBUTES)
    for command in COMMANDS:
        for path in contents(project):
            # as after a checkout: git compares contents, which runs filters
            (project / path).touch()
        result = small.run(project, *command)
        assert result.returncode in (0, 4), result.stderr
    assert _ran(program) == []
    assert (project / "service.py").read_text() == edited


def test_a_hook_of_the_repository_is_not_run(small: Small, project: Path, program: Path) -> None:
    for name in ("post-index-change", "reference-transaction", "post-checkout", "pre-commit"):
        (project / ".git/hooks").mkdir(exist_ok=True)
        shutil.copy(program, project / ".git/hooks" / name)
    for command in COMMANDS:
        small.run(project, *command)
    assert _ran(program) == []


@pytest.mark.parametrize("included", [False, True])
def test_a_bare_repository_among_the_files_is_not_obeyed(
    small: Small, project: Path, program: Path, included: bool
) -> None:
    """A clone can bring it: nothing in it is named .git."""
    inner = project / "inner"
    git(project.parent, "clone", "-q", "--bare", str(project), str(inner))
    git(inner, "config", "core.bare", "false")
    git(inner, "config", "core.worktree", "..")
    file = inner / ("other" if included else "config")
    for key in ("core.fsmonitor", "filter.own.clean", "diff.external"):
        git(inner, "config", "--file", str(file), key, str(program))
    if included:
        git(inner, "config", "include.path", "other")
    (inner / "info/attributes").write_text("* filter=own\n")
    (project / "old.txt").touch()
    for command in COMMANDS:
        path = ["--path", "inner"] if command[0] == "diff" else ["inner"]
        result = small.run(project, command[0], *path, *command[1:])
        assert result.returncode == 1
        assert "Traceback" not in result.stderr
    assert _ran(program) == []


def test_a_submodule_with_configuration_of_its_own_is_not_looked_into(
    tmp_path: Path, small: Small, project: Path, program: Path
) -> None:
    git(tmp_path, "init", "-q", "library")
    commit(tmp_path / "library", {"a.txt": "a\n"})
    git(
        project,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        str(tmp_path / "library"),
        "lib",
    )
    git(project, "commit", "-qm", "submodule")
    git(project / "lib", "config", "core.fsmonitor", str(program))
    for command in COMMANDS:
        assert small.run(project, *command).returncode in (0, 4)
    assert _ran(program) == []


def test_what_a_partial_clone_lacks_is_not_fetched(
    tmp_path: Path, small: Small, project: Path, program: Path
) -> None:
    """The repository says from where, and by which program."""
    git(project, "config", "uploadpack.allowFilter", "true")
    commit(project, {"service.py": SERVICE.replace("line 3\n", "mine\n")})
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{project}", str(partial))
    git(partial, "config", "remote.origin.uploadpack", str(program))
    shutil.rmtree(partial / ".git/objects/pack")
    subprocess.run(["git", "init", "-q"], cwd=partial, check=True)
    result = small.run(partial, "update", "--to", "v0.2.0")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert _ran(program) == []


def test_the_users_own_filters_are_run_and_the_repositorys_are_named(
    tmp_path: Path, small: Small, project: Path, program: Path
) -> None:
    """As those of Git LFS, which `git lfs install` writes into the user's configuration."""
    commit(project, {".gitattributes": "*.txt filter=own\n", "a.txt": "a\n"})
    (tmp_path / "global").write_text(f'[filter "own"]\n\tclean = touch {tmp_path}/mine && cat\n')
    git(project, "config", "filter.own.clean", str(program))
    (project / "a.txt").touch()
    result = small.run(project, "update", "--to", "v0.2.0", GIT_CONFIG_GLOBAL=str(tmp_path / "global"))
    assert result.returncode == 0
    assert (tmp_path / "mine").exists()
    assert _ran(program) == []
    assert "filter.own.clean" in result.stderr


def test_a_merge_driver_of_the_repository_gives_way_to_git(
    small: Small, project: Path, program: Path
) -> None:
    commit(project, {".gitattributes": "service.py merge=own\n"})
    commit(project, {"service.py": SERVICE.replace("line 3\n", "mine\n").replace("line 30\n", "last\n")})
    git(project, "config", "merge.own.driver", str(program))
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 3
    text = (project / "service.py").read_text()
    assert "<<<<<<< yours\nmine\n" in text
    assert "line three\n>>>>>>> shipsmith " in text
    assert text.endswith("last\n")
