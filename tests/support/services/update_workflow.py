"""A generated repository on GitHub, and its update workflow.

The remote is a real git repository. `gh` and `uv` are stand-ins: the first keeps pull requests in a file, the
second installs a `shipsmith` that runs a test's commands.
"""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from . import projects
from .workflow_runner import Machine, Runner

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
UV = """\
case "$1 $2" in
  "venv $RUNNER_TEMP/shipsmith")
    mkdir -p "$2/bin" ;;
  "pip sync")
    [ "$*" = "pip sync --python $RUNNER_TEMP/shipsmith --no-build .github/shipsmith.lock" ]
    grep -q '^shipsmith==[0-9]' .github/shipsmith.lock
    cp "$STAND_INS/shipsmith" "$RUNNER_TEMP/shipsmith/bin/" ;;
  *)
    exit 70 ;;
esac"""


@dataclass(frozen=True)
class Repository:
    """A generated repository's remote, with GitHub's data."""

    folder: Path
    workflow: str = "update.yaml"
    """The name of the workflow's file."""

    @property
    def remote(self) -> str:
        return f"file://{self.folder / 'remote.git'}"

    @property
    def pull_requests(self) -> list[dict[str, Any]]:
        content: list[dict[str, Any]] = json.loads((self.folder / "pull_requests.json").read_text())
        return content

    @property
    def calls_of_gh(self) -> str:
        return (self.folder / "pull_requests.calls").read_text()

    def git(self, *arguments: str) -> str:
        return projects.run("git", *arguments, directory=self.folder / "remote.git").strip()

    def run_workflow(
        self, update: str = "true", report: Any = REPORT, status: int = 0, **environment: str
    ) -> bool:
        """Run its jobs, with an update that runs these commands. Returns whether all succeed."""
        return self.run_jobs(update, report, status, **environment)[0]

    def run_jobs(
        self, update: str = "true", report: Any = REPORT, status: int = 0, **environment: str
    ) -> tuple[bool, dict[str, Machine]]:
        """The same, with the machines of the jobs. A report in bytes is printed unchanged."""
        stand_ins = self.folder / "stand-ins"
        printed = report if isinstance(report, bytes) else json.dumps(report).encode()
        (self.folder / "report.json").write_bytes(printed)
        stand_in(
            stand_ins / "shipsmith",
            '[ "$*" = "update --defaults --json" ] && [ -z "${GH_TOKEN-}" ] || exit 70',
            update,
            f"cat {shlex.quote(str(self.folder / 'report.json'))}",
            f"exit {status}",
        )
        runner = self.runner(**environment)
        succeeded = runner.run(self._workflow)
        return succeeded, runner.machines

    def propose(self, patch: bytes, report: bytes = json.dumps(REPORT).encode()) -> Machine:
        """Run only the job with the token, with files that the other job could have created."""

        def upload(artifact: Path) -> None:
            (artifact / "update.patch").write_bytes(patch)
            (artifact / "report.json").write_bytes(report)

        return self.propose_artifact(upload)

    def propose_artifact(self, upload: Callable[[Path], None]) -> Machine:
        """The same with an arbitrary uploaded artifact."""
        runner = self.runner()
        runner.artifact("update").mkdir(parents=True)
        upload(runner.artifact("update"))
        workflow = yaml.safe_load(self._workflow.read_text())
        return runner.run_job("propose", workflow["jobs"]["propose"], workflow.get("defaults", {}))

    @property
    def _workflow(self) -> Path:
        return self.checkout() / ".github" / "workflows" / self.workflow

    def runner(self, **environment: str) -> Runner:
        stand_ins = self.folder / "stand-ins"
        ours = {
            "PATH": f"{stand_ins}{os.pathsep}{os.environ['PATH']}",
            "STAND_INS": str(stand_ins),
            "STAND_IN_GH": str(self.folder / "pull_requests.json"),
            "GITHUB_REPOSITORY": "acme/orders",
            "GITHUB_REF_NAME": "main",
            "GITHUB_REF_TYPE": "branch",
            "GIT_CONFIG_SYSTEM": os.devnull,
        }
        return Runner(self.folder / "jobs", self.remote, projects.clean_environment() | ours | environment)

    def checkout(self, branch: str = "main") -> Path:
        """A person's clone."""
        clone = self.folder / "person"
        shutil.rmtree(clone, ignore_errors=True)
        projects.run("git", "clone", "--branch", branch, self.remote, clone, directory=self.folder)
        return clone

    def commit(self, branch: str, path: str, content: str = "by hand\n") -> str:
        """Commit something to a branch, as a person."""
        clone = self.checkout(branch)
        (clone / path).write_text(content)
        return self.push(clone, path)

    def push(self, clone: Path, message: str) -> str:
        """Commit and push everything in a person's clone."""
        branch = projects.run("git", "branch", "--show-current", directory=clone).strip()
        for command in (["add", "--all"], [*PEOPLE, "commit", "-m", message], ["push", "origin", branch]):
            projects.run("git", *command, directory=clone)
        return self.git("rev-parse", branch)


def on_github(folder: Path, generated: Path, workflow: str = "update.yaml") -> Repository:
    """The generated repository on GitHub, below a new folder."""
    projects.run("git", "clone", "--bare", generated, "remote.git", directory=folder)
    (folder / "pull_requests.json").write_text("[]")
    (folder / "stand-ins").mkdir()
    gh = Path(__file__).with_name("stand_in_gh.py")
    stand_in(folder / "stand-ins" / "gh", f'exec {sys.executable} {gh} "$@"')
    stand_in(folder / "stand-ins" / "uv", UV)
    return Repository(folder, workflow)


def stand_in(path: Path, *lines: str) -> None:
    path.write_text("\n".join(["#!/bin/bash", "set -e", *lines, ""]))
    path.chmod(0o755)
