"""What the answers of all REST resources have in common, and their headers."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

import orjson
from fastapi import Body, Header, Response
from pydantic import Field

from ..entity import E, Page
from .etags import etag

IfMatch = Annotated[str | None, Header(description="change it only while it has this entity tag")]
IfNoneMatch = Annotated[str | None, Header(description="answer 304 while it has this entity tag")]
VersionNumber = Annotated[int, Field(ge=1, le=2**63 - 1, json_schema_extra={"format": "int64"})]
MergePatch = Body(media_type="application/merge-patch+json")

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    HTTPStatus.NOT_MODIFIED: {"description": "The caller's copy is current"}
}


def one_answer(body: bytes, version: int, status: HTTPStatus) -> Response:
    return Response(body, status, {"ETag": etag(version)}, "application/json")


def list_answer(page: Page[E], to_json: Callable[[E], bytes]) -> Response:
    items, next_cursor = page.written(to_json, len)
    body = b'{"items":[%b],"next_cursor":%b}' % (b",".join(items), orjson.dumps(next_cursor, default=str))
    return Response(body, media_type="application/json")
