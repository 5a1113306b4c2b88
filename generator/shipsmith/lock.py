"""A project's hash-pinned requirements: the part of the template's tested universe that it reaches.

The universe is what `uv pip compile --universal --generate-hashes` writes for all options together.
Its `# via` notes are the edges of the dependency graph, from a package to those that want it.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

UNIVERSE = Path("template/_shared/python/universe.lock")


@dataclass(frozen=True, slots=True)
class Pin:
    name: NormalizedName
    text: str
    """Its lines in the lock, without notes."""
    wanted_by: frozenset[NormalizedName]


def write(project: Path, root: Path) -> None:
    """Write requirements.lock and requirements-dev.lock into `project`, from its pyproject.toml."""
    runtime, development = _requirements(project)
    _write(project, parse((root / UNIVERSE).read_text("utf-8")), runtime, development)


def write_known(project: Path, root: Path) -> None:
    """The same for a project that people have edited: what the universe does not hold is left out."""
    universe = parse((root / UNIVERSE).read_text("utf-8"))
    known = {pin.name for pin in universe}
    runtime, development = (
        [each for each in requirements if canonicalize_name(Requirement(each).name) in known]
        for requirements in _requirements(project)
    )
    _write(project, universe, runtime, development)


def merge(base: bytes, user: bytes, new: bytes) -> bytes:
    """The user's lock with what changed from `base` to `new`; of a pin that both moved, the newer version."""
    before, theirs, now = (_texts(lock.decode()) for lock in (base, user, new))
    merged = []
    for name in sorted(before.keys() | theirs.keys() | now.keys()):
        sides = [theirs.get(name, ""), now.get(name, "")]
        if sides[0] == before.get(name, ""):
            sides = sides[1:]
        elif sides[1] == before.get(name, ""):
            sides = sides[:1]
        merged.append(max(sides, key=_version))
    return "".join(merged).encode()


def parse(lock: str) -> list[Pin]:
    """The pins of a lock, in its order."""
    return [_pin(block) for block in re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE) if block.strip()]


def prune(universe: list[Pin], requirements: Iterable[str]) -> str:
    """The lock of what `requirements` reach. Raises LookupError for one that the universe does not hold."""
    wants: dict[NormalizedName, set[NormalizedName]] = defaultdict(set)
    for pin in universe:
        for parent in pin.wanted_by:
            wants[parent].add(pin.name)
    waiting = [canonicalize_name(Requirement(each).name) for each in requirements]
    if missing := set(waiting) - {pin.name for pin in universe}:
        raise LookupError(f"the template's universe lacks {', '.join(sorted(missing))}")
    reached = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(wants[name])
    return "".join(pin.text for pin in universe if pin.name in reached)


def _requirements(project: Path) -> tuple[list[str], list[str]]:
    """What a project's pyproject.toml wants: to run, and to develop."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    development = pyproject.get("dependency-groups", {}).get("dev", [])
    return (
        pyproject.get("project", {}).get("dependencies", []),
        # a group can include another one, by a table
        [each for each in development if isinstance(each, str)],
    )


def _write(project: Path, universe: list[Pin], runtime: list[str], development: list[str]) -> None:
    (project / "requirements.lock").write_text(prune(universe, runtime))
    (project / "requirements-dev.lock").write_text(prune(universe, [*runtime, *development]))


def _texts(lock: str) -> dict[NormalizedName, str]:
    """The pins by name: one name can have several, for different platforms."""
    texts: dict[NormalizedName, str] = defaultdict(str)
    for pin in parse(lock):
        texts[pin.name] += pin.text
    return texts


def _version(pinned: str) -> Version:
    """The version that a pin names, 0 where it names none."""
    match = re.match(r"[^=]+==([^\s;\\]+)", pinned)
    return Version(match[1]) if match else Version("0")


def _pin(block: str) -> Pin:
    lines = [line for line in block.splitlines() if line.strip()]
    notes = [line.strip().removeprefix("#").strip() for line in lines if line.lstrip().startswith("#")]
    parents = {note.removeprefix("via").strip() for note in notes} - {""}
    pinned = [line for line in lines if not line.lstrip().startswith("#")]
    name = re.split(r"[=\s;\[]", pinned[0], maxsplit=1)[0]
    return Pin(canonicalize_name(name), "\n".join([*pinned, ""]), frozenset(map(canonicalize_name, parents)))
