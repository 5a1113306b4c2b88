"""The format of log lines, and a server that takes them.

https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
"""

import gzip
import json
import re
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

SECONDS = 30
STANDARD: dict[str, type | tuple[type, ...]] = {
    "version": str,
    "host": str,
    "short_message": str,
    "full_message": str,
    "timestamp": (int, float),
    "level": int,
}
REQUIRED = {"version", "host", "short_message"}
ADDITIONAL = re.compile(r"_[\w.-]+", re.ASCII)


def problems(line: Mapping[str, Any]) -> list[str]:
    """What GELF 1.1 does not allow in a line; empty if it is valid."""
    found = [f"{field} is missing" for field in sorted(REQUIRED) if not line.get(field)]
    if line.get("version") not in (None, "1.1"):
        found.append("version is another one")
    for field, value in line.items():
        types = STANDARD.get(field, (str, int, float) if ADDITIONAL.fullmatch(field) else ())
        if field == "_id" or isinstance(value, bool) or not isinstance(value, types):
            found.append(f"{field} cannot be {value!r}")
    if line.get("level", 6) not in range(8):
        found.append("level is none of syslog")
    return found


class Receiver:
    """A server. It listens on a port that the system has chosen."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(SECONDS)
        self._parts: dict[bytes, dict[int, bytes]] = {}
        self.datagrams: list[bytes] = []

    @property
    def url(self) -> str:
        return f"udp://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def line(self) -> dict[str, Any]:
        """The next one, when all of its datagrams are there."""
        while True:
            message = self._joined(self._socket.recv(65_536))
            if message:
                text = gzip.decompress(message) if message[:2] == b"\x1f\x8b" else message
                line: dict[str, Any] = json.loads(text)
                assert problems(line) == []
                return line

    def until(self, event: str) -> list[dict[str, Any]]:
        """The lines up to this one."""
        lines = [self.line()]
        while lines[-1]["short_message"] != event:
            lines.append(self.line())
        return lines

    def _joined(self, datagram: bytes) -> bytes | None:
        self.datagrams.append(datagram)
        if datagram[:2] != b"\x1e\x0f":
            return datagram
        identity, number, count = datagram[2:10], datagram[10], datagram[11]
        parts = self._parts.setdefault(identity, {})
        parts[number] = datagram[12:]
        assert number < count <= 128
        return b"".join(parts[each] for each in range(count)) if len(parts) == count else None
