"""`new` in a terminal: what it asks, and what comes of the answers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pexpect
import pytest
import yaml

from ..support.command_line import SHIPSMITH, left_in
from ..support.terminals import ENTER, Terminal, started

DOWN = "\x1b[B"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts `shipsmith new` in a terminal."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(started([*SHIPSMITH, "new", *arguments], tmp_path))


def test_a_name_a_resource_and_its_fields_are_asked_for(
    tmp_path: Path, terminal: Callable[..., Terminal]
) -> None:
    child = terminal()
    child.expect("Which starter kit")
    child.send("\x1b[A" + ENTER)  # one up from the default: minimal
    child.expect("Name of the service")
    child.send("\x15billing" + ENTER)
    child.expect("Resource that the service manages")
    child.send("\x15invoice" + ENTER)
    child.expect("Its fields")
    child.send("\x15total: decimal(12,2), paid: bool?" + ENTER)
    child.expect("invoice: total: decimal")
    child.expect("The model")
    child.send(ENTER)
    child.expect("Customise the remaining answers")
    child.send("n")
    child.expect("Create it")
    child.send("y")
    child.expect("Created billing")
    child.expect(pexpect.EOF)
    answers = yaml.safe_load((tmp_path / "billing" / ".copier-answers.yml").read_text())
    assert answers["resources"] == {"invoice": {"total": "decimal(12,2)", "paid": "bool?"}}
    assert answers["grpc"] is False


def test_what_is_given_is_not_asked_and_the_rest_can_be_customised(
    tmp_path: Path, terminal: Callable[..., Terminal]
) -> None:
    given = [
        "orders",
        "--preset",
        "minimal",
        "--resource",
        "order",
        "--field",
        "name: str",
        "--set",
        "http=true",
    ]
    child = terminal(*given)
    child.expect("Customise the remaining answers")
    child.send("y")
    for question in ("What the service does", "Team that owns the service", "Image repository"):
        child.expect(question)
        child.send(ENTER)
    child.expect("Descriptions")
    # Go on, order, order.name
    child.send(DOWN * 2 + ENTER)
    child.expect("order.name")
    child.send("x" * 201 + ENTER)
    child.expect("Use at most 200")
    child.send("\x15Who ordered." + ENTER)
    child.expect("order.name: Who ordered.")
    child.send(ENTER)
    child.expect("who may keep answers over HTTP")
    child.send(ENTER)
    child.expect("Serve gRPC")
    child.send("y")
    for question in (
        "certificates",
        "Database",
        "Read-through cache",
        "Callers prove who they are",
        "Rate limit",
        "Adaptive limit",
        "Metrics",
        "Distributed traces",
        "Profiles of the running",
        "Format of log lines",
        "Load test of each",
        "Deployment target",
        "Continuous integration",
    ):
        child.expect(question)
        child.send(ENTER)
    child.expect("Create it")
    child.send("y")
    child.expect("Created orders")
    child.expect(pexpect.EOF)
    answers = yaml.safe_load((tmp_path / "orders" / ".copier-answers.yml").read_text())
    assert (answers["grpc"], answers["database"]) == (True, "none")
    assert answers["descriptions"] == {"order.name": "Who ordered."}


def test_only_what_fits_the_answers_so_far_can_be_chosen(
    tmp_path: Path, terminal: Callable[..., Terminal]
) -> None:
    """Other choices are shown with the reason. A question with one answer left is not asked."""
    given = ["--preset", "minimal", "--resource", "order", "--field", "name: str"]
    given += [
        "--set",
        "owner=us",
        "--set",
        "description=Orders",
        "--set",
        "image_repository=example.com/orders",
    ]
    given += ["--set", "http=true", "--set", "http_caching=false", "--set", "grpc=false"]
    child = terminal("orders", *given, "--set", "cache=memory")
    child.expect("Customise the remaining answers")
    child.send("y")
    child.expect("Descriptions")
    child.send(ENTER)
    child.expect("Database")
    child.expect("- postgresql .cache: memory is a cache in each process")
    child.send(DOWN + ENTER)  # from none to sqlite
    child.expect("Answer within a time limit")
    child.send(ENTER)
    child.expect("Message broker")
    child.send(DOWN + ENTER)
    child.expect("Callers prove who they are")
    child.send(ENTER)
    child.expect("Rate limit")
    child.send(ENTER)
    child.expect("Adaptive limit")
    child.send(ENTER)
    child.expect("Metrics")
    for _ in range(7):
        child.send(ENTER)
    child.expect("Create it")
    child.send("y")
    child.expect("Created orders")
    child.expect(pexpect.EOF)
    answers = yaml.safe_load((tmp_path / "orders" / ".copier-answers.yml").read_text())
    assert (answers["database"], answers["broker"], answers["pooler"]) == ("sqlite", "rabbitmq", "none")


def test_resources_are_added_changed_and_removed_until_they_are_right(
    tmp_path: Path, terminal: Callable[..., Terminal]
) -> None:
    child = terminal("shop", "--preset", "minimal", "--resource", "order")
    child.expect("Resource that the service manages")
    child.send(ENTER)
    child.expect("Its fields")
    child.send("\x15total: int" + ENTER)
    child.expect("The model")
    child.send(DOWN + ENTER)
    child.expect("Its name, singular")
    child.send("customer" + ENTER)
    child.expect("Its fields")
    child.send("name: str, order: ref(oder)" + ENTER)
    child.expect("customer.order: ref.oder. refers to no resource")
    child.send("\x15name: str, order: ref(order)" + ENTER)
    child.expect("customer: name: str, order: ref.order.")
    child.expect("The model")
    # Go on, Add, Change order, Change customer, Remove order: which another one refers to
    child.send(DOWN * 4 + ENTER)
    child.expect("refers to no resource")
    child.expect("The model")
    child.send(DOWN * 3 + ENTER)
    child.expect("Fields of customer")
    child.send("\x15name: str" + ENTER)
    child.expect("The model")
    child.send(DOWN + ENTER)
    child.expect("Its name, singular")
    # back
    child.send(ENTER)
    child.expect("The model")
    child.send(DOWN * 4 + ENTER)
    child.expect("The model")
    child.send(ENTER)
    child.expect("Customise the remaining answers")
    child.send("n")
    child.expect("Create it")
    child.send("y")
    child.expect("Created shop")
    child.expect(pexpect.EOF)
    answers = yaml.safe_load((tmp_path / "shop" / ".copier-answers.yml").read_text())
    assert answers["resources"] == {"customer": {"name": "str"}}


def test_who_says_no_gets_nothing(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    child = terminal("orders", "--preset", "minimal", "--resource", "order", "--field", "name: str")
    child.expect("Customise the remaining answers")
    child.send("n")
    child.expect("Create it")
    child.send("n")
    child.expect("nothing was written")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1
    assert left_in(tmp_path) == []


def test_an_invalid_answer_is_explained_at_once(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    child = terminal("--preset", "minimal")
    child.expect("Name of the service")
    child.send("\x15Billing" + ENTER)
    child.expect("is not a valid service name")
    child.sendcontrol("c")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert left_in(tmp_path) == []


def test_a_bad_field_is_explained_at_once(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    """As it is for `--field`."""
    child = terminal("orders", "--preset", "minimal", "--resource", "order")
    child.expect("Resource that the service manages")
    child.send(ENTER)
    child.expect("Its fields")
    child.send("\x15total" + ENTER)
    child.expect("'total': is not a field. Write 'name: type'")
    child.sendcontrol("c")
    child.expect(pexpect.EOF)
