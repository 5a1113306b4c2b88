import os
from collections.abc import Iterator

import pytest

from . import container

IMAGE = "rabbitmq:4.3-management"


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[str]:
    """A virtual host that the tests may do anything with."""
    if url := os.environ.get("TEST_RABBITMQ_URL"):
        yield url
        return
    environment = {"RABBITMQ_DEFAULT_USER": "test", "RABBITMQ_DEFAULT_PASS": "test"}
    with container(IMAGE, 5672, environment, "Server startup complete") as address:
        yield f"amqp://test:test@{address}/"
