"""What the process uses, by the names that clients of Prometheus have for it."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from opentelemetry.metrics import CallbackOptions, Meter, Observation

MEMORY, FILES = Path("/proc/self/statm"), Path("/proc/self/fd")


def measure_process(meter: Meter) -> None:
    """At each collection, from now on. Memory and files are known on Linux only."""
    meter.create_observable_counter("process_cpu_seconds", [_processor], description="Time on processors")
    if MEMORY.exists():
        meter.create_observable_gauge("process_resident_memory_bytes", [_memory], description="Memory in use")
        meter.create_observable_gauge("process_open_fds", [_files], description="Open files and connections")


def _processor(_: CallbackOptions) -> Iterator[Observation]:
    yield Observation(time.process_time())


def _memory(_: CallbackOptions) -> Iterator[Observation]:
    pages = int(MEMORY.read_text().split()[1])
    yield Observation(pages * os.sysconf("SC_PAGE_SIZE"))


def _files(_: CallbackOptions) -> Iterator[Observation]:
    yield Observation(len(os.listdir(FILES)))
