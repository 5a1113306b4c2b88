"""Leases: what one process has until it no longer renews it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import UnavailableError


@contextmanager
def ended_by(keeping: asyncio.Task[None], what: str) -> Iterator[None]:
    """Cancel what is inside once the lease is lost, since another process may take over."""
    working = asyncio.current_task()
    assert working is not None
    keeping.add_done_callback(lambda task: None if task.cancelled() else working.cancel())
    try:
        yield
    except asyncio.CancelledError:
        if not keeping.done():
            raise
        working.uncancel()
        raise UnavailableError(f"the lease for {what} was lost") from keeping.exception()
    finally:
        keeping.cancel()
