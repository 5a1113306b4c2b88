"""How many requests may be in flight, so that few wait for others: found by what their latency does.

The gradient controller of Envoy's adaptive concurrency filter: the limit falls with the ratio of the latency
without load to the present one, and rises by its square root, which is the queue it allows.
https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/adaptive_concurrency_filter

Unlike Envoy, it learns the latency without load from times with little load. It lowers the limit in order to
measure that only after a minute in which there were none, and while requests are refused anyway.
"""

import random
import time
from collections.abc import Callable
from math import sqrt

from ..telemetry import Counter
from .settings import ThrottlingSettings

SHED = Counter("requests_shed_total", "Requests that were refused because too many were in flight")

INITIAL = 20
WINDOW_SECONDS = 0.1
LEAST_SAMPLES = 10
PERCENTILE = 0.9
KNOWN_SECONDS = 60
"""For so long, plus up to a tenth, the latency without load counts as known."""
LARGEST_STEP = 2

Clock = Callable[[], float]


class ShedError(Exception):
    """Too many requests are in flight."""


class AdaptiveLimit:
    def __init__(self, settings: ThrottlingSettings, clock: Clock = time.perf_counter) -> None:
        self._settings = settings
        self._clock = clock
        self._limit = self._bounded(INITIAL)
        self._in_flight = self._most_in_flight = 0
        self._refused = False
        self._alone: float | None = None  # the latency without load, in seconds
        self._known_until = -1.0
        self._resumed = self._limit  # after measuring the latency without load
        self._measuring = False
        self._open_window()

    @property
    def limit(self) -> int:
        return int(self._limit)

    def enter(self) -> float:
        """Returns when the request began, for `leave`. Raises ShedError."""
        if self._in_flight >= self.limit:
            self._refused = True
            SHED.add()
            raise ShedError("too many requests are in flight")
        self._in_flight += 1
        self._most_in_flight = max(self._most_in_flight, self._in_flight)
        return self._clock()

    def leave(self, began: float) -> None:
        now = self._clock()
        self._in_flight -= 1
        if began >= self._opened:
            self._latencies.append(now - began)
        if now - self._opened >= WINDOW_SECONDS and len(self._latencies) >= LEAST_SAMPLES:
            self._adjust(now)
            self._open_window()

    def _open_window(self) -> None:
        self._opened = self._clock()
        self._latencies: list[float] = []
        self._most_in_flight = self._in_flight
        self._refused = False

    def _adjust(self, now: float) -> None:
        latency = sorted(self._latencies)[int(PERCENTILE * len(self._latencies))]
        if self._measuring:
            self._measuring = False
            self._limit = self._resumed
            self._learn(latency, now)
        elif self._refused and now > self._known_until:
            self._measuring = True
            self._resumed, self._limit = self._limit, self._bounded(0)
        elif self._alone is None or self._most_in_flight < self._limit / 2:
            self._learn(latency, now)
        else:
            allowed = self._alone * (1 + self._settings.tolerance)
            gradient = max(1 / LARGEST_STEP, min(LARGEST_STEP, allowed / latency))
            self._limit = self._bounded(self._limit * gradient + sqrt(self._limit))

    def _learn(self, latency: float, now: float) -> None:
        self._alone = latency
        # instances that started together need not measure together
        self._known_until = now + KNOWN_SECONDS * random.uniform(1, 1.1)

    def _bounded(self, limit: float) -> float:
        return max(self._settings.least, min(self._settings.most, limit))
