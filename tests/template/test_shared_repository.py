"""Services that share a repository: what reads only its root, and workflows that do not touch the others."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from shipsmith.template import location as source
from shipsmith.template import presets

from ..support import checkers as tools
from ..support.command_line import shipsmith
from ..support.services import projects
from ..support.services.update_workflow import PEOPLE, Repository, on_github
from ..support.systems import packages
from ..support.systems.packages import UnavailableError

FOLDERS = ("services/orders", "services/billing")
PREFIXES = ("services-orders-", "services-billing-")
NEWER = "echo newer > Makefile; echo added > new.txt; git add Makefile new.txt"


def git(folder: Path, *arguments: str | Path) -> str:
    return projects.run("git", *PEOPLE, *arguments, directory=folder)


def make(folder: Path, *targets: str, status: int = 0) -> str:
    result = subprocess.run(
        ["make", *targets],
        cwd=folder,
        env=projects.clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert bool(result.returncode) == bool(status), result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two services, as people make them. Its folder has a space and a quote."""
    root = tmp_path_factory.mktemp("shared") / "the company's"
    git(root.parent, "init", "-q", "-b", "main", root)
    settings = presets.load(source.root(), "minimal").answers | {"ci": "github", "grpc": True}
    arguments = [part for name, value in settings.items() for part in ("--set", f"{name}={value}".lower())]
    for folder in FOLDERS:
        made = shipsmith("new", folder, "--defaults", *arguments, cwd=root)
        assert made.returncode == 0, made.stderr
        make(root / folder, "workflows")
    git(root, "add", "--all")
    git(root, "commit", "-qm", "Two services")
    return root


@pytest.fixture
def repository(tmp_path: Path, shared: Path) -> Path:
    return Path(shutil.copytree(shared, tmp_path / "the company's"))


def workflows(root: Path) -> dict[str, dict[Any, Any]]:
    """Those that GitHub reads."""
    return {path.name: yaml.safe_load(path.read_text()) for path in (root / ".github/workflows").iterdir()}


def test_each_service_is_a_part_of_the_one_repository(shared: Path) -> None:
    assert [path.parent for path in shared.rglob(".git")] == [shared]
    assert git(shared, "status", "--porcelain") == ""
    for folder in FOLDERS:
        recorded = yaml.safe_load((shared / folder / ".copier-answers.yml").read_text())
        assert recorded["repository_folder"] == folder
        assert shipsmith("status", folder, cwd=shared).returncode in (0, 4)


def test_github_reads_the_workflows_of_both(shared: Path) -> None:
    assert sorted(workflows(shared)) == sorted(
        f"{prefix}{name}.yaml" for prefix in PREFIXES for name in ("ci", "release", "update")
    )
    tools.check("actionlint", *sorted((shared / ".github/workflows").iterdir()), directory=shared)
    for folder in FOLDERS:
        tools.check("shellcheck", f"{folder}/.github/scripts/propose-update.sh", directory=shared)


def test_a_workflow_runs_in_its_folder_for_changes_there(shared: Path) -> None:
    for folder, prefix in zip(FOLDERS, PREFIXES, strict=True):
        checks, update = (workflows(shared)[f"{prefix}{name}.yaml"] for name in ("ci", "update"))
        for each in (checks, update):
            assert each["defaults"] == {"run": {"working-directory": folder}}
        # YAML reads `on` as true
        events = checks[True]
        assert events["pull_request"]["paths"] == events["push"]["paths"]
        assert events["push"]["paths"] == [f"{folder}/**", f".github/workflows/{prefix}*"]
        assert update[True]["push"]["paths"] == [f"{folder}/.github/shipsmith.lock"]
        assert (shared / update[True]["push"]["paths"][0]).is_file()


def test_workflows_of_two_services_do_not_cancel_each_other(shared: Path) -> None:
    found = workflows(shared).values()
    assert len({each["concurrency"]["group"] for each in found}) == len(found)
    assert len({each["name"] for each in found}) == len(found)


def test_a_copy_that_is_out_of_date_fails_the_checks(repository: Path) -> None:
    orders, billing = (repository / folder for folder in FOLDERS)
    with (orders / ".github/workflows/ci.yaml").open("a") as stream:
        stream.write("# newer\n")
    assert "Run: make workflows" in make(orders, "lint-workflows", status=1)
    assert "cmp " in make(orders, "--dry-run", "--always-make", "check")
    make(billing, "lint-workflows")
    make(orders, "workflows", "lint-workflows")
    assert git(repository, "diff", "--name-only").split() == [
        ".github/workflows/services-orders-ci.yaml",
        "services/orders/.github/workflows/ci.yaml",
    ]
    (repository / ".github/workflows/services-orders-update.yaml").unlink()
    assert "Run: make workflows" in make(orders, "lint-workflows", status=1)


def test_the_hook_of_each_service_runs_from_the_root_for_files_of_its_folder(repository: Path) -> None:
    """In one file for both, which is the only one that pre-commit reads: so their names differ."""
    hooks = {}
    for folder in FOLDERS:
        configuration = yaml.safe_load((repository / folder / ".pre-commit-config.yaml").read_text())
        ((hook,),) = ([*each["hooks"]] for each in configuration["repos"])
        hooks[hook["id"]] = hook
        (repository / folder / "Makefile").write_text("check:\n\ttouch checked\n")
        projects.run(*shlex.split(hook["entry"]), directory=repository)
        assert (repository / folder / "checked").exists()
    assert len(hooks) == len(FOLDERS)
    for path, expected in {
        "services/orders/src/orders/main.py": ["services-orders-check"],
        "services/billing/tests/test_a.py": ["services-billing-check"],
        "services/orders-2/main.py": [],
        "apps/services/orders/main.py": [],
    }.items():
        # as pre-commit looks for files
        assert [name for name, hook in hooks.items() if re.search(hook["files"], path)] == expected


def test_the_readme_names_the_folder_where_renovate_finds_its_configuration(shared: Path) -> None:
    readme = (shared / FOLDERS[0] / "README.md").read_text()
    (preset,) = re.findall(r"local>OWNER/REPOSITORY//([^\"]+)", readme)
    configuration = json.loads((shared / f"{preset}.json").read_text())
    names = [name for rule in configuration["packageRules"] for name in rule["matchPackageNames"]]
    assert names == ["orders", "ghcr.io/platform/orders"]


@pytest.fixture
def on_a_forge(tmp_path: Path, shared: Path) -> Repository:
    try:
        packages.require("jq", "jq")
    except UnavailableError as error:
        pytest.skip(str(error))
    return on_github(tmp_path, shared, "services-orders-update.yaml")


def test_the_update_of_one_service_is_proposed_on_a_branch_of_its_own(on_a_forge: Repository) -> None:
    assert on_a_forge.run_workflow(NEWER)
    (proposed,) = on_a_forge.pull_requests
    branch = "shipsmith/services-orders-update"
    assert proposed["head"] == branch
    assert on_a_forge.git("diff", "--name-status", "main", branch).split() == [
        *("M", "services/orders/Makefile"),
        *("A", "services/orders/new.txt"),
    ]


@pytest.mark.parametrize(
    "path", [".github/workflows/evil.yaml", "services/billing/evil.py", "services/orders-evil/x", "evil.py"]
)
def test_an_update_that_attacks_changes_nothing_outside_its_folder(on_a_forge: Repository, path: str) -> None:
    """A workflow at the root would run as soon as it is pushed."""
    attack = f"mkdir -p ../../$(dirname {path}); echo evil > ../../{path}; {NEWER}"
    on_a_forge.run_workflow(attack)
    for each in on_a_forge.pull_requests:
        changed = on_a_forge.git("diff", "--name-only", "main", each["head"]).split()
        assert all(name.startswith("services/orders/") for name in changed)


def test_a_changed_workflow_is_proposed_where_github_does_not_read_it(on_a_forge: Repository) -> None:
    assert on_a_forge.run_workflow("echo '# newer' >> .github/workflows/ci.yaml")
    (proposed,) = on_a_forge.pull_requests
    assert on_a_forge.git("diff", "--name-only", "main", proposed["head"]) == (
        "services/orders/.github/workflows/ci.yaml"
    )


def test_choices_change_one_service_alone_and_keep_workflows_in_step(repository: Path) -> None:
    before = git(repository, "rev-parse", "HEAD:services/billing")
    changed = shipsmith("add", "cache=redis", "--path", "services/orders", cwd=repository)
    assert changed.returncode == 0, changed.stderr
    git(repository, "commit", "-qm", "redis")
    assert git(repository, "rev-parse", "HEAD:services/billing") == before
    moved = shipsmith("set", "repository_folder=apps/orders", "--path", "services/orders", cwd=repository)
    assert moved.returncode == 0, moved.stderr
    git(repository, "commit", "-qm", "moves")
    (repository / "apps").mkdir()
    git(repository, "mv", "services/orders", "apps/orders")
    git(repository, "commit", "-qm", "moved")
    make(repository / "apps/orders", "workflows", "lint-workflows")
    assert workflows(repository)["apps-orders-ci.yaml"]["defaults"]["run"] == {
        "working-directory": "apps/orders"
    }
    assert shipsmith("status", "apps/orders", cwd=repository).returncode in (0, 4)
