"""The metrics of a process, as a collector receives them."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import free_ports, listening_on, running, variables
from .otlp_receiver import Receiver, receiving

SOON_SECONDS = 60
OFTEN = {"METRICS__INTERVAL_SECONDS": 0.1}
NOT_TAKEN, TAKEN_AGAIN = "metrics are not taken", "metrics are taken again"


@pytest.mark.usefixtures("service")  # it prepares what this process needs, too
def test_metrics_arrive_again_and_again_and_at_the_end(process_environment: dict[str, str]) -> None:
    with receiving() as collector:
        changes = {"METRICS__URL": collector.url} | OFTEN
        environment = process_environment | listening_on(free_ports()) | variables(changes)
        with running(environment):
            assert becomes(lambda: len(collector.metrics) > 1)
            assert "process_cpu_seconds" in names(collector)
        before = len(collector.metrics)
        rare = variables({"METRICS__INTERVAL_SECONDS": 1000})
        with running(environment | listening_on(free_ports()) | rare):
            pass
        assert len(collector.metrics) == before + 1


@pytest.mark.usefixtures("service")
def test_a_collector_that_refuses_them_is_told_of_once(
    process_environment: dict[str, str],
    tmp_path: Path,
) -> None:
    file = tmp_path / "log"
    with receiving() as collector, file.open("wb") as log:
        collector.status = 400
        changes = {"METRICS__URL": collector.url} | OFTEN
        environment = process_environment | listening_on(free_ports()) | variables(changes)
        with running(environment, stdout=log.fileno()) as process:
            assert becomes(lambda: len(collector.metrics) > 5)
            collector.status = 200
            refused = len(collector.metrics)
            assert becomes(lambda: len(collector.metrics) > refused + 5)
    assert process.returncode == 0
    lines = file.read_text()
    assert [len(re.findall(each, lines)) for each in (NOT_TAKEN, TAKEN_AGAIN)] == [1, 1]


def names(collector: Receiver) -> set[str]:
    received = [scope for each in collector.metrics for scope in each.scope_metrics]
    return {metric.name for scope in received for metric in scope.metrics}


def becomes(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SOON_SECONDS
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()
