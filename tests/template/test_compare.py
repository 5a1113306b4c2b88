"""`make compare` of a generated repository."""

import re
from collections.abc import Callable

import pytest
from shipsmith.template import location, presets
from shipsmith.template.questionnaire import Answers

from ..support.services.projects import Project

TECHNIQUES = ("cache", "events in batches", "reads without transactions")
ROW = r"^\| ([a-z ]+) \| ([0-9,]+) \| ([0-9,]+) \| ([0-9.]+) \| [0-9.]+ \| [0-9.]+ \|$"


def test_each_technique_is_measured_beside_the_service_without_it(
    full: Project, meet: Callable[[Answers], dict[str, str]]
) -> None:
    servers = meet(presets.load(location.root(), "full").answers)
    full.make("compare", environment={**servers, "ROUNDS": "1", "ROUND_SECONDS": "0.5"})
    file = full.folder / "docs/performance.md"
    page = file.read_text()
    file.unlink()
    rows = re.findall(ROW, page, re.MULTILINE)
    assert sorted(name for name, *_ in rows) == sorted(TECHNIQUES)
    for _, used, left_out, ratio in rows:
        figures = [int(each.replace(",", "")) for each in (used, left_out)]
        # figures are whole numbers
        assert figures[0] / figures[1] == pytest.approx(float(ratio), rel=0.02)
    plotted = re.search(r"bar \[(.*)\]", page)
    assert plotted
    assert plotted[1].split(", ") == [ratio for *_, ratio in rows]
