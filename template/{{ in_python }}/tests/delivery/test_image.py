"""The image runs as nobody in particular, and everything in it has a version."""

import json
import re
from pathlib import Path

LINES = re.sub(r"\\\n\s*", "", (Path(__file__).parents[2] / "Dockerfile").read_text()).splitlines()


def test_it_runs_as_a_user_without_rights_that_a_platform_can_check() -> None:
    user, _, group = _last("USER").partition(":")
    assert int(user) > 1000
    assert int(group) > 1000
    assert not [line for line in LINES[_index("USER") :] if re.match(r"(RUN|COPY|ADD) ", line)]


def test_it_says_whether_it_is_healthy() -> None:
    assert re.search(r"--interval=\d+s --timeout=\d+s --start-period=\d+s", _last("HEALTHCHECK"))


def test_signals_reach_the_process_itself() -> None:
    """As a list it is no child of a shell, which would keep SIGTERM to itself."""
    assert json.loads(_last("ENTRYPOINT"))[0] == "python"


def test_what_it_is_made_of_has_a_version_and_is_checked() -> None:
    for base in _all("FROM"):
        image = base.split()[0]
        assert image in ("base", "build") or re.search(r":\d+\.\d+\.\d+-", image)
    installs = [line for line in _all("RUN") if "pip install" in line]
    assert installs
    assert all("--require-hashes" in line for line in installs)
    assert not _all("ADD")


def test_it_holds_no_secret() -> None:
    settings = " ".join([*_all("ENV"), *_all("ARG")])
    assert not re.search(r"PASSWORD|SECRET|TOKEN|_KEY", settings)
    assert "dev-only" not in "".join(LINES)


def _all(instruction: str) -> list[str]:
    return [line.partition(" ")[2] for line in LINES if line.startswith(f"{instruction} ")]


def _last(instruction: str) -> str:
    return _all(instruction)[-1]


def _index(instruction: str) -> int:
    return max(number for number, line in enumerate(LINES) if line.startswith(f"{instruction} "))
