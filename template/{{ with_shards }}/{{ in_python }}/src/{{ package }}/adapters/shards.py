"""The connections to the shards. The first is the database of the section `database`."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import Field, SecretStr, field_validator
from sqlalchemy.ext.asyncio import AsyncEngine

from .database import DatabaseSettings, connect_engine

FIRST = "first"
NAMED_URL = re.compile(r"([a-z][a-z0-9-]{0,29})=(\S+)")

Shards = Mapping[str, AsyncEngine]
"""All but the first, by their names."""


class ShardsSettings(DatabaseSettings):
    """Each shard has a pool of its own."""

    url: SecretStr = Field(
        SecretStr(""),
        description="NAME=URL of each shard but the first, separated by spaces; never change a name",
    )
    migrations_url: SecretStr = Field(
        SecretStr(""),
        description="the same for roles that may change the schema, where they are others",
    )

    @field_validator("url", "migrations_url")
    @classmethod
    def _check(cls, url: SecretStr) -> SecretStr:
        named = [NAMED_URL.fullmatch(each) for each in url.get_secret_value().split()]
        names = [FIRST, *(each[1] for each in named if each)]
        if None in named or len(set(names)) < len(named) + 1:
            raise ValueError(f"expected NAME=URL, separated by spaces, with names other than {FIRST}")
        return url

    def databases(self) -> dict[str, DatabaseSettings]:
        return self._named(self.url)

    def migrated_databases(self) -> dict[str, DatabaseSettings]:
        """The same, with the roles for migrations."""
        return self._named(self.url) | self._named(self.migrations_url)

    def _named(self, urls: SecretStr) -> dict[str, DatabaseSettings]:
        named = (each.partition("=") for each in urls.get_secret_value().split())
        return {name: self.model_copy(update={"url": SecretStr(url)}) for name, _, url in named}


@asynccontextmanager
async def connect_shards(settings: ShardsSettings) -> AsyncIterator[Shards]:
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(connect_engine(database))
            for name, database in settings.databases().items()
        }
