"""Whether each operation costs no more than the baseline allows: `make budget`."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

MEASURED, BASELINE = Path("build/load.json"), Path("tests/load/baseline.json")
FACTOR = {"cost": 1.6, "trips": 1.15}
"""What else a machine does makes them differ from run to run."""
STEP = {"cost": 0, "trips": 0.5}
"""Less than one more trip."""

Figures = Mapping[str, Mapping[str, float]]


def exceeded(measured: Figures, baseline: Figures) -> Iterator[str]:
    """A line for each operation and figure above what is allowed."""
    for operation, figures in measured.items():
        for name, kept in baseline.get(operation, {}).items():
            allowed = kept * FACTOR[name] + STEP[name]
            if figures[name] > allowed:
                limits = f"the baseline is {kept:.2f} and allows {allowed:.2f}"
                yield f"{operation}: {name} {figures[name]:.2f}, {limits}"


def accept() -> None:
    BASELINE.write_text(MEASURED.read_text())


def main() -> str | None:
    if not BASELINE.exists():
        print(f"There is no {BASELINE} yet: `make baseline` writes it.")
        return None
    measured, baseline = (json.loads(each.read_text()) for each in (MEASURED, BASELINE))
    if unknown := measured.keys() - baseline.keys():
        print(f"Not in {BASELINE}: {', '.join(sorted(unknown))}. `make baseline` adds them.")
    if found := list(exceeded(measured, baseline)):
        return "\n".join([*found, "If this is what you want, run `make baseline` and commit it."])
    return None


if __name__ == "__main__":
    if sys.argv[1:] == ["--accept"]:
        accept()
    else:
        sys.exit(main())
