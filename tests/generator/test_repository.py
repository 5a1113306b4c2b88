"""The first commit: everything, in the user's name, whatever the user's git is set up to do."""

import subprocess
from pathlib import Path

from ..support.command_line import left_in, shipsmith

NEW = ("new", "orders", "--defaults", "--preset", "minimal")

HOSTILE = """\
[core]
hooksPath = {folder}/hooks
excludesFile = {folder}/ignored
attributesFile = {folder}/attributes
fsmonitor = {folder}/hooks/pre-commit
safecrlf = true
autocrlf = true
[commit]
gpgSign = true
[filter "broken"]
clean = false
required = true
[init]
templateDir = {folder}/hooks
defaultBranch = trunk
[user]
name = Ada
useConfigOnly = true
"""


def git(project: Path, *arguments: str) -> str:
    command = ["git", "-C", str(project), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_first_commit_holds_everything(tmp_path: Path) -> None:
    shipsmith("new", "orders", "--defaults", cwd=tmp_path)
    project = tmp_path / "orders"
    assert git(project, "status", "--porcelain", "--ignored") == ""
    assert git(project, "log", "--format=%s").startswith("Start from shipsmith ")
    assert git(project, "rev-list", "--count", "HEAD") == "1\n"
    assert git(project, "branch", "--show-current") == "main\n"


def test_the_users_git_configuration_cannot_break_the_first_commit(tmp_path: Path) -> None:
    """Hooks, filters, ignored files, signing and templates are for the user's own commits."""
    hook = tmp_path / "hooks" / "pre-commit"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    hook.chmod(0o755)
    (tmp_path / "ignored").write_text("*.lock\n")
    (tmp_path / "attributes").write_text("* filter=broken\n")
    config = tmp_path / "gitconfig"
    config.write_text(HOSTILE.format(folder=tmp_path))
    work = tmp_path / "work"
    work.mkdir()
    result = shipsmith(*NEW, cwd=work, GIT_CONFIG_GLOBAL=str(config), GIT_DIR="/nowhere")
    assert result.returncode == 0, result.stderr
    assert git(work / "orders", "log", "--format=%an %ae") == "Ada shipsmith@localhost\n"
    assert "requirements.lock" in git(work / "orders", "ls-files").splitlines()
    assert not (tmp_path / "ran").exists()


def test_a_name_that_is_configured_for_a_place_is_used_there(tmp_path: Path) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(
        f'[user]\nname = Ada\n[includeIf "gitdir:{tmp_path}/there/"]\npath = {tmp_path}/there.inc\n'
    )
    (tmp_path / "there.inc").write_text("[user]\nname = Ada at work\n")
    (tmp_path / "there").mkdir()
    shipsmith(*NEW, cwd=tmp_path / "there", GIT_CONFIG_GLOBAL=str(config))
    assert git(tmp_path / "there" / "orders", "log", "--format=%an") == "Ada at work\n"


def test_names_of_the_environment_win(tmp_path: Path) -> None:
    shipsmith(*NEW, cwd=tmp_path, GIT_AUTHOR_NAME="Grace", GIT_AUTHOR_EMAIL="grace@example.com")
    assert git(tmp_path / "orders", "log", "--format=%an %ae") == "Grace grace@example.com\n"


def test_a_template_without_git_has_a_version_still(tmp_path: Path) -> None:
    result = shipsmith(*NEW, "--no-git", cwd=tmp_path, PATH="/nowhere")
    assert result.returncode == 0, result.stderr
    assert left_in(tmp_path) == ["orders"]
