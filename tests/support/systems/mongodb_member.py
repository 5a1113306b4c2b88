"""A stand-in for a member of a MongoDB replica set: SecantusDB, which is always alone, behind a proxy.

The proxy answers `hello` as a member does. A primary hands its oplog to those that follow it, and answers
a change once they have received it, as MongoDB 8 does. A secondary applies what it has received, refuses
changes, waits for `afterClusterTime`, and becomes the primary when it is told to, after it has applied all
that it has received.

What it does not show: elections (somebody has to say `replSetStepUp`), majorities of more than two (nobody
waits for a member that is dead), rollbacks (a primary that was killed cannot come back as a secondary),
signed cluster times, and reads of the majority's state while it is behind the server's own. A secondary
copies everything again when it starts.

    python mongodb_member.py PORT FOLDER [PORT OF THE PRIMARY]
"""

import asyncio
import datetime as dt
import shutil
import struct
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from bson.timestamp import Timestamp
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession

# it has no types, and is installed for tests alone
from secantus.server import SecantusDBServer  # type: ignore[import-untyped,unused-ignore]

Document = dict[str, Any]

SET = "rs"
HOST = "127.0.0.1"
HEADER = struct.Struct("<iiii")
REPLY, QUERY, MESSAGE = 1, 2004, 2013  # codes of the protocol's messages
CODEC: CodecOptions[Document] = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)
BEGINNING = Timestamp(0, 1)
BATCH = 1000

ENDS = {"commitTransaction", "abortTransaction"}
CHANGES = {"insert", "update", "delete", "findAndModify", "bulkWrite", "create", "createIndexes", "collMod"}
CHANGES |= {"drop", "dropIndexes", "dropDatabase", "renameCollection"} | ENDS
READS = {"find", "aggregate", "count", "distinct"}
FOLLOW = "standInFollow"


@dataclass(frozen=True)
class Request:
    id: int
    code: int
    data: bytes

    @property
    def command(self) -> Document:
        """Without documents that follow it in the message."""
        start = self.data.index(b"\0", 20) + 9 if self.code == QUERY else 21
        (size,) = struct.unpack_from("<i", self.data, start)
        return bson.decode(self.data[start : start + size], CODEC)

    def answer(self, document: Mapping[str, Any]) -> bytes:
        encoded = bson.encode(document, codec_options=CODEC)
        if self.code == QUERY:
            return _message(REPLY, struct.pack("<iqii", 8, 0, 0, 1) + encoded, self.id)
        return _message(MESSAGE, b"\0\0\0\0\0" + encoded, self.id)


def _message(code: int, body: bytes, answered: int = 0) -> bytes:
    return HEADER.pack(HEADER.size + len(body), 0, answered, code) + body


async def _read(reader: asyncio.StreamReader) -> Request:
    header = await reader.readexactly(HEADER.size)
    length, number, _, code = HEADER.unpack(header)
    return Request(number, code, header + await reader.readexactly(length - HEADER.size))


def _refused(code: int, name: str, text: str) -> Document:
    return {"ok": 0.0, "errmsg": text, "code": code, "codeName": name}


class Member:
    def __init__(self, port: int, server: Any, primary: int | None) -> None:
        self.port = port
        self.server = server
        self.primary: int | None = primary or port
        self.hosts = [port]
        self.term = 1
        self.base: Document = {}
        self.connections = count(1)
        self.counted = dict.fromkeys(("insert", "query", "update", "delete"), 0)
        # of the primary: its oplog, and how much of it those that follow have received
        self.log: list[Document] = []
        self.sequence = 0
        self.followers: dict[int, int] = {}
        # of a secondary
        self.received: list[Document] = []
        self.applied = 0
        self.position = BEGINNING
        self.known = BEGINNING
        self.paused = False
        self.moved = asyncio.Condition()

    @property
    def is_primary(self) -> bool:
        return self.primary == self.port

    async def until(self, condition: Callable[[], bool], seconds: float | None = None) -> bool:
        """Whether it came true in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self.moved:
                await self.moved.wait_for(condition)
                return True
        return condition()

    async def move(self) -> None:
        async with self.moved:
            self.moved.notify_all()

    # what clients see

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, there = await asyncio.open_connection(HOST, self.server.port)
        follower: list[int] = []
        try:
            while True:
                request = await _read(reader)
                writer.write(await self.answer(request, behind, there, follower))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for each in follower:
                self.followers.pop(each, None)
                await self.move()
            there.close()
            writer.close()

    async def answer(
        self,
        request: Request,
        behind: asyncio.StreamReader,
        there: asyncio.StreamWriter,
        follower: list[int],
    ) -> bytes:
        command = request.command
        name = next(iter(command))
        gossip = command.get("$clusterTime", {}).get("clusterTime", BEGINNING)
        if gossip > self.known and not self.is_primary:
            self.known = gossip
        if name in ("hello", "ismaster", "isMaster"):
            return request.answer(self.hello(command))
        if name == FOLLOW:
            follower[:] = [command[FOLLOW]]
            return request.answer(await self.hand_over(command[FOLLOW], command["received"]))
        if name == "replSetStepUp":
            await self.step_up()
            return request.answer({"ok": 1.0})
        if name == "configureFailPoint" and command[name] == "rsSyncApplyStop":
            self.paused = command["mode"] == "alwaysOn"
            await self.move()
            return request.answer({"ok": 1.0})
        if refusal := await self.refusal(name, command):
            return request.answer(refusal | self.times())
        self.count(name, command)
        there.write(request.data)
        answer = await _read(behind)
        changes = name in CHANGES and (name in ENDS or command.get("autocommit") is not False)
        if changes and self.is_primary:
            await self.replicate()
        document = answer.command | self.times()
        if name == "serverStatus":
            document["opcounters"] = self.counted
        return request.answer(document)

    def hello(self, command: Document) -> Document:
        if self.is_primary:
            self.pull()
        now = dt.datetime.now(dt.UTC)
        written = {"ts": self.last_write(), "t": self.term}
        return {
            **self.base,
            "isWritablePrimary": self.is_primary,
            "ismaster": self.is_primary,
            "secondary": not self.is_primary,
            "setName": SET,
            "hosts": [f"{HOST}:{port}" for port in self.hosts],
            "me": f"{HOST}:{self.port}",
            "localTime": now,
            "connectionId": next(self.connections),
            "lastWrite": {
                "opTime": written,
                "lastWriteDate": now,
                "majorityOpTime": written,
                "majorityWriteDate": now,
            },
            **({"primary": f"{HOST}:{self.primary}"} if self.primary else {}),
            **({"electionId": bson.ObjectId(f"7fffffff{self.term:016x}")} if self.is_primary else {}),
            **({"helloOk": True} if command.get("helloOk") else {}),
            **self.times(),
        }

    def last_write(self) -> Timestamp:
        if not self.is_primary:
            return self.position
        return self.log[-1]["ts"] if self.log else BEGINNING

    def times(self) -> Document:
        time = self.last_write()
        signature = {"hash": bytes(20), "keyId": bson.Int64(0)}
        cluster = {"clusterTime": max(time, self.known), "signature": signature}
        return {"operationTime": time, "$clusterTime": cluster}

    async def refusal(self, name: str, command: Document) -> Document | None:
        if self.is_primary:
            return None
        if name in CHANGES or "txnNumber" in command:
            return _refused(10107, "NotWritablePrimary", "not primary")
        if name in READS and command.get("$readPreference", {}).get("mode", "primary") == "primary":
            return _refused(13435, "NotPrimaryNoSecondaryOk", "not primary and secondaryOk=false")
        if (after := command.get("readConcern", {}).get("afterClusterTime")) is None:
            return None
        if after > max(self.known, self.position):
            return _refused(72, "InvalidOptions", "afterClusterTime is greater than the current clusterTime")
        limit = command["maxTimeMS"] / 1000 if "maxTimeMS" in command else None
        if await self.until(lambda: self.position >= after, limit):
            return None
        return _refused(50, "MaxTimeMSExpired", "operation exceeded time limit")

    def count(self, name: str, command: Document) -> None:
        name = {"find": "query", "findAndModify": "update"}.get(name, name)
        if name in self.counted:
            self.counted[name] += 1

    # of the primary

    def pull(self) -> None:
        """Read what is new in the oplog."""
        while entries := self.server.storage.read_oplog(start_seq=self.sequence + 1, limit=BATCH):
            self.sequence = entries[-1][0]
            self.log += [entry for _, entry in entries]

    async def replicate(self) -> None:
        """Wait until those that follow have received all changes so far."""
        self.pull()
        end = len(self.log)
        await self.move()
        await self.until(lambda: all(received >= end for received in self.followers.values()))

    async def hand_over(self, follower: int, received: int) -> Document:
        """The oplog after what a follower has received already; empty if nothing happens for a while."""
        if not self.is_primary:
            return _refused(10107, "NotWritablePrimary", "not primary")
        if follower not in self.hosts:
            self.hosts.append(follower)
        self.followers[follower] = received
        self.pull()
        await self.move()
        await self.until(lambda: len(self.log) > received, 0.5)
        entries = self.log[received : received + BATCH]
        return {"entries": entries, "hosts": self.hosts, "term": self.term, "ok": 1.0}

    # of a secondary

    async def step_up(self) -> None:
        """Apply all that was received, and become the primary."""
        self.primary = None
        self.paused = False
        await self.move()
        await self.until(lambda: self.applied == len(self.received))
        self.term += 1
        self.pull()
        self.primary = self.port

    async def follow(self) -> None:
        while (primary := self.primary) and not self.is_primary:
            with suppress(OSError, asyncio.IncompleteReadError):
                await self._receive(primary)
            await asyncio.sleep(0.1)

    async def _receive(self, primary: int) -> None:
        reader, writer = await asyncio.open_connection(HOST, primary)
        try:
            while self.primary == primary:
                question = {FOLLOW: self.port, "received": len(self.received), "$db": "admin"}
                writer.write(_message(MESSAGE, b"\0\0\0\0\0" + bson.encode(question)))
                found = (await _read(reader)).command
                self.hosts, self.term = found["hosts"], found["term"]
                self.received += found["entries"]
                if self.received:
                    self.known = max(self.known, self.received[-1]["ts"])
                await self.move()
        finally:
            writer.close()

    async def apply(self) -> None:
        """Those of one transaction together."""
        options = "directConnection=true&uuidRepresentation=standard"
        address = f"mongodb://{HOST}:{self.server.port}/?{options}"
        async with AsyncMongoClient[Document](address) as client:
            while True:
                await self.until(lambda: self.applied < len(self.received) and not self.paused)
                first = self.received[self.applied]["ts"]
                rest = self.received[self.applied :]
                entries = [each for each in rest[:BATCH] if each["ts"] == first]
                async with _session(client, len(entries)) as session:
                    for entry in entries:
                        await _apply(client, entry, session)
                self.applied += len(entries)
                self.position = first
                await self.move()


@asynccontextmanager
async def _session(
    client: AsyncMongoClient[Document], entries: int
) -> AsyncIterator[AsyncClientSession | None]:
    if entries == 1:
        yield None
        return
    async with client.start_session() as session, await session.start_transaction():
        yield session


async def _apply(
    client: AsyncMongoClient[Document], entry: Document, session: AsyncClientSession | None
) -> None:
    """An entry of the oplog: `i` inserts, `u` updates, `d` deletes, `c` is a command, and `n` nothing."""
    if entry["op"] == "n":
        return
    database, _, collection = entry["ns"].partition(".")
    documents = client[database][collection]
    change = entry["o"]
    match entry["op"]:
        case "i":
            await documents.replace_one({"_id": change["_id"]}, change, upsert=True, session=session)
        case "u" if "$v" in change:
            differences = change["diff"]
            removed = dict.fromkeys(differences["removedFields"], "")
            update = {"$set": differences["updatedFields"], "$unset": removed}
            used = {operator: fields for operator, fields in update.items() if fields}
            await documents.update_one(entry["o2"], used, session=session)
        case "u":
            await documents.replace_one(entry["o2"], change, session=session)
        case "d":
            await documents.delete_one(change, session=session)
        case "c":
            known = _without(change, "idIndex", "key")
            if indexes := known.get("indexes"):
                known["indexes"] = [_without(each, "entryFormat") for each in indexes]
            name = "admin" if "renameCollection" in change else database
            await client[name].command(known)


def _without(document: Document, *names: str) -> Document:
    """What the oplog has beside the command's own arguments."""
    return {name: value for name, value in document.items() if name not in names}


async def main(port: int, folder: Path, primary: int | None) -> None:
    data = folder / "data"
    if primary:
        shutil.rmtree(data, ignore_errors=True)
    server = SecantusDBServer(
        HOST, 0, str(data), cache_size="128M", sync_on_commit=primary is None, enable_test_commands=False
    )
    server.start()
    member = Member(port, server, primary)
    async with AsyncMongoClient[Document](HOST, server.port, directConnection=True) as client:
        base = await client.admin.command("hello")
    unwanted = {"topologyVersion", "primary", "electionId"}
    member.base = {name: value for name, value in base.items() if name not in unwanted}
    listening = await asyncio.start_server(member.accept, HOST, port)
    async with listening, asyncio.TaskGroup() as group:
        group.create_task(listening.serve_forever())
        if primary:
            group.create_task(member.follow())
            group.create_task(member.apply())


if __name__ == "__main__":
    own, folder, *followed = sys.argv[1:]
    asyncio.run(main(int(own), Path(folder), int(followed[0]) if followed else None))
