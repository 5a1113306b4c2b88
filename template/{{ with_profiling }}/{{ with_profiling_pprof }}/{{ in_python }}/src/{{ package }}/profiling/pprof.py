"""Profiles in the format of pprof: gzip around a message of Protocol Buffers.

The numbers are those of https://github.com/google/pprof/blob/main/proto/profile.proto. The few kinds of
fields that it has do not need a library.
"""

import gzip
from collections.abc import Iterable

from .sampler import Profile

DEFAULT = "cpu"
TYPES = (DEFAULT, "wall")
UNIT = "nanoseconds"


def encoded(profile: Profile) -> bytes:
    texts = _Texts()
    message = _Message()
    for kind in TYPES:
        message.part(1, _Message().number(1, texts.of(kind)).number(2, texts.of(UNIT)))
    functions = {function: number for number, function in enumerate(profile.functions, 1)}
    places: dict[tuple[int, int], int] = {}
    for (thread, stack), times in profile.samples.items():
        numbers = [places.setdefault(place, len(places) + 1) for place in stack]
        label = _Message().number(1, texts.of("thread")).number(2, texts.of(thread))
        sample = _Message().numbers(1, numbers).numbers(2, (times.cpu_ns, times.wall_ns)).part(3, label)
        message.part(2, sample)
    # one mapping, which says that functions, files and lines are known
    named = _Message().number(1, 1).number(5, texts.of("python"))
    message.part(3, named.number(7, 1).number(8, 1).number(9, 1))
    for (function, line), number in places.items():
        where = _Message().number(1, functions[function]).number(2, line)
        message.part(4, _Message().number(1, number).number(2, 1).part(4, where))
    for function, (module, code) in profile.functions.items():
        name = texts.of(f"{module}.{code.co_qualname}")
        known = _Message().number(1, functions[function]).number(2, name).number(3, name)
        message.part(5, known.number(4, texts.of(code.co_filename)).number(5, code.co_firstlineno))
    message.number(9, profile.began_ns).number(10, profile.duration_ns)
    message.part(11, _Message().number(1, texts.of(DEFAULT)).number(2, texts.of(UNIT)))
    message.number(12, profile.period_ns).number(14, texts.of(DEFAULT))
    for text in texts.numbers:
        message.bytes(6, text.encode(errors="replace"))
    return gzip.compress(message.data, mtime=0)


class _Texts:
    """The table of texts; the first one is empty."""

    def __init__(self) -> None:
        self.numbers = {"": 0}

    def of(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))


class _Message:
    def __init__(self) -> None:
        self.data = bytearray()

    def number(self, field: int, value: int) -> "_Message":
        self.data += _varint(field << 3) + _varint(value)
        return self

    def numbers(self, field: int, values: Iterable[int]) -> "_Message":
        return self.bytes(field, b"".join(map(_varint, values)))

    def part(self, field: int, message: "_Message") -> "_Message":
        return self.bytes(field, message.data)

    def bytes(self, field: int, value: bytes | bytearray) -> "_Message":
        self.data += _varint(field << 3 | 2) + _varint(len(value)) + value
        return self


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)
