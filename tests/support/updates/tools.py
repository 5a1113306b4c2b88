"""The two tools under comparison, run as by a user, and their projects."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shipsmith.template.location import PUBLIC_URL

from .. import preloaded

COPIER_CONFLICT = b"<<<<<<< before updating"
SHIPSMITH_CONFLICTS = 3  # exit status

Outcome = Literal["clean", "conflicts", "failed"]


@dataclass(frozen=True)
class Updated:
    """A tool's report of its update."""

    outcome: Outcome
    conflicts: int
    """Files with conflicts."""
    message: str
    """The reason of a failure."""


@dataclass(frozen=True)
class Template:
    """The template's repository."""

    root: Path

    def new(self, project: Path, version: str, preset: str, answers: Mapping[str, str]) -> None:
        """Create a project with this version, and commit it."""
        chosen = [f"--set={name}={value}" for name, value in answers.items()]
        arguments = ["new", str(project), "--at", version, "--preset", preset, "--defaults", *chosen]
        result = self._shipsmith(*arguments, cwd=project.parent)
        if result.returncode:
            raise AssertionError(f"shipsmith {' '.join(arguments)}: {result.stderr}")

    def update(self, project: Path, version: str) -> Updated:
        """Run `shipsmith update`."""
        result = self._shipsmith("update", "--defaults", "--to", version, "--json", cwd=project)
        if result.returncode not in (0, SHIPSMITH_CONFLICTS):
            return Updated("failed", 0, _last_line(result.stderr))
        conflicts = set(json.loads(result.stdout)["conflicts"])
        if conflicts != unmerged(project) or bool(conflicts) != (result.returncode == SHIPSMITH_CONFLICTS):
            return Updated("failed", len(conflicts), f"exit {result.returncode}, conflicts: {conflicts}")
        return Updated("conflicts" if conflicts else "clean", len(conflicts), "")

    def copier_update(self, project: Path, version: str, *flags: str) -> Updated:
        """Run plain `copier update`."""
        command = [sys.executable, "-m", "copier", "update", "--defaults", "--vcs-ref", version, *flags]
        result = subprocess.run(
            command,
            cwd=project,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            return Updated("failed", 0, _last_line(result.stderr))
        files = [path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts]
        conflicts = sum(COPIER_CONFLICT in path.read_bytes() for path in files)
        return Updated("conflicts" if conflicts else "clean", conflicts, "")

    def _shipsmith(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        program = preloaded.with_template(self.root, preloaded.KEEPING_RENDERS)
        return preloaded.run(program, arguments, cwd, self._environment())

    def _environment(self) -> dict[str, str]:
        """This repository as the public one, and separate caches."""
        return {
            **os.environ,
            **IDENTITY,
            # not shared by all processes: copier fetches into its cache each time
            "XDG_CACHE_HOME": str(self.root.parent / "cache" / str(os.getpid())),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.root}.insteadOf",
            "GIT_CONFIG_VALUE_0": PUBLIC_URL,
        }


IDENTITY = {
    "GIT_AUTHOR_NAME": "test",
    "GIT_AUTHOR_EMAIL": "test@localhost",
    "GIT_COMMITTER_NAME": "test",
    "GIT_COMMITTER_EMAIL": "test@localhost",
}


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    environment = os.environ | IDENTITY
    return subprocess.run(
        command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def unmerged(project: Path) -> set[str]:
    """Paths in conflict, according to git."""
    return set(filter(None, git(project, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")))


def commit(project: Path, message: str) -> None:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", message)


def copy(project: Path, destination: Path) -> Path:
    shutil.copytree(project, destination, symlinks=True)
    return destination


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing was said"])[-1]
