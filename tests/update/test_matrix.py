"""docs/updates.md says what is so: a part of its cases is run again."""

from pathlib import Path

import pytest

from ..support.once import once
from ..support.updates import publish, versions
from ..support.updates.cases import Row, Workshop
from ..support.updates.profiles import PROFILES
from ..support.updates.tools import Template

SAMPLE = [("minimal", "v0.4.0", "v0.5.0"), ("service", "v0.1.0", "v0.5.0"), ("full", "v0.2.0", "v0.3.0")]


@pytest.fixture(scope="module")
def published() -> list[Row]:
    return publish.from_table(publish.TABLE.read_text())


@pytest.fixture(scope="module")
def template() -> Template:
    return Template(once("releases", lambda folder: versions.build(folder / "shipsmith")) / "shipsmith")


@pytest.mark.parametrize(("preset", "old", "new"), SAMPLE)
def test_what_is_published_of_a_step_is_what_shipsmith_does(
    tmp_path: Path, template: Template, published: list[Row], preset: str, old: str, new: str
) -> None:
    """With all profiles; the published line is that of the template as it was when the matrix was run."""
    expected = {row.case: row.results["shipsmith"] for row in published}
    for row in Workshop(template, tmp_path).run(preset, old, [new], tools=["shipsmith"]):
        assert row.results["shipsmith"] == expected[row.case], row


def test_no_case_loses_a_line_or_fails(published: list[Row]) -> None:
    results = {row.case: row.results["shipsmith"] for row in published}
    assert {case: result for case, result in results.items() if result.lost} == {}
    assert {case: result for case, result in results.items() if result.outcome == "failed"} == {}


def test_every_preset_step_and_profile_is_published(published: list[Row]) -> None:
    cases = {(row.case.preset, row.case.old, row.case.new, row.case.profile) for row in published}
    assert cases == {
        (preset, *step, profile.name)
        for preset in publish.PRESETS
        for step in versions.STEPS
        for profile in PROFILES
    }


def test_the_page_is_made_from_the_table(published: list[Row]) -> None:
    assert publish.DOCUMENT.read_text() == publish.as_document(published)
