"""The generated workflow proposes updates: its steps run against a real git remote.

`gh` and `uvx` are stand-ins: the first keeps pull requests in a file, the second changes what the test says
that an update changes.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith import presets, source

from ..systems import packages
from . import projects

BRANCH = "shipsmith/update"
PEOPLE = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
BOT = "41898282+github-actions[bot]@users.noreply.github.com"
REPORT: dict[str, Any] = {
    "from": "v0.1.0",
    "to": "v0.2.0",
    "conflicts": [],
    "left_alone": [{"path": "docs/old.md", "reason": "you deleted it"}],
    "answers": {"tracing": {"old": None, "new": "none"}},
    "notes": ["Set `ORDERS_TRACES__URL`."],
}
NOTHING = "true"
CLEAN = "echo newer > Makefile; echo added > new.txt; git add Makefile new.txt"
# A conflict as git leaves it: markers in the file, three versions in the index
CONFLICT = r"""
blob=$(git rev-parse HEAD:Makefile)
for stage in 1 2 3; do printf '100644 %s %s\tMakefile\n' "$blob" "$stage"; done > "$RUNNER_TEMP/stages"
git rm --quiet --cached Makefile
git update-index --index-info < "$RUNNER_TEMP/stages"
printf '<<<<<<< yours\na\n=======\nb\n>>>>>>> shipsmith v0.2.0\n' > Makefile
"""


@pytest.fixture(scope="module", autouse=True)
def jq() -> None:
    """GitHub's machines have it; the script needs it."""
    try:
        packages.require("jq", "jq")
    except packages.UnavailableError as error:
        pytest.skip(str(error))


@dataclass(frozen=True)
class Repository:
    """A generated repository's remote, and what GitHub keeps beside it."""

    folder: Path

    @property
    def remote(self) -> str:
        return f"file://{self.folder / 'remote.git'}"

    @property
    def pull_requests(self) -> list[dict[str, Any]]:
        content: list[dict[str, Any]] = json.loads((self.folder / "pull_requests.json").read_text())
        return content

    def git(self, *arguments: str) -> str:
        return projects.run("git", *arguments, directory=self.folder / "remote.git").strip()

    def run_workflow(self, update: str = NOTHING, report: dict[str, Any] = REPORT, status: int = 0) -> bool:
        """Run its steps in a shallow clone, with an update that runs these commands; whether all succeed."""
        checkout, temporary = self.folder / "checkout", self.folder / "temporary"
        for folder in (checkout, temporary):
            shutil.rmtree(folder, ignore_errors=True)
        temporary.mkdir()
        projects.run("git", "clone", "--depth=1", self.remote, checkout, directory=self.folder)
        self._stand_in_for_uvx(update, report, status)
        workflow = yaml.safe_load((checkout / ".github" / "workflows" / "update.yaml").read_text())
        steps = [step for step in workflow["jobs"]["update"]["steps"] if "run" in step]
        return all(self._run_step(step, checkout, temporary) for step in steps)

    def commit(self, branch: str, path: str) -> str:
        """What a person commits to a branch."""
        clone = self.folder / "person"
        shutil.rmtree(clone, ignore_errors=True)
        projects.run("git", "clone", "--branch", branch, self.remote, clone, directory=self.folder)
        (clone / path).write_text("by hand\n")
        for command in (["add", path], [*PEOPLE, "commit", "-m", path], ["push", "origin", branch]):
            projects.run("git", *command, directory=clone)
        return self.git("rev-parse", branch)

    def _run_step(self, step: dict[str, Any], checkout: Path, temporary: Path) -> bool:
        """As the runner does: by `bash -e`, and with a token only where the step asks for one."""
        environment = projects.clean_environment() | {
            "PATH": f"{self.folder / 'stand-ins'}{os.pathsep}{os.environ['PATH']}",
            "STAND_IN_GH": str(self.folder / "pull_requests.json"),
            "RUNNER_TEMP": str(temporary),
            "GITHUB_REF_NAME": "main",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **dict.fromkeys(step.get("env", {}), "secret"),
        }
        return (
            subprocess.run(["bash", "-e", "-c", step["run"]], cwd=checkout, env=environment).returncode == 0
        )

    def _stand_in_for_uvx(self, update: str, report: dict[str, Any], status: int) -> None:
        (self.folder / "report.json").write_text(json.dumps(report))
        stand_in(
            self.folder / "stand-ins" / "uvx",
            '[ "$*" = "shipsmith@latest update --defaults --json" ] && [ -z "${GH_TOKEN-}" ] || exit 70',
            update,
            f"cat {self.folder / 'report.json'}",
            f"exit {status}",
        )


def stand_in(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/sh", "set -e", *lines, ""]))
    path.chmod(0o755)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    answers = presets.load(source.root(), "minimal").answers | {"ci": "github"}
    return projects.new(tmp_path_factory.mktemp("generated") / "orders", answers).folder


@pytest.fixture
def repository(tmp_path: Path, generated: Path) -> Repository:
    projects.run("git", "clone", "--bare", generated, "remote.git", directory=tmp_path)
    (tmp_path / "pull_requests.json").write_text("[]")
    (tmp_path / "stand-ins").mkdir()
    gh = Path(__file__).with_name("stand_in_gh.py")
    stand_in(tmp_path / "stand-ins" / "gh", f'exec {sys.executable} {gh} "$@"')
    return Repository(tmp_path)


def test_with_nothing_to_update_nothing_is_proposed(repository: Repository) -> None:
    assert repository.run_workflow(NOTHING)
    assert repository.git("branch", "--list") == "* main"
    assert repository.pull_requests == []


def test_an_update_becomes_a_pull_request(repository: Repository) -> None:
    main = repository.git("rev-parse", "main")
    assert repository.run_workflow(CLEAN)
    (proposed,) = repository.pull_requests
    assert (proposed["head"], proposed["base"]) == (BRANCH, "main")
    assert proposed["title"] == "Update from shipsmith v0.1.0 to v0.2.0"
    assert repository.git("diff", "--name-status", "main", BRANCH).split() == [
        "M",
        "Makefile",
        "A",
        "new.txt",
    ]
    assert repository.git("log", "--format=%an %ce %s", f"main..{BRANCH}") == (
        f"github-actions[bot] {BOT} {proposed['title']}"
    )
    assert repository.git("rev-parse", "main", f"{BRANCH}^").split() == [main, main]


def test_the_pull_request_says_what_people_must_know(repository: Repository) -> None:
    repository.run_workflow(CLEAN)
    (proposed,) = repository.pull_requests
    assert proposed["body"] == (
        "This brings the repository from shipsmith v0.1.0 to v0.2.0.\n"
        "\n## What to know\n\n- Set `ORDERS_TRACES__URL`.\n"
        "\n## Left alone\n\n- `docs/old.md`: you deleted it\n"
        "\n## Answers that changed\n\n- `tracing`: null → none\n"
    )


def test_conflicts_are_proposed_with_their_markers_and_make_it_red(repository: Repository) -> None:
    assert not repository.run_workflow(CONFLICT, REPORT | {"conflicts": ["Makefile"]}, status=3)
    (proposed,) = repository.pull_requests
    assert "\n## Conflicts\n\n- `Makefile`\n" in proposed["body"]
    assert repository.git("show", f"{BRANCH}:Makefile").startswith("<<<<<<< yours\n")


def test_the_same_update_is_not_pushed_again(repository: Repository) -> None:
    """Approvals and checks stay."""
    repository.run_workflow(CLEAN)
    tip = repository.git("rev-parse", BRANCH)
    assert repository.run_workflow(CLEAN)
    assert repository.git("rev-parse", BRANCH) == tip
    assert len(repository.pull_requests) == 1


def test_a_later_update_refreshes_the_branch_and_its_pull_request(repository: Repository) -> None:
    repository.run_workflow(CLEAN)
    main = repository.commit("main", "README.md")
    assert repository.run_workflow("echo newest > Makefile", REPORT | {"to": "v0.3.0", "notes": []})
    assert repository.git("rev-parse", f"{BRANCH}^") == main
    assert repository.git("show", f"{BRANCH}:Makefile") == "newest"
    (proposed,) = repository.pull_requests
    assert proposed["title"] == "Update from shipsmith v0.1.0 to v0.3.0"
    assert "What to know" not in proposed["body"]


def test_what_people_commit_to_the_branch_is_left_as_it_is(repository: Repository) -> None:
    repository.run_workflow(CLEAN)
    before = repository.pull_requests
    tip = repository.commit(BRANCH, "Makefile")
    assert not repository.run_workflow(CLEAN, REPORT | {"to": "v0.3.0"})
    assert repository.git("rev-parse", BRANCH) == tip
    assert repository.pull_requests == before


def test_a_pull_request_of_a_fork_is_not_taken_for_ours(repository: Repository) -> None:
    of_a_fork = {"number": 1, "state": "open", "isCrossRepository": True, "head": BRANCH, "title": "theirs"}
    (repository.folder / "pull_requests.json").write_text(json.dumps([of_a_fork]))
    assert repository.run_workflow(CLEAN)
    theirs, ours = repository.pull_requests
    assert theirs == of_a_fork
    assert ours["base"] == "main"


def test_a_failed_update_proposes_nothing(repository: Repository) -> None:
    assert not repository.run_workflow(CLEAN, status=1)
    assert repository.git("branch", "--list") == "* main"
    assert repository.pull_requests == []
