"""Requests of operations of HTTP APIs, written as OpenAPI documents describe it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_jsonable_python


class Model(BaseModel):
    """A body, or a part of one. Only what was set is sent."""

    model_config = ConfigDict(populate_by_name=True, protected_namespaces=())


@dataclass(frozen=True, slots=True)
class Request:
    """The values of an operation's parameters. None is left out."""

    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, object] = field(default_factory=dict)
    body: Any = None

    def target(self, path: str) -> str:
        """The path with its parameters, and the query."""
        filled = re.sub(r"{(.+?)}", lambda match: _segment(match[1], self.path[match[1]]), path)
        query = [(name, text) for name, value in self.query.items() for text in _texts(value)]
        return f"{filled}?{urlencode(query, quote_via=quote)}" if query else filled

    def fields(self) -> dict[str, str]:
        """The parameters among the headers."""
        return {name: ",".join(_texts(value)) for name, value in self.headers.items() if value is not None}


def commas(values: list[Any] | None) -> str | None:
    """For parameters that have all their values in one."""
    return None if values is None else ",".join(_texts(values))


def new_key() -> str:
    """By which the service knows that a call is the same one again."""
    return str(uuid4())


def _segment(name: str, value: object) -> str:
    (text,) = _texts(value)
    if text in ("", ".", ".."):
        raise ValueError(f"{name}: {text!r} cannot be part of a path")
    return quote(text, safe="")


def _texts(value: object) -> Iterator[str]:
    plain = to_jsonable_python(value)
    for each in plain if isinstance(plain, list) else [plain]:
        if isinstance(each, bool):
            yield str(each).lower()
        elif each is not None:
            yield str(each)
