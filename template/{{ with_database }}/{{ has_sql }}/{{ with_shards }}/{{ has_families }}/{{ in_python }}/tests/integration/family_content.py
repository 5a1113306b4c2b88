"""What is kept on a shard."""

from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncEngine


async def ids_in(engine: AsyncEngine, table: Table) -> list[UUID]:
    async with engine.connect() as connection:
        return list(await connection.scalars(select(table.c.id).order_by(table.c.id)))
