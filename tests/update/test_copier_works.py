"""Plain copier, by hand or as Renovate runs it, updates what shipsmith made; shipsmith goes on from there."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from shipsmith.template.location import PUBLIC_URL

from ..support.once import once
from ..support.updates import measure, versions
from ..support.updates.cases import Workshop
from ..support.updates.profiles import ANSWERS
from ..support.updates.tools import Template, commit, copy, git
from ..support.updates.versions import VERSIONS

FIRST, BETWEEN, *_, LAST = VERSIONS
# what Renovate's copier manager adds to `copier update --defaults --vcs-ref VERSION`
RENOVATE = ("--skip-answered", "--answers-file", ANSWERS)


@pytest.fixture(scope="module")
def workshop() -> Workshop:
    """Projects that are made once, and copied."""
    folder = once("releases", lambda folder: versions.build(folder / "shipsmith"))
    return Workshop(Template(folder / "shipsmith"), folder)


@pytest.fixture
def template(workshop: Workshop) -> Template:
    return workshop.template


@pytest.fixture
def preset(request: pytest.FixtureRequest) -> str:
    """All there is, or little: copier renders each file three times."""
    return str(getattr(request, "param", "minimal"))


@pytest.fixture
def project(workshop: Workshop, preset: str, tmp_path: Path) -> Path:
    """What the first version generates."""
    return copy(workshop.pristine(preset, FIRST), tmp_path / "orders")


@pytest.fixture
def made(workshop: Workshop, preset: str) -> Path:
    """What the last version generates."""
    return workshop.pristine(preset, LAST)


@pytest.mark.parametrize(
    ("preset", "flags"),
    [("minimal", ()), ("full", RENOVATE)],
    ids=["by hand", "by Renovate"],
    indirect=["preset"],
)
def test_copier_gives_what_the_version_generates(
    template: Template, project: Path, made: Path, flags: Sequence[str]
) -> None:
    """Apart from what is made from other files: that copier leaves as it was."""
    assert template.copier_update(project, LAST, *flags).outcome == "clean"
    assert _sources(project) == _sources(made)


def test_shipsmith_updates_what_copier_updated(template: Template, project: Path, made: Path) -> None:
    """And makes anew what copier left: the project is what the version generates, to the byte."""
    template.copier_update(project, BETWEEN, *RENOVATE)
    commit(project, "copier update")
    assert template.update(project, LAST).outcome == "clean"
    assert measure.read(project) == measure.read(made)


@pytest.mark.parametrize("preset", ["full"], indirect=True)
def test_copier_updates_what_shipsmith_updated(template: Template, project: Path, made: Path) -> None:
    template.update(project, BETWEEN)
    commit(project, "shipsmith update")
    assert template.copier_update(project, LAST).outcome == "clean"
    assert _sources(project) == _sources(made)


def test_renovate_finds_what_it_looks_for(template: Template, project: Path) -> None:
    """An address that git understands, whose tags are versions, and the version that is in use."""
    recorded = yaml.safe_load((project / ANSWERS).read_text("utf-8"))
    assert recorded["_src_path"] == PUBLIC_URL
    assert recorded["_commit"] in git(template.root, "tag").split()


def _sources(project: Path) -> measure.Tree:
    tree = measure.read(project)
    return {path: content for path, content in tree.items() if not measure.DERIVED.fullmatch(path)}
