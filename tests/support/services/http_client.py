"""A client of the service's HTTP API."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Iterable
from typing import Any

import aiohttp


async def create(session: aiohttp.ClientSession, orders: str, name: str = "anchor") -> str:
    """Create an order. Returns its id."""
    async with session.post(orders, json={"name": name, "quantity": 3}) as response:
        assert response.status == 201, f"{response.status} {await response.text()}"
        answer: dict[str, Any] = await response.json()
        return str(answer["id"])


async def create_and_read(session: aiohttp.ClientSession, orders: str) -> None:
    """Create an order and read it twice: from the database, then from the cache."""
    identity = await create(session, orders)
    for _ in range(2):
        async with session.get(f"{orders}/{identity}") as response:
            assert response.status == 200, f"{response.status} {await response.text()}"
            assert (await response.json())["id"] == identity


async def count_by_name(orders: str) -> Counter[str]:
    """The number of orders with each name."""
    counts: Counter[str] = Counter()
    query = {"limit": "200"}
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(orders, params=query) as response:
                assert response.status == 200, f"{response.status} {await response.text()}"
                page = await response.json()
            counts.update(item["name"] for item in page["items"])
            if page["next_cursor"] is None:
                return counts
            query["cursor"] = page["next_cursor"]


async def settled_counts(orders: str, names: Iterable[str], seconds: int = 60) -> Counter[str]:
    """The counts once all names are present or the time is over, after a delay for duplicates."""
    wanted = set(names)
    for _ in range(seconds):
        if wanted <= (await count_by_name(orders)).keys():
            break
        await asyncio.sleep(1)
    await asyncio.sleep(3)
    return await count_by_name(orders)


def begin_slow_request(port: int) -> socket.socket:
    """Send the head of a request and half of its body."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    body = _slow_body()
    head = ["POST /v1/orders HTTP/1.1", "Host: orders", "Content-Type: application/json"]
    lines = [*head, f"Content-Length: {len(body)}", "", ""]
    connection.sendall("\r\n".join(lines).encode() + body[:10])
    return connection


def end_slow_request(connection: socket.socket) -> bytes:
    """Send the rest of the body. Returns the start of the response."""
    with connection:
        connection.sendall(_slow_body()[10:])
        return connection.recv(4096)


def _slow_body() -> bytes:
    return json.dumps({"name": "slow", "quantity": 1}).encode()
