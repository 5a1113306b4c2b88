"""The real servers that the tests of a generated repository need, depending on its answers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from ..systems import postgresql, rabbitmq, redis
from ..systems.servers import Recipe, Server, running


@dataclass(frozen=True)
class Need:
    """A server, and the variable with its URL for the generated tests."""

    recipe: Recipe
    variable: str
    url: Callable[[Server], str]


NEEDS = {
    ("database", "postgresql"): Need(postgresql.POSTGRESQL, "TEST_POSTGRESQL_URL", postgresql.url),
    ("cache", "redis"): Need(redis.REDIS, "TEST_REDIS_URL", redis.url),
    ("broker", "rabbitmq"): Need(rabbitmq.RABBITMQ, "TEST_RABBITMQ_URL", rabbitmq.url),
}


@contextmanager
def met(answers: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Run the servers. Yields the tests' environment. Raises UnavailableError if a server is unavailable."""
    with ExitStack() as stack:
        environment = {"STRICT": "1"}
        for (option, value), need in NEEDS.items():
            if answers.get(option) == value:
                environment[need.variable] = need.url(stack.enter_context(running(need.recipe)))
        yield environment
