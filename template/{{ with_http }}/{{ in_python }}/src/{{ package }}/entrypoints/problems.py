"""Errors as RFC 9457 problem details."""

from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from ..errors import (
    AlreadyExistsError,
    DomainError,
    DuplicateError,
    FieldError,
    NotFoundError,
    StaleVersionError,
    UnavailableError,
    UnknownReferenceError,
)

STATUS: dict[type[Exception], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    AlreadyExistsError: HTTPStatus.CONFLICT,
    DomainError: HTTPStatus.CONFLICT,
    FieldError: HTTPStatus.UNPROCESSABLE_ENTITY,
    DuplicateError: HTTPStatus.CONFLICT,
    StaleVersionError: HTTPStatus.PRECONDITION_FAILED,
}

# of invalid fields, of which a caller can send thousands
MAX_ERRORS = 20

# problems that callers may want to distinguish from others with the same status
TYPES: dict[type[Exception], str] = {
    DuplicateError: "urn:problem:duplicate",
    UnknownReferenceError: "urn:problem:unknown-reference",
}


class InvalidPart(BaseModel):
    part: str = Field(description="where it is", examples=["body/name"])
    detail: str = Field(description="what is wrong with it", examples=["Field required"])


class ProblemDetails(BaseModel):
    """What every error response holds."""

    type: str = Field(description="tells problems of the same status apart", examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(ge=400, le=599, examples=[404])
    detail: str = Field(examples=["nothing is kept under that id"])
    instance: str = Field(description="the path that was asked for")
    errors: list[InvalidPart] | None = Field(None, description="the first invalid parts of the request")


PROBLEM: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    }
    for status, description in {
        "4XX": "The request cannot be met",
        "5XX": "The service cannot answer now",
    }.items()
}


def add_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(DomainError, _broken_rule)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(UnavailableError, _unavailable)


async def _broken_rule(request: Request, error: Exception) -> Response:
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    if not isinstance(error, FieldError):
        return problem(request, status, str(error))
    invalid = [{"part": f"body/{error.field}", "detail": error.detail}]
    name = TYPES.get(type(error), "about:blank")
    return problem(request, status, str(error), type=name, errors=invalid)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()[:MAX_ERRORS]
    invalid = [{"part": "/".join(map(str, each["loc"])), "detail": each["msg"]} for each in errors]
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, "the request is invalid", errors=invalid)


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = problem(request, HTTPStatus(error.status_code), error.detail)
    answer.headers.update(error.headers or {})
    return answer


async def _unavailable(request: Request, error: Exception) -> Response:
    """It was logged where it was raised."""
    answer = problem(request, HTTPStatus.SERVICE_UNAVAILABLE, str(error))
    answer.headers["Retry-After"] = "1"
    return answer


def problem(request: Request, status: HTTPStatus, detail: str, **members: object) -> Response:
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        **members,
    }
    return Response(orjson.dumps(body), status, media_type="application/problem+json")
