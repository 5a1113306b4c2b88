"""Samples of what all threads do: their stacks, and the time since the sample before.

Names of functions and numbers of lines are taken, and nothing that they work on.
"""

import re
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType

# of a clock in Linux: CPU time as the scheduler counts it, of one thread
THREAD_CLOCK = 0b110

Stack = tuple[tuple[int, int], ...]
"""The `id` of the code and the line of each frame, the innermost first. Code itself is slow to hash."""


@dataclass
class Times:
    cpu_ns: int = 0
    wall_ns: int = 0


@dataclass
class Profile:
    began_ns: int
    period_ns: int
    duration_ns: int = 0
    functions: dict[int, tuple[str, CodeType]] = field(default_factory=dict)
    """The module and the code of each `id` in the stacks."""
    samples: defaultdict[tuple[str, Stack], Times] = field(default_factory=lambda: defaultdict(Times))
    """By the thread's name and its stack."""


_watching: tuple[Profile, dict[threading.Thread, int]] | None = None


@contextmanager
def interruptible() -> Iterator[None]:
    """Let profiles interrupt the main thread, from which this is called.

    Another thread only runs when the event loop waits, and would always find it waiting.
    """
    before = signal.signal(signal.SIGPROF, _interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, before)


def _interrupted(_signum: int, frame: FrameType | None) -> None:
    if _watching is not None:
        profile, used = _watching
        thread = threading.main_thread()
        cpu = _cpu_ns(thread)
        times = profile.samples[_kind(thread.name), _stack(frame, profile.functions)]
        times.cpu_ns += max(0, cpu - used.get(thread, 0))
        used[thread] = cpu


def take(seconds: float, hertz: int, wait: Callable[[float], bool]) -> Profile | None:
    """Watch all threads but the calling one.

    `wait` waits for so many seconds, and says whether to end before the time. Then there is no profile.
    """
    profile = Profile(time.time_ns(), 1_000_000_000 // hertz)
    used = {thread: _cpu_ns(thread) for thread in threading.enumerate()}
    if signal.getsignal(signal.SIGPROF) is not _interrupted:
        return _watched(profile, used, seconds, wait, None)
    global _watching
    _watching = profile, used
    signal.setitimer(signal.ITIMER_PROF, 1 / hertz, 1 / hertz)
    try:
        return _watched(profile, used, seconds, wait, threading.main_thread())
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        _watching = None


def _watched(
    profile: Profile,
    used: dict[threading.Thread, int],
    seconds: float,
    wait: Callable[[float], bool],
    interrupted: threading.Thread | None,
) -> Profile | None:
    """The profile after so many seconds. The CPU time of one thread is noted when it is interrupted."""
    began = before = time.monotonic_ns()
    while before - began < seconds * 1_000_000_000:
        if wait(profile.period_ns / 1_000_000_000):
            return None
        frames = sys._current_frames()
        now = time.monotonic_ns()
        for thread in threading.enumerate():
            frame = frames.get(thread.ident or 0)
            if frame is None or thread is threading.current_thread():
                continue
            times = profile.samples[_kind(thread.name), _stack(frame, profile.functions)]
            times.wall_ns += now - before
            if thread is not interrupted:
                cpu = _cpu_ns(thread)
                times.cpu_ns += max(0, cpu - used.get(thread, 0))
                used[thread] = cpu
        before = now
    profile.duration_ns = before - began
    return profile


def _stack(frame: FrameType | None, functions: dict[int, tuple[str, CodeType]]) -> Stack:
    stack = []
    while frame is not None:
        code = frame.f_code
        if id(code) not in functions:
            functions[id(code)] = (frame.f_globals.get("__name__", ""), code)
        stack.append((id(code), frame.f_lineno or 0))
        frame = frame.f_back
    return tuple(stack)


def _cpu_ns(thread: threading.Thread) -> int:
    """The CPU time of a thread; 0 if it has ended.

    Where the system does not tell, all that the process uses counts for its main thread, which has the loop.
    """
    if sys.platform == "linux":
        try:
            return time.clock_gettime_ns(~(thread.native_id or 0) << 3 | THREAD_CLOCK)
        except OSError:
            return 0
    return time.process_time_ns() if thread is threading.main_thread() else 0


def _kind(name: str) -> str:
    """The name of a thread without its number, of which there would be a new one for each thread."""
    return re.sub(r"[-_]?\d+", "", name)
