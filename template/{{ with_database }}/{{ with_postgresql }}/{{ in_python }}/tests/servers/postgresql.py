import os
from collections.abc import Iterator

import pytest

from . import container

IMAGE = "postgres:18"


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """An empty database that the tests may do anything with."""
    if url := os.environ.get("TEST_POSTGRESQL_URL"):
        yield url
        return
    environment = {"POSTGRES_USER": "test", "POSTGRES_PASSWORD": "test", "POSTGRES_DB": "test"}
    ready = "database system is ready to accept connections(.|\n)*database system is ready"
    with container(IMAGE, 5432, environment, ready) as address:
        yield f"postgresql+asyncpg://test:test@{address}/test"
