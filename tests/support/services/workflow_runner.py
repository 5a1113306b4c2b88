"""Runs a workflow's jobs as GitHub's runner does: each on its own machine, with files for its commands.

Stand-ins replace the actions that a workflow uses: checkout is a clone, and artifacts are folders.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from . import projects

TOKEN = "the-token"


@dataclass
class Machine:
    """The machine of one job: its checkout, temporary folder, home folder, and the output of its steps."""

    folder: Path
    environment: dict[str, str]
    working_directory: str = "."
    """Where commands run, relative to the checkout."""
    expressions: Mapping[str, str] = field(default_factory=dict)
    """The values of expressions, beside those that each machine has."""
    output: str = ""
    succeeded: bool = True

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def temporary(self) -> Path:
        return self.folder / "temporary"

    def __post_init__(self) -> None:
        for name in ("temporary", "home", "files"):
            (self.folder / name).mkdir(parents=True)
        self.environment = self.environment | {
            "HOME": str(self.folder / "home"),
            "RUNNER_TEMP": str(self.temporary),
            **{name: str(self._file(name)) for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT")},
        }

    def run(self, step: Mapping[str, Any]) -> None:
        """Run its commands with `bash -e`, with a token only if the step uses one."""
        for name in ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT"):
            self._file(name).touch()
        values = {name: expand(value, self) for name, value in step.get("env", {}).items()}
        result = subprocess.run(
            ["bash", "-e", "-c", step["run"]],
            cwd=self.checkout / self.working_directory,
            env=self.environment | values,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.output += result.stdout.decode(errors="replace")
        self.succeeded = result.returncode == 0
        for line in self._file("GITHUB_ENV").read_text().splitlines():
            name, _, value = line.partition("=")
            self.environment[name] = value
        for line in self._file("GITHUB_PATH").read_text().splitlines():
            self.environment["PATH"] = f"{line}{os.pathsep}{self.environment['PATH']}"

    def _file(self, name: str) -> Path:
        return self.folder / "files" / name


@dataclass
class Runner:
    folder: Path
    """Emptied first."""
    remote: str
    environment: Mapping[str, str]
    """The environment of every job, in addition to the runner's."""
    expressions: Mapping[str, str] = field(default_factory=dict)
    """The values of expressions in its steps, such as the results of other jobs."""
    machines: dict[str, Machine] = field(default_factory=dict)
    """The results of the jobs that ran, by name."""

    def __post_init__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def artifact(self, name: str) -> Path:
        return self.folder / "artifacts" / name

    def run(self, workflow: Path) -> bool:
        """Run the jobs, each after those that it needs. Returns whether all succeed."""
        content = yaml.safe_load(workflow.read_text())
        jobs = content["jobs"]
        for name, job in jobs.items():
            needed = job.get("needs", [])
            if all(self.machines[each].succeeded for each in [needed] if each):
                self.run_job(name, job, content.get("defaults", {}))
        return len(self.machines) == len(jobs) and all(each.succeeded for each in self.machines.values())

    def run_job(self, name: str, job: Mapping[str, Any], defaults: Mapping[str, Any]) -> Machine:
        working_directory = defaults.get("run", {}).get("working-directory", ".")
        machine = Machine(self.folder / name, dict(self.environment), working_directory, self.expressions)
        self.machines[name] = machine
        for step in job["steps"]:
            if not machine.succeeded:
                break
            if "run" in step:
                machine.run(step)
            else:
                self._use(machine, step["uses"].split("@")[0], step.get("with", {}))
        return machine

    def _use(self, machine: Machine, action: str, settings: Mapping[str, Any]) -> None:
        artifact = self.artifact(str(settings.get("name")))
        place = Path(expand(str(settings.get("path")), machine))
        if action == "actions/checkout":
            assert settings in ({"persist-credentials": False}, {"persist-credentials": False, "ref": "main"})
            projects.run("git", "clone", "--depth=1", self.remote, machine.checkout, directory=machine.folder)
        elif action == "actions/upload-artifact":
            shutil.copytree(place, artifact, symlinks=True)
        elif action == "actions/download-artifact":
            shutil.copytree(artifact, place, symlinks=True)
        else:
            assert (action, settings["enable-cache"]) == ("astral-sh/setup-uv", False)


def expand(text: str, machine: Machine) -> str:
    """The text with the expressions that our workflows use replaced by their values."""
    values = {
        "runner.temp": str(machine.temporary),
        "secrets.SHIPSMITH_TOKEN || github.token": TOKEN,
        "secrets.PROMOTION_TOKEN || github.token": TOKEN,
        **machine.expressions,
    }
    return re.sub(r"\$\{\{ (.+?) \}\}", lambda match: values[match[1]], text)


def commands(output: str) -> list[str]:
    """The commands that a runner finds in the output of a job: `::name::…`, and the older `##[name]…`."""
    found, resume = [], ""
    for line in re.split(r"[\r\n]+", output):
        text = line.lstrip()
        if resume:
            if text.startswith(f"::{resume}::"):
                resume = ""
        elif stopped := re.match(r"::stop-commands::(.+)", text):
            resume = stopped[1]
        elif text.startswith("::") or "##[" in text:
            found.append(text)
    return found
