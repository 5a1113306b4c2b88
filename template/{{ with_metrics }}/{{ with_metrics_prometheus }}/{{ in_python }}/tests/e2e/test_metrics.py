import subprocess
import time
from pathlib import Path
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from .strangers import Stranger, many, still_open

SETTLE_SECONDS = 3
HEAD = b"GET /metrics HTTP/1.1\r\n"
STRANGERS = {
    "nothing": Stranger(),
    "half a head": Stranger(HEAD),
    "a head, slowly": Stranger(HEAD + b"X-Long: ", b"a"),
}


def test_metrics_can_be_scraped(service: subprocess.Popen[bytes], ports: dict[str, int]) -> None:
    with urlopen(f"http://127.0.0.1:{ports['METRICS']}/metrics", timeout=5) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        assert "process_resident_memory_bytes" in {family.name for family in families}


def test_metrics_can_be_scraped_while_strangers_connect(
    service: subprocess.Popen[bytes],
    ports: dict[str, int],
) -> None:
    for stranger in STRANGERS.values():
        before = threads(service)
        with many(ports["METRICS"], stranger, 50):
            urlopen(f"http://127.0.0.1:{ports['METRICS']}/metrics", timeout=5).close()
            assert settles_below(before + 30, service)


def settles_below(limit: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether it soon has fewer threads: those of connections that were closed take a moment to end."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while threads(process) >= limit and time.monotonic() < deadline:
        time.sleep(0.05)
    return threads(process) < limit


def threads(process: subprocess.Popen[bytes]) -> int:
    """How many the process has; 0 where the system does not tell."""
    tasks = Path(f"/proc/{process.pid}/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 0


def test_slow_scrapes_are_ended(impatient: dict[str, int]) -> None:
    assert still_open(impatient["METRICS"], STRANGERS) == set()
