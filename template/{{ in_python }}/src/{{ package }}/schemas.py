"""What the schemas of all resources share: how input is read, for every entrypoint."""

import re
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

UNCHANGED: Any = None
"""The default of the fields of a patch: never read, and no caller can send it."""


def _digits(value: object) -> object:
    return int(value) if isinstance(value, str) and re.fullmatch("-?[0-9]{1,20}", value) else value


DIGITS = BeforeValidator(_digits)
"""A number as a parameter of a URL: digits only, not all that int() accepts."""


class Fields(BaseModel):
    """What a caller may choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self) -> dict[str, Any]:
        """All fields. Those that the caller has left out are None."""
        return dict(self)


def _without_defaults(schema: dict[str, Any]) -> None:
    for each in schema["properties"].values():
        del each["default"]


class Patch(BaseModel):
    """What a caller wants to change: a JSON merge patch (RFC 7396), where null clears an optional field."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_without_defaults)

    def given(self) -> dict[str, Any]:
        """The fields that the caller has sent, null included."""
        return self.model_dump(exclude_unset=True)


class Query(BaseModel):
    """Which part of a list the caller wants."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(strict=True, ge=1, le=200), DIGITS] = 50
    cursor: Annotated[UUID | None, Field(description="`next_cursor` of the page before")] = None

    def filters(self) -> dict[str, Any]:
        """The values by which the caller filters the list."""
        return self.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
