"""Plain copier, by hand or as Renovate runs it, updates what shipsmith made; shipsmith goes on from there."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from shipsmith.template.location import PUBLIC_URL

from ..support.updates import measure, versions
from ..support.updates.profiles import ANSWERS
from ..support.updates.tools import Template, commit, git
from ..support.updates.versions import VERSIONS

FIRST, BETWEEN, *_, LAST = VERSIONS
# what Renovate's copier manager adds to `copier update --defaults --vcs-ref VERSION`
RENOVATE = ("--skip-answered", "--answers-file", ANSWERS)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(versions.build(tmp_path_factory.mktemp("template") / "shipsmith"))


@pytest.mark.parametrize("flags", [(), RENOVATE], ids=["by hand", "by Renovate"])
def test_copier_gives_what_the_version_generates(
    tmp_path: Path, template: Template, flags: Sequence[str]
) -> None:
    """Apart from what is made from other files: that copier leaves as it was."""
    updated, made = tmp_path / "updated/orders", tmp_path / "made/orders"
    _new(template, updated, FIRST)
    _new(template, made, LAST)
    assert template.copier_update(updated, LAST, *flags).outcome == "clean"
    assert _sources(updated) == _sources(made)


def test_shipsmith_updates_what_copier_updated(tmp_path: Path, template: Template) -> None:
    """And makes anew what copier left: the project is what the version generates, to the byte."""
    updated, made = tmp_path / "updated/orders", tmp_path / "made/orders"
    _new(template, updated, FIRST)
    _new(template, made, LAST)
    template.copier_update(updated, BETWEEN, *RENOVATE)
    commit(updated, "copier update")
    assert template.update(updated, LAST).outcome == "clean"
    assert measure.read(updated) == measure.read(made)


def test_copier_updates_what_shipsmith_updated(tmp_path: Path, template: Template) -> None:
    updated, made = tmp_path / "updated/orders", tmp_path / "made/orders"
    _new(template, updated, FIRST)
    _new(template, made, LAST)
    template.update(updated, BETWEEN)
    commit(updated, "shipsmith update")
    assert template.copier_update(updated, LAST).outcome == "clean"
    assert _sources(updated) == _sources(made)


def test_renovate_finds_what_it_looks_for(tmp_path: Path, template: Template) -> None:
    """An address that git understands, whose tags are versions, and the version that is in use."""
    project = tmp_path / "orders"
    _new(template, project, FIRST)
    recorded = yaml.safe_load((project / ANSWERS).read_text("utf-8"))
    assert recorded["_src_path"] == PUBLIC_URL
    assert recorded["_commit"] in git(template.root, "tag").split()


def _new(template: Template, project: Path, version: str) -> None:
    project.parent.mkdir(exist_ok=True)
    template.new(project, version, "full", {})


def _sources(project: Path) -> measure.Tree:
    tree = measure.read(project)
    return {path: content for path, content in tree.items() if not measure.DERIVED.fullmatch(path)}
