"""What is refused with shards, because several databases do not guarantee what one does."""

import pytest
from shipsmith.errors import UserError
from shipsmith.model.resources import parse
from shipsmith.template import location
from shipsmith.template.questionnaire import Answers, questions_of

SHARDED: Answers = {"database": "postgresql", "cache": "none", "shards": True}


WITH_REFERENCES = ("postgresql", "mariadb", "mysql", "mongodb")


def problems(**answers: object) -> tuple[str, ...]:
    with pytest.raises(UserError) as refused:
        questions_of(location.root()).resolve(SHARDED | answers)
    return refused.value.problems


@pytest.mark.parametrize("database", WITH_REFERENCES)
def test_rules_about_other_rows_are_refused_by_their_fields(database: str) -> None:
    """All at once, with what is valid instead."""
    found = problems(
        database=database,
        resources={
            "customer": {"name": "str", "email": "str unique"},
            "order": {"customer": "ref(customer)?", "note": "text?", "code": "uuid? unique"},
            "line": {
                "order": "ref(order)",
                "buyer": "ref(customer)",
                "seller": "ref(customer)? unique",
                "above": "ref(line)?",
            },
        },
    )
    reasons = {each.split(": ")[1]: each.split(": ")[2] for each in found}
    unique = (
        "no database knows the values on other shards, so it cannot be unique. "
        "Leave unique out, or set shards to false"
    )
    second = (
        "rows are kept on the shard of order, and what this refers to may be on another one, where no "
        "database checks that it is there. Store the id as {}, or set shards to false"
    )
    assert reasons == {
        "customer.email": unique,
        "order.customer": "the shard of a row follows from what it refers to, so that has to be there. "
        "Make it required (ref(customer)), store the id as uuid?, or set shards to false",
        "order.code": unique,
        "line.buyer": second.format("uuid"),
        "line.seller": second.format("uuid?"),
        "line.above": "what it refers to may be on another shard, as it has a place of its own. "
        "Store the id as uuid?, or set shards to false",
    }


@pytest.mark.parametrize("database", WITH_REFERENCES)
def test_each_resource_may_be_kept_with_another_one(database: str) -> None:
    """Also one of each, and also what is kept with something itself."""
    questions = questions_of(location.root())
    resources = {
        "customer": {"name": "str"},
        "order": {"customer": "ref(customer)", "product": "uuid"},
        "address": {"customer": "ref(customer) unique"},
        "line": {"quantity": "int", "order": "ref(order)"},
    }
    answers = questions.resolve(SHARDED | {"database": database, "resources": resources})
    model = parse(questions.following("model", answers))
    fixed = [f"{name}.{each.name}" for name in model for each in model[name].fields.values() if each.fixed]
    assert sorted(fixed) == ["address.customer", "line.order", "order.customer"]


def test_what_never_changes_says_so_in_the_documents() -> None:
    questions = questions_of(location.root())
    resources = {
        "customer": {"name": "str"},
        "order": {"customer": "ref(customer)"},
        "line": {"order": "ref(order)"},
    }
    described = {"descriptions": {"order.customer": "Who ordered"}, "resources": resources}
    texts = {
        shards: [
            field["description"]
            for resource in questions.following(
                "model", questions.resolve(SHARDED | described | {"shards": shards})
            )
            for field in resource["fields"]
        ]
        for shards in (True, False)
    }
    assert texts[False] == ["", "Who ordered", ""]
    assert texts[True] == [
        "",
        "Who ordered. Cannot be changed: create another order instead.",
        "Cannot be changed: create another line instead.",
    ]


def test_a_value_of_an_enum_may_have_any_name() -> None:
    resources = {"order": {"status": "enum(new, unique)", "customer": "uuid"}}
    assert questions_of(location.root()).resolve(SHARDED | {"resources": resources})["shards"] is True


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"database": "sqlite"}, "not sqlite. Choose postgresql or mariadb or mysql or mongodb"),
        ({"pooler": "pgbouncer"}, "pgbouncer stands in front of one database"),
        ({"replicas": True}, "replicas copy one database"),
    ],
)
def test_what_belongs_to_one_database_is_refused(answers: Answers, reason: str) -> None:
    [problem] = problems(**answers)
    assert reason in problem
