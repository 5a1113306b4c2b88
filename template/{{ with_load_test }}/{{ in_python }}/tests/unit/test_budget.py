import json
from pathlib import Path

import pytest

from ..load import budget

BASELINE = {"read": {"cost": 2.0, "trips": 1.1}}


@pytest.mark.parametrize("figures", [{"cost": 3.2, "trips": 1.7}, {"cost": 1.0, "trips": 0.1}])
def test_what_the_baseline_allows_is_no_failure(figures: dict[str, float]) -> None:
    assert list(budget.exceeded({"read": figures}, BASELINE)) == []


@pytest.mark.parametrize(
    ("figures", "line"),
    [
        ({"cost": 3.3, "trips": 1.1}, "read: cost 3.30, the baseline is 2.00 and allows 3.20"),
        ({"cost": 2.0, "trips": 2.1}, "read: trips 2.10, the baseline is 1.10 and allows 1.76"),
    ],
)
def test_what_has_become_slower_is_named(figures: dict[str, float], line: str) -> None:
    assert list(budget.exceeded({"read": figures}, BASELINE)) == [line]


def test_a_new_operation_has_no_budget_yet() -> None:
    assert list(budget.exceeded({"write": {"cost": 9.0, "trips": 9.0}}, BASELINE)) == []


def test_without_a_baseline_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert budget.main() is None


def test_the_end_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file, cost in ((budget.BASELINE, 2.0), (budget.MEASURED, 9.0)):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"read": {"cost": cost, "trips": 1.0}}))
    assert "`make baseline`" in str(budget.main())
    budget.accept()
    assert budget.main() is None
