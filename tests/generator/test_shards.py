"""What is refused with shards, because several databases do not guarantee what one does."""

import pytest
from shipsmith.errors import UserError
from shipsmith.template import location
from shipsmith.template.questionnaire import Answers, questions_of

SHARDED: Answers = {"database": "postgresql", "cache": "none", "shards": True}


def problems(**answers: object) -> tuple[str, ...]:
    with pytest.raises(UserError) as refused:
        questions_of(location.root()).resolve(SHARDED | answers)
    return refused.value.problems


def test_rules_about_other_rows_are_refused_by_their_fields() -> None:
    """All at once, also where a reference is unique or optional."""
    found = problems(
        resources={
            "customer": {"name": "str", "email": "str unique"},
            "order": {"customer": "ref(customer)?", "note": "text?", "code": "uuid? unique"},
        }
    )
    assert [each.split(": ")[1] for each in found] == ["customer.email", "order.customer", "order.code"]
    assert [each.rpartition(". ")[2] for each in found] == [
        "Leave unique out, or set shards to false",
        "Store the id as uuid, or set shards to false",
        "Leave unique out, or set shards to false",
    ]


def test_a_value_of_an_enum_may_have_any_name() -> None:
    resources = {"order": {"status": "enum(new, unique)", "customer": "uuid"}}
    assert questions_of(location.root()).resolve(SHARDED | {"resources": resources})["shards"] is True


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"database": "sqlite"}, "not sqlite. Choose postgresql or mariadb or mysql as the database"),
        ({"pooler": "pgbouncer"}, "pgbouncer stands in front of one database"),
        ({"replicas": True}, "replicas copy one database"),
    ],
)
def test_what_belongs_to_one_database_is_refused(answers: Answers, reason: str) -> None:
    [problem] = problems(**answers)
    assert reason in problem
