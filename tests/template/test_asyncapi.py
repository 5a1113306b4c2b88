"""The document of a generated service's events and commands."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from shipsmith.template import location
from shipsmith.template.questionnaire import questions_of

from ..support.services import projects
from ..support.services.manifest_schemas import SCHEMAS
from ..support.services.rows import CONSUMED, FOUR

OPTION = questions_of(location.root()).options["broker"]
BROKERS = [each for each in OPTION.values if each != "none"]
CHANGES = ("created", "updated", "deleted")


@pytest.fixture(scope="module", params=BROKERS)
def documents(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    answers = {**FOUR, **CONSUMED, "database": "sqlite", "broker": request.param}
    folder = tmp_path_factory.mktemp(request.param) / "service"
    return projects.new(folder, answers).folder / "asyncapi"


@pytest.fixture(scope="module")
def document(documents: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((documents / "asyncapi.yaml").read_text())
    return found


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == "$ref")
        for value in part.values():
            yield from references(value)


def test_it_is_valid(document: dict[str, Any]) -> None:
    schema = json.loads((SCHEMAS / "AsyncAPI.json").read_text())
    errors = jsonschema.Draft7Validator(schema).iter_errors(document)
    assert [f"{each.json_path}: {each.message}" for each in errors] == []


def test_every_reference_leads_somewhere(document: dict[str, Any], documents: Path) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        if reference.startswith("./"):
            assert (documents / reference).is_file(), reference
            continue
        part = document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def test_it_names_every_event_and_command(document: dict[str, Any]) -> None:
    names = FOUR["resources"]
    events = {f"{name}.{change}" for name in names for change in CHANGES}
    assert document["channels"]["events"]["messages"].keys() == events
    assert document["channels"]["commands"]["messages"].keys() == {f"{name}.create" for name in names}
    own = events | {f"{name}.create" for name in names}
    assert document["components"]["messages"].keys() == own | CONSUMED["consumes"].keys()


def test_it_says_which_events_of_other_services_are_received(document: dict[str, Any]) -> None:
    received = [each for each in document["operations"].values() if each["action"] == "receive"]
    channels = [each["channel"]["$ref"].rpartition("/")[2] for each in received]
    assert channels == ["commands", "orders.events", "order-desk.events"]
    for type_ in CONSUMED["consumes"]:
        service = type_.partition(".")[0].replace("_", "-")
        assert type_ in document["channels"][f"{service}.events"]["messages"]


def test_every_schema_is_one_and_describes_what_the_model_says(documents: Path) -> None:
    schemas = {path.name: json.loads(path.read_text()) for path in documents.glob("*.json")}
    assert len(schemas) == 2 * len(FOUR["resources"]) + len(CONSUMED["consumes"])
    for name, schema in schemas.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$id"] == f"urn:{FOUR['service_name']}:{name}"
    order = schemas["orders.v1.json"]
    assert order["description"] == FOUR["descriptions"]["order"]
    assert order["properties"]["select"]["description"] == FOUR["descriptions"]["order.select"]
    assert order["properties"]["table"]["enum"] == ["from", "where", None]
    read = schemas["order_desk.v1.order.created.json"]
    assert read["properties"]["kind13_maybe"] == {"type": ["string", "null"]}
    assert read["required"] == ["id", "version", *(f"kind{number}_wanted" for number in range(14))]
    creation = schemas["orders.create.v1.json"]
    assert creation["required"] == ["select", "group"]
    jsonschema.validate({"select": "a", "group": 1, "message": None}, creation)
    with pytest.raises(jsonschema.ValidationError, match="'price' was unexpected"):
        jsonschema.validate({"select": "a", "group": 1, "price": "1"}, creation)
