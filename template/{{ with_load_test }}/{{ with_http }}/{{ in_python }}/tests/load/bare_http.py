"""FastAPI with one route, and nothing else: `python -m tests.load.bare_http PORT`."""

import asyncio
import sys

import uvloop
from fastapi import FastAPI
from granian.constants import Interfaces
from granian.server.embed import Server

app = FastAPI()


@app.get("/")
async def answer() -> dict[str, str]:
    return {}


if __name__ == "__main__":
    server = Server(app, "127.0.0.1", int(sys.argv[1]), interface=Interfaces.ASGI, log_enabled=False)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve())
