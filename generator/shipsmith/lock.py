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

UNIVERSE = Path("template/_shared/python/universe.lock")


@dataclass(frozen=True, slots=True)
class Pin:
    name: NormalizedName
    text: str
    """Its lines in the lock, without notes."""
    wanted_by: frozenset[NormalizedName]


def write(project: Path, root: Path) -> None:
    """Write requirements.lock and requirements-dev.lock into `project`, from its pyproject.toml."""
    pyproject = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    runtime = pyproject["project"]["dependencies"]
    development = pyproject["dependency-groups"]["dev"]
    universe = parse((root / UNIVERSE).read_text("utf-8"))
    (project / "requirements.lock").write_text(prune(universe, runtime))
    (project / "requirements-dev.lock").write_text(prune(universe, [*runtime, *development]))


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


def _pin(block: str) -> Pin:
    lines = [line for line in block.splitlines() if line.strip()]
    notes = [line.strip().removeprefix("#").strip() for line in lines if line.lstrip().startswith("#")]
    parents = {note.removeprefix("via").strip() for note in notes} - {""}
    pinned = [line for line in lines if not line.lstrip().startswith("#")]
    name = re.split(r"[=\s;\[]", pinned[0], maxsplit=1)[0]
    return Pin(canonicalize_name(name), "\n".join([*pinned, ""]), frozenset(map(canonicalize_name, parents)))
