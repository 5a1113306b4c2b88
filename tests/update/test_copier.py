"""Plain copier, and Renovate's copier manager, update the same projects."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from shipsmith.template.location import PUBLIC_URL

from ..support.updates.small import SERVICE, Small, commit, contents, git

UPDATE = ["update", "--defaults", "--vcs-ref", "v0.2.0"]
# what Renovate runs: lib/modules/manager/copier/artifacts.ts
RENOVATE = [
    *(
        "update",
        "--skip-answered",
        "--defaults",
        "--answers-file",
        ".copier-answers.yml",
        "--vcs-ref",
        "v0.2.0",
    )
]


def copier(small: Small, project: Path, arguments: list[str]) -> None:
    """Run copier, for which the template's repository is at its public address."""
    configuration = {
        f"url.file://{small.template}.insteadOf": PUBLIC_URL,
        "user.name": "x",
        "user.email": "x@x",
    }
    variables = {"GIT_CONFIG_COUNT": str(len(configuration))}
    for number, (key, value) in enumerate(configuration.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    made = subprocess.run(
        [sys.executable, "-m", "copier", *arguments],
        cwd=project,
        # a cache of its own: copier fails where two use one at once, as tests do
        env=small.environment | variables | {"COPIER_CACHE_DIR": str(project.parent / "copier")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert made.returncode == 0, made.stdout


@pytest.mark.parametrize("arguments", [UPDATE, RENOVATE], ids=["copier", "renovate"])
def test_copier_updates_a_project_and_shipsmith_goes_on(
    small: Small, project: Path, arguments: list[str]
) -> None:
    commit(project, {"service.py": SERVICE.replace("line 20\n", "mine\n")})
    copier(small, project, arguments)
    assert "line three\n" in (project / "service.py").read_text()
    assert "mine\n" in (project / "service.py").read_text()
    assert yaml.safe_load((project / ".copier-answers.yml").read_text())["_commit"] == "v0.2.0"
    commit(project, {})
    assert small.run(project, "update", "--to", "v0.3.0").returncode == 0
    assert "Third, north." in (project / "README.md").read_text()


def test_copier_goes_on_after_shipsmith(small: Small, project: Path) -> None:
    assert small.run(project, "update", "--to", "v0.2.0").returncode == 0
    git(project, "commit", "-qm", "updated")
    before = contents(project)
    copier(small, project, ["update", "--defaults", "--vcs-ref", "v0.3.0"])
    changed = {path for path, content in contents(project).items() if before.get(path) != content}
    assert changed == {"README.md", ".copier-answers.yml"}
