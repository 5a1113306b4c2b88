"""A channel of a caller who may do everything."""

from collections.abc import Callable
from typing import Any

import grpc

from .issuer_fixture import authorization


class Authorized(grpc.UnaryUnaryClientInterceptor):
    def intercept_unary_unary(self, call: Callable[..., Any], details: Any, request: object) -> Any:
        metadata = [(name.lower(), value) for name, value in authorization().items()]
        return call(details._replace(metadata=metadata), request)


def authorized(channel: grpc.Channel) -> grpc.Channel:
    return grpc.intercept_channel(channel, Authorized())
