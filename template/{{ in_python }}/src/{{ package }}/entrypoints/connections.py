"""Closes unused connections, so that there is room for callers and probes.

The servers limit the number of connections, but not how long one may be idle. The operating system lists
the connections; the entrypoints say which of them are used.
"""

import asyncio
import os
import resource
import socket
import stat
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Self

import structlog

DESCRIPTORS = "/dev/fd"
CHECK_SECONDS = 0.25
DRAIN_SECONDS = 0.5
# between two steps of a sweep, so that requests wait less than a millisecond for it
SOCKETS_AT_ONCE = 128
# shares of the limit: above the first, unused connections are closed down to the second
HIGH_WATER, LOW_WATER = 0.9, 0.75
# one for HTTP, two for gRPC, which may exceed its limit for a moment, one for all other files
SHARES_OF_DESCRIPTORS = 4
ENOUGH_DESCRIPTORS = 65_536

Peer = tuple[str, int]

log = structlog.get_logger()


def peer_at(host: str, port: int | str) -> Peer:
    """An address in one form: some servers write IPv4 addresses as IPv6, or ports as text."""
    return host.removeprefix("::ffff:"), int(port)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """How many connections a port holds, and for how many seconds one may be idle."""

    connections: int = 2000
    first_request: float = 10
    idle: float = 75


@dataclass(slots=True)
class _Connection:
    peer: Peer
    descriptor: int
    opened: float


@dataclass(slots=True)
class Connections:
    """Which connections of a port are in use, by the caller's address."""

    limits: ConnectionLimits = ConnectionLimits()
    _used: dict[Peer, float] = field(default_factory=dict)
    _requests: dict[Peer, int] = field(default_factory=dict)
    _waiting: dict[Peer, int] = field(default_factory=dict)
    _known: dict[int, _Connection | None] = field(default_factory=dict)

    def request(self, peer: Peer) -> "_Request":
        """Around a request, from its head to the end of its answer: the connection is not idle."""
        return _Request(peer, self._used, self._requests, self._waiting)

    def in_flight(self) -> int:
        return sum(self._requests.values())

    def drain(self) -> None:
        """From now on, close idle connections at once."""
        self.limits = replace(self.limits, first_request=DRAIN_SECONDS, idle=DRAIN_SECONDS)

    @asynccontextmanager
    async def kept(self, port: int) -> AsyncIterator[None]:
        """Inside the context, close the connections of the port that reach a limit."""
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(self._keep(port))
            try:
                yield
            finally:
                keeping.cancel()

    async def _keep(self, port: int) -> None:
        last_sweep = time.monotonic()
        while True:
            interval = min(self.limits.first_request, self.limits.idle) / 4
            await asyncio.sleep(min(CHECK_SECONDS, interval))
            due = time.monotonic() >= last_sweep + interval
            try:
                if due or len(os.listdir(DESCRIPTORS)) >= self.limits.connections * HIGH_WATER:
                    await self._sweep(port)
                    last_sweep = time.monotonic()
            except OSError as error:  # listing takes a descriptor, and there may be none left
                log.warning("connections not checked", port=port, error=str(error))

    async def _sweep(self, port: int) -> None:
        started = time.monotonic()
        found = await self._find(port)
        peers = {connection.peer for connection in found.values()}
        for peer in [peer for peer, at in self._used.items() if at < started and peer not in peers]:
            del self._used[peer]
        unused = {inode: each for inode, each in found.items() if each.peer not in self._waiting}
        # first those that never sent a request, then the least recently used ones
        by_use = sorted(unused, key=lambda inode: self._last_use(unused[inode]))
        closing = {inode for inode in by_use if self._expired(unused[inode], started)}
        if len(found) >= self.limits.connections * HIGH_WATER:
            surplus = len(found) - int(self.limits.connections * LOW_WATER)
            # a request of one that this sweep has found may still wait to be read
            closing.update(inode for inode in by_use[:surplus] if unused[inode].opened < started)
            log.warning("too many connections", port=port, connections=len(found), closed=len(closing))
        for inode in closing:
            _shut_down(unused[inode].descriptor, inode)

    async def _find(self, port: int) -> dict[int, _Connection]:
        """The connections of the port by the inodes of their sockets, which are never reused."""
        known: dict[int, _Connection | None] = {}
        for index, name in enumerate(os.listdir(DESCRIPTORS)):
            if index % SOCKETS_AT_ONCE == 0:
                await asyncio.sleep(0)
            descriptor = int(name)
            with suppress(OSError):
                status = os.fstat(descriptor)
                if stat.S_ISSOCK(status.st_mode):
                    inode = status.st_ino
                    known[inode] = (
                        self._known[inode] if inode in self._known else _identify(descriptor, inode, port)
                    )
        self._known = known
        return {inode: connection for inode, connection in known.items() if connection}

    def _last_use(self, connection: _Connection) -> tuple[bool, float]:
        used = self._used.get(connection.peer)
        return (False, connection.opened) if used is None else (True, used)

    def _expired(self, connection: _Connection, now: float) -> bool:
        if connection.peer in self._requests:
            return False
        was_used, since = self._last_use(connection)
        return now - since > (self.limits.idle if was_used else self.limits.first_request)


def allowed_connections(wanted: int) -> int:
    """How many connections a port may hold: `wanted`, or as many as the limit of file descriptors allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    enough = ENOUGH_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_DESCRIPTORS)
    if soft < enough:  # often 1024, for the sake of programs that use select()
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))
        soft = enough
    allowed = min(wanted, soft // SHARES_OF_DESCRIPTORS)
    if allowed < wanted:
        log.warning("too few file descriptors", descriptors=soft, connections=allowed, wanted=wanted)
    return allowed


class _Request:
    """Counts a request by its peer. A class, since it is faster than a generator."""

    __slots__ = ("_counts", "_peer", "_used", "_waiting")

    def __init__(
        self,
        peer: Peer,
        used: dict[Peer, float],
        requests: dict[Peer, int],
        waiting: dict[Peer, int],
    ) -> None:
        self._peer = peer
        self._used = used
        self._counts = [requests]
        self._waiting = waiting

    def arrived(self) -> None:
        """From now until the answer has ended, the connection stays open even near the limit."""
        self._waiting[self._peer] = self._waiting.get(self._peer, 0) + 1
        self._counts.append(self._waiting)

    def __enter__(self) -> Self:
        self._used[self._peer] = time.monotonic()
        [requests] = self._counts
        requests[self._peer] = requests.get(self._peer, 0) + 1
        return self

    def __exit__(self, *_: object) -> None:
        self._used[self._peer] = time.monotonic()
        for counts in self._counts:
            if counts[self._peer] == 1:
                del counts[self._peer]
            else:
                counts[self._peer] -= 1


@contextmanager
def _held(descriptor: int, inode: int) -> Iterator[socket.socket]:
    """A duplicate of the socket: the descriptor may belong to another file by now."""
    duplicate = os.dup(descriptor)
    try:
        if os.fstat(duplicate).st_ino != inode:
            raise OSError("the descriptor was used again")
        held = socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        raise
    with held:
        yield held


def _identify(descriptor: int, inode: int, port: int) -> _Connection | None:
    with _held(descriptor, inode) as held:
        if held.family not in (socket.AF_INET, socket.AF_INET6) or held.getsockname()[1] != port:
            return None
        try:
            peer = peer_at(*held.getpeername()[:2])
        except OSError:  # it listens
            return None
    return _Connection(peer, descriptor, time.monotonic())


def _shut_down(descriptor: int, inode: int) -> None:
    with suppress(OSError), _held(descriptor, inode) as held:
        held.shutdown(socket.SHUT_RDWR)
