"""What the schemas of all resources share: how outside input is read, for every entrypoint."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

UNCHANGED: Any = None
"""The default of a patch's field: it is never looked at, and no caller can send it."""


class Fields(BaseModel):
    """What a caller may choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self) -> dict[str, Any]:
        """All of them: what the caller has left out is None."""
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
    """Which part of a list a caller wants."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[UUID | None, Field(description="`next_cursor` of the page before")] = None

    def filters(self) -> dict[str, Any]:
        """The values by which the caller narrows the list."""
        return self.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
