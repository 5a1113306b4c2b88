"""The rate limit of this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..rate_limiting.local_buckets import LocalBuckets
from ..rate_limiting.settings import RateLimitingSettings


class RateLimitSettings(RateLimitingSettings):
    pass


@asynccontextmanager
async def connect_buckets(settings: RateLimitSettings) -> AsyncIterator[LocalBuckets]:
    yield LocalBuckets(settings.limit(), settings.max_buckets)
