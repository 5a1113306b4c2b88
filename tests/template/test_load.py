"""`make load` and `make budget` of a generated repository."""

import json
from collections.abc import Callable

import pytest
from shipsmith.template import location, presets
from shipsmith.template.questionnaire import Answers

from ..support.services import projects
from ..support.services.projects import Project

OPERATIONS = {
    *("GET /v1/orders", "GET /v1/orders/{id}", "POST /v1/orders"),
    *("CreateOrder", "GetOrder", "ListOrders"),
}


def test_what_costs_more_than_the_baseline_allows_is_a_failure(
    full: Project, meet: Callable[[Answers], dict[str, str]]
) -> None:
    servers = meet(presets.load(location.root(), "full").answers)
    short = {"LOAD_ROWS": "20", "LOAD_ROUNDS": "1"}
    baseline = full.folder / "tests/load/baseline.json"

    full.make("baseline", environment={**servers, **short})
    measured = json.loads(baseline.read_text())
    assert measured.keys() == OPERATIONS
    assert all(figures["cost"] > 0 and figures["trips"] > 0 for figures in measured.values())
    # a write waits for what it writes; a copy in the cache for nothing
    assert measured["CreateOrder"]["trips"] > 1 > measured["GetOrder"]["trips"]

    check = full.python("tests/load/budget.py")
    projects.run(*check, directory=full.folder)
    measured["GetOrder"]["cost"] /= 3
    baseline.write_text(json.dumps(measured))
    with pytest.raises(AssertionError, match="GetOrder: cost"):
        projects.run(*check, directory=full.folder)
    baseline.unlink()
