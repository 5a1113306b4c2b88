"""Settings of every test run: skips are listed by name, or are failures."""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from shipsmith.template import location

from .support import scheduling

STRICT = os.environ.get("STRICT") == "1"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _use_own_temporary_folder(config)
    # Here are uv, whose cache the generated services share, and the checkers
    os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    # Hundreds of processes are started here: byte code is worth more than it costs
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # A terminated run ends its servers, as an interrupted one does. A run in the background of a shell is
    # told to ignore interruptions, and what the tests start would inherit that.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def _use_own_temporary_folder(config: pytest.Config) -> None:
    """What killed processes leave behind goes when the run ends. pytest's own folders stay where they are."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    folder = tempfile.TemporaryDirectory(prefix="shipsmith-tests-", ignore_cleanup_errors=True)
    # servers that run as another user have their folders in it
    Path(folder.name).chmod(0o711)
    os.environ["TMPDIR"] = tempfile.tempdir = folder.name
    config.add_cleanup(folder.cleanup)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=scheduling.turn)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> scheduling.Scheduling:
    return scheduling.Scheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With STRICT=1, a skip is a failure."""
    report = yield
    if STRICT and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which STRICT=1 forbids: {_reason(report)}"
    return report


@pytest.fixture(scope="session")
def mypy_cache(worker_id: str) -> Path:
    """What mypy found out about the packages that all services use; two at once must not write to it.

    It begins with what `make check` found out.
    """
    caches = location.root() / "build/mypy"
    mine, checked = caches / worker_id, caches / "full"
    if checked.exists() and not mine.exists():
        shutil.copytree(checked, mine)
    return mine


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Skipped tests by name, and what else a reader should know of this run."""
    reports = [report for category in terminalreporter.stats.values() for report in category]
    properties = [each for report in reports for each in getattr(report, "user_properties", ())]
    for note in sorted({str(text) for name, text in properties if name == "note"}):
        terminalreporter.line(f"note: {note}")
    rows = {report.nodeid.partition("[")[2][:-1]: report for report in reports if _is_row(report)}
    if rows:
        seconds = {row: dict(report.user_properties).get("core seconds", 0.0) for row, report in rows.items()}
        mean = sum(seconds.values()) / len(rows)
        terminalreporter.section(f"{len(rows)} rows of the matrix, on average {mean:.1f} s of one core")
    for row, report in sorted(rows.items(), key=lambda item: -item[1].duration):
        terminalreporter.line(f"{report.duration:6.1f} s, {seconds[row]:5.1f} s of one core  {row}")
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section(f"{len(skipped)} skipped")
    for report in skipped:
        terminalreporter.line(f"{report.nodeid}: {_reason(report)}")


def _is_row(report: object) -> bool:
    """Whether this tells of a service that ran its own checks and tests."""
    if not isinstance(report, pytest.TestReport) or report.when != "call":
        return False
    return "::test_service_passes_its_own_checks_and_tests[" in report.nodeid


def _reason(report: pytest.TestReport) -> str:
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
