"""Names that work, names that are refused, and the forms that follow from them."""

from typing import Any

import pytest
from shipsmith.errors import UserError
from shipsmith.template import location
from shipsmith.template.questionnaire import questions_of

questionnaire = questions_of(location.root())

FORMS = "{% from 'template/_shared/names.jinja' import plural, singular, pascal %}"


def refused(**answers: Any) -> bool:
    try:
        questionnaire.resolve(answers)
    except UserError:
        return True
    return False


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("order", "orders"),
        ("box", "boxes"),
        ("category", "categories"),
        ("key", "keys"),
        ("address", "addresses"),
    ],
)
def test_plurals_and_singulars_fit(one: str, many: str) -> None:
    assert questionnaire.render(FORMS + "{{ plural(x) }}", {"x": one}) == many
    assert questionnaire.render(FORMS + "{{ singular(x) }}", {"x": many}) == one


@pytest.mark.parametrize("word", ["inventory", "status", "analysis", "billing"])
def test_what_is_no_plural_stays(word: str) -> None:
    assert questionnaire.render(FORMS + "{{ singular(x) }}", {"x": word}) == word


def test_the_resource_is_named_after_the_service() -> None:
    for service, resource in (("order-lines", "order_line"), ("customer-notification-hub", "hub")):
        assert list(questionnaire.resolve({"service_name": service})["resources"]) == [resource]


@pytest.mark.parametrize("name", ["orders", "order-desk", "a", "a1", "x" * 30])
def test_service_names_that_work(name: str) -> None:
    assert not refused(service_name=name, resources={"thing": {"name": "str"}})


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Orders",
        "github",
        "1st",
        "a_b",
        "a--b",
        "-a",
        "a-",
        "x" * 31,
        "grpc",
        "json",
        "class",
        "tests",
        "örders",
        "a\n",
    ],
)
def test_service_names_that_are_refused(name: str) -> None:
    assert refused(service_name=name, resources={"thing": {"name": "str"}})


@pytest.mark.parametrize("name", ["client", "session", "store", "server", "channel", "version"])
def test_resources_that_sound_like_code_work(name: str) -> None:
    assert not refused(resources={name: {"name": "str"}})


@pytest.mark.parametrize("name", ["order", "select_item", "user", "table_row", "package", "enum", "group"])
def test_resources_that_are_words_of_sql_or_protobuf_work(name: str) -> None:
    assert not refused(resources={name: {"name": "str"}})


@pytest.mark.parametrize(
    "name", ["class", "list", "filter", "request", "Order", "_x", "x_", "a__b", "x" * 21, ""]
)
def test_resources_that_are_refused(name: str) -> None:
    assert refused(resources={name: {"name": "str"}})


@pytest.mark.parametrize(
    "name", ["select", "message", "string", "group", "type_of", "date", "hash", "max", "order"]
)
def test_fields_that_are_words_of_sql_or_protobuf_work(name: str) -> None:
    assert not refused(resources={"thing": {name: "str?"}})


@pytest.mark.parametrize(
    "name",
    [
        "class",
        "id",
        "version",
        "created_at",
        "given",
        "int",
        "dt",
        "json",
        "keys",
        "model_fields",
        "Name",
        "a-b",
        "_x",
        "a__b",
        "",
        "x" * 31,
        7,
    ],
)
def test_fields_that_are_refused(name: Any) -> None:
    assert refused(resources={"thing": {name: "str"}})


@pytest.mark.parametrize("fields", [{}, [], "text", None, {"a": 1}, {"a": "str??"}, {"a": None}, {"a": "?"}])
def test_fields_of_another_form_are_refused(fields: Any) -> None:
    assert refused(resources={"thing": fields})


@pytest.mark.parametrize(
    "text", ["Keeps orders.", "Ünïcode, too: (really)!", "It's fine; 100 of them - yes?"]
)
def test_descriptions_that_work(text: str) -> None:
    assert not refused(description=text)


@pytest.mark.parametrize(
    "text", ["", " ", 'a"b', "a\nb", "a`b`", "$HOME", "{{ x }}", "<b>", "a\\b", "a\x00", "x" * 201]
)
def test_descriptions_that_are_refused(text: str) -> None:
    assert refused(description=text)


@pytest.mark.parametrize(
    "name", ["ghcr.io/acme/orders", "localhost:5000/orders", "registry.acme.dev/a/b-c/d_e"]
)
def test_image_repositories_that_work(name: str) -> None:
    assert not refused(image_repository=name)


@pytest.mark.parametrize(
    "name", ["orders", "ghcr.io/Acme/orders", "a/b:1", "a/b@sha256:00", "a//b", "a/b c", ""]
)
def test_image_repositories_that_are_refused(name: str) -> None:
    assert refused(image_repository=name)
