"""What is rendered is what ruff would leave, for the longest names and for models that lack most types."""

import subprocess
import sys
from pathlib import Path

import pytest
from shipsmith.rendering.render import render
from shipsmith.template import location, presets, versions
from shipsmith.template.questionnaire import Answers, questions_of

from ..support.services.rows import TYPES, kept_together

RUFF = (sys.executable, "-m", "ruff")


def _longest(number: int) -> str:
    """A name of a field with as many characters as it may have."""
    return f"f{number:02}_abcdefghijklmnopqrstuvwxyz"


def _every_type(mark: str = "") -> dict[str, str]:
    return {_longest(number): kind + mark for number, kind in enumerate(TYPES)}


def _text(length: int) -> str:
    """A description of that length: words of up to seven letters, with a dash that looks like a hyphen."""
    words = " ".join("abcdefg"[: number % 7 + 1] for number in range(length))
    return words.replace("a", "\u2013")[:length].strip()


FIRST, SECOND, THIRD = (f"{letter}bcdefghij_klmnopqrs" for letter in "abc")
VALUES = ", ".join(f"value_{number:02}_abcdefghijklmnopqrst" for number in range(6))
LONGEST: Answers = {
    "service_name": "aaaaaaaaa-bbbbbbbbbb-ccccccccc",
    "resources": {
        FIRST: _every_type() | {_longest(20): "str unique", _longest(21): f"enum({VALUES})"},
        SECOND: _every_type() | {_longest(20): f"ref({FIRST})", _longest(21): f"ref({FIRST})? unique"},
        THIRD: _every_type("?")
        | {_longest(20): f"ref({SECOND})", _longest(21): f"ref({THIRD})?", _longest(22): f"ref({FIRST})?"}
        | {_longest(number): f"enum({VALUES})" for number in range(23, 26)}
        | {_longest(number): "str? unique" for number in range(26, 29)},
    },
}
LENGTHS = (1, *range(55, 66), *range(85, 100), 150, 200)
MODELS: dict[str, Answers] = {
    "the longest names": LONGEST,
    "unique values alone": {"resources": {"user": {"email": "str unique"}, "apple": {"ripe": "bool"}}},
    "references alone": {
        "resources": {"user": {"joined": "date?"}, "apple": {"user": "ref(user)", "tree": "ref(apple)?"}}
    },
    "names with numbers": {
        "resources": {
            "thing8": {"f9": "int", "f10": "str unique"},
            "thing12": {"f9": "ref(thing8)", "f10": "ref(thing8)?"},
        }
    },
    "one optional field": {"resources": {"user": {"key": "uuid?"}}},
    "dates": {"resources": {"event_item": {"at": "datetime", "on": "date unique"}}},
    "enums": {"resources": {"issue": {"kind": "enum(a)"}, "zebra": {"state": "enum(x, y)?"}}},
    "descriptions": {
        "description": _text(200),
        "resources": {
            "user": {f"f{length}": f"str{'?' * (length % 2)}" for length in LENGTHS},
            "apple": {_longest(1): "decimal?", _longest(2): "enum(a, b)", "ripe": "bool", "words": "str"},
        },
        "descriptions": {
            **{f"user.f{length}": _text(length) for length in LENGTHS},
            "user": _text(97),
            f"apple.{_longest(1)}": _text(60),
            f"apple.{_longest(2)}": _text(60),
            "apple.ripe": "水果熟了没有\uff0c可以吃了吗\uff0c" * 5,
            "apple.words": "水果 熟了 没有 可以 吃了 吗 " * 5 + "a",
        },
    },
    "numbers": {"resources": {"price": {"amount": "decimal(4,4)", "ok": "float(..1)", "n": "int(..9)?"}}},
}
SERVICES: dict[str, tuple[str, Answers]] = {
    "minimal": ("minimal", {}),
    "gRPC alone": ("minimal", {"http": False, "grpc": True}),
    "full": ("full", {}),
    "full with Memcached": ("full", {"cache": "memcached"}),
    "full with replicas and a pooler": ("full", {"replicas": True, "pooler": "pgbouncer"}),
    "full with shards": ("full", {"shards": True}),
    "full with MongoDB": ("full", {"database": "mongodb"}),
    "full with MongoDB's shards": ("full", {"database": "mongodb", "shards": True}),
    "full in one process": ("full", {"database": "sqlite", "cache": "memory"}),
}


@pytest.mark.parametrize(("preset", "changes"), SERVICES.values(), ids=SERVICES)
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_rendered_code_is_formatted(tmp_path: Path, model: Answers, preset: str, changes: Answers) -> None:
    answers = presets.load(location.root(), preset).answers | changes | model
    if answers["shards"]:
        answers = kept_together(answers)
    render(questions_of(location.root()).resolve(answers), versions.working(), tmp_path)
    _stub(tmp_path)
    for command in (("format", "--diff"), ("check", "--output-format", "concise")):
        found = subprocess.run(
            [*RUFF, *command, "--no-cache", "."], cwd=tmp_path, capture_output=True, text=True
        )
        assert found.returncode == 0, found.stdout


def _stub(folder: Path) -> None:
    """Empty stubs: ruff tells modules of the service from others by the files that are there."""
    (package,) = (folder / "src").iterdir()
    for contract in folder.rglob("*.proto"):
        for ending in ("_pb2.py", "_pb2_grpc.py"):
            stub = package / "v1" / f"{contract.stem}{ending}"
            stub.parent.mkdir(exist_ok=True)
            stub.touch()
