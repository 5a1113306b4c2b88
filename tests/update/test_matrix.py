"""What docs/updates.md says of updates is so, and nothing that people wrote is lost."""

from itertools import product

import pytest

from . import publish, versions
from .cases import Row, Workshop
from .profiles import PROFILES
from .publish import PRESETS
from .tools import Template
from .versions import VERSIONS, steps

# a few of the published cases, so that this takes about a minute
PRESETS_TRIED = ("minimal", "service")
STEPS_TRIED = (("v0.1.0", "v0.5.0"), ("v0.2.0", "v0.3.0"))


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    folder = tmp_path_factory.mktemp("updates")
    return Workshop(Template(versions.build(folder / "shipsmith")), folder)


@pytest.fixture(scope="module")
def published() -> list[Row]:
    return publish.from_table(publish.TABLE.read_text("utf-8"))


@pytest.mark.parametrize("preset", PRESETS_TRIED)
@pytest.mark.parametrize(("old", "new"), STEPS_TRIED)
def test_updates_come_out_as_published(
    preset: str, old: str, new: str, workshop: Workshop, published: list[Row]
) -> None:
    results = {row.case: row.results["shipsmith"] for row in published}
    for row in workshop.run(preset, old, [new], tools=["shipsmith"]):
        assert row.results["shipsmith"] == results[row.case], row
        assert row.results["shipsmith"].lost == 0, row


def test_every_preset_step_and_profile_is_published_once(published: list[Row]) -> None:
    wanted = product(PRESETS, steps(VERSIONS), [profile.name for profile in PROFILES])
    there = [(row.case.preset, (row.case.old, row.case.new), row.case.profile) for row in published]
    assert sorted(there) == sorted(wanted)


def test_no_published_update_by_shipsmith_failed_or_lost_anything(published: list[Row]) -> None:
    assert [row for row in published if _bad(row)] == []


def test_the_document_says_what_the_table_says(published: list[Row]) -> None:
    assert publish.DOCUMENT.read_text("utf-8") == publish.as_document(published)


def _bad(row: Row) -> bool:
    result = row.results["shipsmith"]
    checked = row.checks in ("passed", "failed before") if result.outcome == "clean" else not row.checks
    return result.outcome == "failed" or result.lost > 0 or result.came_back > 0 or not checked
