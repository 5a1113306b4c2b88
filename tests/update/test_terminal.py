"""`update` and `add` in a terminal: what they ask, and what comes of the answers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pexpect
import pytest
import yaml

from ..support.terminals import ENTER, Terminal, started
from ..support.updates.small import Small, contents, git

DOWN = "\x1b[B"


@pytest.fixture
def terminal(small: Small, project: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts shipsmith in a terminal, in the project."""
    with ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(
            started([*small.command, *arguments], project, small.environment)
        )


def answers(project: Path) -> dict[str, object]:
    return dict(yaml.safe_load((project / ".copier-answers.yml").read_text()))


def test_a_question_that_a_new_version_asks_is_asked(
    project: Path, terminal: Callable[..., Terminal]
) -> None:
    """And only that: the project's other answers are known."""
    child = terminal("update")
    child.expect("The region")
    child.send(DOWN + ENTER)
    child.expect("Make these changes")
    assert "cache" not in (child.before or "")
    child.send("y")
    child.expect("git commit")
    child.expect(pexpect.EOF)
    assert answers(project)["region"] == "south"
    assert "south" in (project / "README.md").read_text()


def test_with_defaults_nothing_is_asked(project: Path, terminal: Callable[..., Terminal]) -> None:
    child = terminal("update", "--defaults")
    child.expect("region")
    child.expect(pexpect.EOF)
    assert "Make these changes" not in (child.before or "")
    assert answers(project)["region"] == "north"


def test_no_leaves_everything_as_it_was(project: Path, terminal: Callable[..., Terminal]) -> None:
    before = contents(project)
    child = terminal("add", "redis")
    child.expect("Make these changes")
    child.send("n")
    child.expect("nothing was written")
    child.expect(pexpect.EOF)
    assert contents(project) == before
    assert git(project, "status", "--porcelain") == ""


def test_ctrl_c_at_a_question_leaves_everything_as_it_was(
    project: Path, terminal: Callable[..., Terminal]
) -> None:
    before = contents(project)
    child = terminal("update")
    child.expect("The region")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert contents(project) == before


def test_nothing_is_asked_where_the_change_would_be_refused(
    project: Path, terminal: Callable[..., Terminal]
) -> None:
    (project / "README.md").write_text("Mine, not committed\n")
    child = terminal("update")
    child.expect("uncommitted changes")
    child.expect(pexpect.EOF)
    assert "The region" not in (child.before or "")


def test_a_question_holds_no_lock_and_what_changes_meanwhile_is_seen(
    small: Small, project: Path, terminal: Callable[..., Terminal]
) -> None:
    """Another shipsmith can change the project while one waits for an answer, which is then refused."""
    child = terminal("add", "redis")
    child.expect("Make these changes")
    assert small.run(project, "add", "grpc").returncode == 0
    before = contents(project)
    child.send("y")
    child.expect(r"an earlier change is not committed \(Add grpc\)")
    child.expect(pexpect.EOF)
    assert contents(project) == before
