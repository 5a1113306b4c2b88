import subprocess

from ..profiles import decoded, fetched
from .strangers import Stranger, many, still_open

HEAD = b"GET /debug/pprof/profile HTTP/1.1\r\n"
STRANGERS = {
    "nothing": Stranger(),
    "half a head": Stranger(HEAD),
    "a head, slowly": Stranger(HEAD + b"X-Long: ", b"a"),
}


def profile(ports: dict[str, int], seconds: float) -> bytes:
    return fetched(f"http://127.0.0.1:{ports['PROFILING']}", seconds)


def test_a_profile_shows_the_event_loop(service: subprocess.Popen[bytes], ports: dict[str, int]) -> None:
    samples = decoded(profile(ports, 0.5))
    assert "MainThread" in {sample.thread for sample in samples}


def test_profiles_can_be_taken_while_strangers_connect(
    service: subprocess.Popen[bytes],
    ports: dict[str, int],
) -> None:
    for stranger in STRANGERS.values():
        with many(ports["PROFILING"], stranger, 50):
            assert profile(ports, 0.1)


def test_slow_requests_are_ended(impatient: dict[str, int]) -> None:
    assert still_open(impatient["PROFILING"], STRANGERS) == set()
