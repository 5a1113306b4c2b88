"""A server that answers each call with its request: `python -m tests.load.bare_grpc PORT`."""

import asyncio
import sys
from typing import Any

import grpc
import uvloop


class Echo(grpc.GenericRpcHandler):
    def service(self, handler_call_details: Any) -> Any:
        return grpc.unary_unary_rpc_method_handler(_answer)


async def _answer(request: bytes, _context: Any) -> bytes:
    return request


async def _serve(port: int) -> None:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers([Echo()])
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(int(sys.argv[1])))
