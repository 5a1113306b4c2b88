"""The page with the results."""

import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from .load import CALLERS, Load

PAGE = """\
# What each technique is worth

Measured by `make compare` with Python {python} on {cores} cores, which the service, its servers and
{callers} callers share. The service ran with the technique and without it, in turns, under the same load.
These are medians of {rounds} rounds: requests, or events where the technique is about them. Ratios carry over
to other machines, the other figures do not.

| Technique | Per second | Without it | Ratio | p99 in milliseconds | Without it |
|---|---|---|---|---|---|
{rows}
{notes}
```mermaid
xychart-beta
    title "Per second, without the technique = 1"
    x-axis [{names}]
    y-axis 0 --> {highest}
    bar [{ratios}]
```
"""


@dataclass(frozen=True)
class Result:
    technique: str
    used: Sequence[Load]
    left_out: Sequence[Load]
    note: str

    @property
    def ratio(self) -> float:
        pairs = zip(self.used, self.left_out, strict=True)
        return statistics.median(one.per_second / other.per_second for one, other in pairs)

    def row(self) -> str:
        figures = (
            f"{_rate(self.used):,.0f}",
            f"{_rate(self.left_out):,.0f}",
            f"{self.ratio:.2f}",
            f"{_p99(self.used):.1f}",
            f"{_p99(self.left_out):.1f}",
        )
        return f"| {self.technique} | {' | '.join(figures)} |"


def page(results: Sequence[Result]) -> str:
    return PAGE.format(
        python=platform.python_version(),
        cores=os.cpu_count(),
        callers=CALLERS,
        rounds=len(results[0].used),
        rows="\n".join(each.row() for each in results),
        notes="".join(f"\n{each.technique}: {each.note}\n" for each in results if each.note),
        names=", ".join(f'"{each.technique}"' for each in results),
        highest=math.ceil(max(1, *(each.ratio for each in results))),
        ratios=", ".join(f"{each.ratio:.2f}" for each in results),
    )


def _rate(loads: Sequence[Load]) -> float:
    return statistics.median(each.per_second for each in loads)


def _p99(loads: Sequence[Load]) -> float:
    return statistics.median(each.p99_milliseconds for each in loads)
