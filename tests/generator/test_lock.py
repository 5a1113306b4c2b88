"""A project's lock: what its requirements reach in the universe, and nothing else."""

import subprocess
import tomllib
from pathlib import Path

import pytest
from shipsmith import history, lock, presets, source
from shipsmith.options import Questionnaire
from shipsmith.project import create

COMPILE = [
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-header", "--no-annotate"),
]

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
    pins = lock.parse(UNIVERSE)
    assert lock.prune(pins, ["Gamma_Delta"]) == "gamma-delta==3.0 \\\n    --hash=sha256:dd\n"
    assert [line.split("==")[0] for line in lock.prune(pins, ["beta"]).splitlines() if "==" in line] == [
        "alpha",
        "beta",
        "gamma-delta",
    ]
    assert "# via" not in lock.prune(pins, ["beta"])


def test_a_requirement_that_the_universe_lacks_is_an_error() -> None:
    with pytest.raises(LookupError, match="omega"):
        lock.prune(lock.parse(UNIVERSE), ["omega>=1"])


def test_the_universe_names_no_registry() -> None:
    assert "://" not in (source.root() / lock.UNIVERSE).read_text()


def test_stubs_are_made_by_the_version_that_the_universe_pins() -> None:
    pyproject = tomllib.loads((source.root() / "pyproject.toml").read_text())
    (ours,) = [each for each in pyproject["project"]["dependencies"] if each.startswith("grpcio-tools")]
    assert f"\n{ours} \\\n" in (source.root() / lock.UNIVERSE).read_text()


@pytest.mark.parametrize("preset", ["minimal", "full"])
def test_a_lock_is_what_the_resolver_writes(tmp_path: Path, preset: str) -> None:
    """uv, asked to keep the universe's versions, writes the same bytes."""
    root = source.root()
    answers = Questionnaire(root).resolve(presets.load(root, preset).answers)
    project = tmp_path / "orders"
    create(answers, history.working(), project, git=False)
    for name, group in (("requirements.lock", []), ("requirements-dev.lock", ["--group", "dev"])):
        resolved = tmp_path / name
        resolved.write_text((root / lock.UNIVERSE).read_text())
        arguments = [*group, "pyproject.toml", "--output-file", str(resolved)]
        subprocess.run([*COMPILE, *arguments], cwd=project, check=True)
        assert (project / name).read_text() == resolved.read_text()
