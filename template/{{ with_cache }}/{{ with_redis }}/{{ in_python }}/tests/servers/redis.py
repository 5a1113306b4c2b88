import os
from collections.abc import Iterator

import pytest

from . import container

IMAGE = "redis:8"


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A database that the tests may do anything with."""
    if url := os.environ.get("TEST_REDIS_URL"):
        yield url
        return
    with container(IMAGE, 6379, {}, "Ready to accept connections") as address:
        yield f"redis://{address}/0"
