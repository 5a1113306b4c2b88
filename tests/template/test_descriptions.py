"""The documents of a service say what its resources and fields are."""

import json
from pathlib import Path
from typing import Any

import pytest

from ..support.services import environments, projects

DESCRIPTIONS = {
    "customer": "Who buys.",
    "order": "What a customer buys at once.",
    "order.status": "Where the order stands.",
    "order.note": "What the customer wrote.",
}
ANSWERS = {
    "service_name": "shop",
    "resources": {
        "customer": {"name": "str"},
        "order": {"customer": "ref(customer)", "status": "enum(new, paid)", "note": "text?", "code": "str"},
    },
    "descriptions": DESCRIPTIONS,
    "http": True,
    **dict.fromkeys(("database", "cache", "broker", "metrics", "deploy", "ci"), "none"),
}
PROGRAM = """
import asyncio, json
from shop.bootstrap import bootstrap
from shop.entrypoints.connections import Connections
from shop.entrypoints.http import create_app
from shop.entrypoints.http_limits import HttpSettings
from shop.settings import load

async def main():
    async with bootstrap(load()) as application:
        print(json.dumps(create_app(application, HttpSettings(), Connections()).openapi()))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """OpenAPI, as the service answers it."""
    project = projects.new(Path(tmp_path_factory.mktemp("described")) / "shop", ANSWERS)
    environments.prepare(project)
    return json.loads(projects.run(*project.python("-c", PROGRAM), directory=project.folder))


@pytest.mark.parametrize("schema", ["OrderFields", "OrderPatch", "OrderAnswer"])
def test_what_callers_send_and_get_is_described_by_field(document: Any, schema: str) -> None:
    properties = document["components"]["schemas"][schema]["properties"]
    found = {name: each["description"] for name, each in properties.items() if "description" in each}
    assert found == {"status": "Where the order stands.", "note": "What the customer wrote."}


def test_parameters_of_lists_are_described(document: Any) -> None:
    (status,) = (
        each for each in document["paths"]["/v1/orders"]["get"]["parameters"] if each["name"] == "status"
    )
    assert status["description"] == "Where the order stands."


def test_resources_are_described(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for answer, description in (("OrderAnswer", DESCRIPTIONS["order"]), ("CustomerAnswer", "Who buys.")):
        assert description in schemas[answer]["description"].splitlines()
