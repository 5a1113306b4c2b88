"""How PostgreSQL is reached."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import BaseModel, Field, SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


class RepositorySettings(BaseModel):
    url: SecretStr = Field(description="postgresql+asyncpg://USER:PASSWORD@HOST:PORT/DATABASE")
    pool_size: int = Field(5, ge=1, description="connections; times replicas, they must fit the server")
    pool_timeout_seconds: float = Field(5, gt=0, description="how long a request waits for a connection")
    statement_timeout_seconds: float = Field(10, gt=0)


@asynccontextmanager
async def connect_engine(settings: RepositorySettings) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(
        settings.url.get_secret_value(),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        pool_pre_ping=True,  # a restarted server costs one round trip, not one failed request
        connect_args={"timeout": 5, "command_timeout": settings.statement_timeout_seconds},
    )
    try:
        yield engine
    finally:
        await engine.dispose()
