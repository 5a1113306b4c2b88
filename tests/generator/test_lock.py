"""A project's lock: what its requirements reach in the universe, and nothing else."""

import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
from shipsmith.project.create import create
from shipsmith.rendering.derived import python_lock
from shipsmith.template import location, presets, versions
from shipsmith.template.questionnaire import questions_of

LOCKS = ("requirements.lock", "requirements-dev.lock")

UNIVERSE = """\
alpha==1.0 \\
    --hash=sha256:aa
    # via
    #   -r universe.in
    #   beta
beta==2.0 ; sys_platform != 'win32' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
    # via -r universe.in
gamma-delta==3.0 \\
    --hash=sha256:dd
    # via alpha
"""


def test_a_lock_holds_what_is_reached() -> None:
    pins = python_lock.parse(UNIVERSE)
    assert python_lock.prune(pins, ["Gamma_Delta"]) == "gamma-delta==3.0 \\\n    --hash=sha256:dd\n"
    beta = python_lock.prune(pins, ["beta"])
    assert [line.split("==")[0] for line in beta.splitlines() if "==" in line] == [
        "alpha",
        "beta",
        "gamma-delta",
    ]
    assert "# via" not in beta


def test_a_requirement_that_the_universe_lacks_is_an_error() -> None:
    with pytest.raises(LookupError, match="omega"):
        python_lock.prune(python_lock.parse(UNIVERSE), ["omega>=1"])


def test_the_universe_names_no_registry() -> None:
    assert "://" not in (location.root() / python_lock.UNIVERSE).read_text()


@pytest.mark.parametrize("program", ["grpcio-tools", "datamodel-code-generator"])
def test_code_is_generated_by_the_version_that_the_universe_pins(program: str) -> None:
    pyproject = tomllib.loads((location.root() / "pyproject.toml").read_text())
    (ours,) = [each for each in pyproject["project"]["dependencies"] if each.startswith(program)]
    assert f"\n{ours} \\\n" in (location.root() / python_lock.UNIVERSE).read_text()


@pytest.mark.parametrize("preset", ["minimal", "full"])
def test_a_lock_is_what_the_resolver_writes(tmp_path: Path, preset: str) -> None:
    """The command that a lock names, asked to keep the universe's versions, writes the same bytes."""
    root = location.root()
    answers = questions_of(root).resolve(presets.load(root, preset).answers)
    project = tmp_path / "orders"
    create(answers, versions.working(), project, git=False)
    for name in LOCKS:
        ours = (project / name).read_text()
        (project / name).write_text((root / python_lock.UNIVERSE).read_text())
        subprocess.run([*command_of(ours), "--quiet"], cwd=project, check=True)
        assert (project / name).read_text() == ours


def test_make_lock_writes_the_locks_by_the_commands_that_they_name(tmp_path: Path) -> None:
    answers = questions_of(location.root()).resolve(presets.load(location.root(), "minimal").answers)
    create(answers, versions.working(), tmp_path / "orders", git=False)
    make = ["make", "--dry-run", "--silent", "lock"]
    recipe = subprocess.run(make, cwd=tmp_path / "orders", check=True, capture_output=True, text=True).stdout
    unnamed = ("--quiet", "--upgrade")  # what uv leaves out of a lock
    assert [
        [argument for argument in shlex.split(command.partition(" -m ")[2]) if argument not in unnamed]
        for command in recipe.replace("\\\n", "").splitlines()
        if " compile " in command
    ] == [command_of((tmp_path / "orders" / name).read_text()) for name in LOCKS]


def command_of(lock: str) -> list[str]:
    """The command that a lock's second line names."""
    return shlex.split(lock.splitlines()[1].removeprefix("#"))
