"""`/healthz` says that the process is alive, `/readyz` that it can take requests."""

from http import HTTPStatus

import orjson
from fastapi import APIRouter, Response

from ..health import Health

PROBES = {"/healthz", "/readyz"}


def create_probes(health: Health) -> APIRouter:
    router = APIRouter(tags=["probes"], include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> Response:
        return _json({"status": "alive"})

    @router.get("/readyz")
    async def readyz() -> Response:
        if failing := await health.failing():
            return _json({"status": "not ready", "failing": failing}, HTTPStatus.SERVICE_UNAVAILABLE)
        return _json({"status": "ready"})

    return router


def _json(body: dict[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
