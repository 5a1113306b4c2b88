"""`add`, `remove` and `set` change the answers of a project, and its files accordingly."""

import json
from itertools import combinations
from pathlib import Path

import pytest
from shipsmith.cli.words import to_remove
from shipsmith.errors import UserError
from shipsmith.template import location
from shipsmith.template.questionnaire import questions_of

from ..support.updates.small import Small, commit, contents, git


def test_what_is_added_and_removed_again_leaves_no_trace(small: Small, project: Path) -> None:
    before = contents(project)
    assert small.run(project, "add", "redis", "grpc").returncode == 0
    assert (project / "adapters/cache.py").is_file()
    assert (project / "src/orders/v1/orders_pb2.py").is_file()
    assert "redis==8.1" in (project / "requirements.lock").read_text()
    git(project, "commit", "-qm", "added")
    assert small.run(project, "remove", "redis", "grpc").returncode == 0
    assert contents(project) == before


def test_edits_stay_while_choices_come_and_go(small: Small, project: Path) -> None:
    commit(project, {"README.md": (project / "README.md").read_text() + "Mine.\n", "own.py": "x = 1\n"})
    before = contents(project)
    for command in ("add", "remove"):
        assert small.run(project, command, "redis").returncode == 0
        git(project, "commit", "-qm", command)
    assert contents(project) == before


def test_removing_a_choice_keeps_the_files_of_it_that_were_edited(tmp_path: Path, small: Small) -> None:
    project = small.project(tmp_path / "orders", "cache=redis")
    commit(project, {"adapters/cache.py": "import redis\nmine = 1\n"})
    assert small.run(project, "remove", "redis").returncode == 3
    assert (project / "adapters/cache.py").read_text() == "import redis\nmine = 1\n"


def test_a_choice_that_goes_gives_back_the_one_before_it_and_says_so_first(
    tmp_path: Path, small: Small
) -> None:
    project = small.project(tmp_path / "orders", "cache=memory")
    before = contents(project)
    assert small.run(project, "add", "redis").returncode == 0
    git(project, "commit", "-qm", "added")
    previewed = small.run(project, "remove", "redis", "--dry-run")
    assert "cache: redis -> memory" in previewed.stdout
    assert "cache is memory again, as before. For none: shipsmith set cache=none" in previewed.stdout
    removed = json.loads(small.run(project, "remove", "redis", "--json").stdout)
    assert removed["answers"]["cache"] == {"old": "redis", "new": "memory"}
    assert len(removed["notes"]) == 1
    assert contents(project) == before
    git(project, "commit", "-qm", "removed")
    assert small.run(project, "remove", "cache=memory", "--json").returncode == 0
    assert "cache: none\n" in (project / ".copier-answers.yml").read_text()


def test_a_choice_of_a_merged_branch_gives_back_what_the_main_branch_had(
    tmp_path: Path, small: Small
) -> None:
    project = small.project(tmp_path / "orders", "cache=memory")
    git(project, "checkout", "-qb", "side")
    for setting in ("cache=none", "cache=redis"):
        assert small.run(project, "set", setting).returncode == 0
        git(project, "commit", "-qm", setting)
    git(project, "checkout", "-q", "-")
    git(project, "merge", "-q", "--no-ff", "-m", "merged", "side")
    assert small.run(project, "remove", "redis").returncode == 0
    assert "cache: memory\n" in (project / ".copier-answers.yml").read_text()


def test_where_history_is_cut_off_a_choice_goes_without_a_successor(tmp_path: Path, small: Small) -> None:
    project = small.project(tmp_path / "orders", "cache=memory")
    small.run(project, "add", "redis")
    git(project, "commit", "-qm", "added")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{project}", "shallow")
    removed = small.run(tmp_path / "shallow", "remove", "redis")
    assert "cache: redis -> none" in removed.stdout


def test_a_choice_that_is_the_default_of_an_option_without_none_cannot_go() -> None:
    questionnaire = questions_of(location.root())
    with pytest.raises(UserError, match="python: language needs a value, and this is its default"):
        to_remove(["python"], questionnaire, questionnaire.resolve({}), lambda name: [])


@pytest.mark.parametrize("pair", list(combinations(["redis", "grpc", "store=memory"], 2)))
def test_the_order_of_additions_does_not_matter(tmp_path: Path, small: Small, pair: tuple[str, str]) -> None:
    results = []
    for number, order in enumerate((pair, pair[::-1])):
        project = small.project(tmp_path / str(number) / "orders")
        for choice in order:
            assert small.run(project, "add", choice).returncode == 0
            git(project, "commit", "-qm", choice)
        results.append(contents(project))
    assert results[0] == results[1]


def test_set_changes_any_answer(small: Small, project: Path) -> None:
    assert small.run(project, "set", "service_name=billing").returncode == 0
    assert (project / "README.md").read_text().startswith("# billing\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["add", "reddis"], "Did you mean 'redis'?"),
        (["add", "memory"], "Write shipsmith add cache=memory or shipsmith add store=memory"),
        (["add", "cache"], "Write one of: cache=none, cache=memory, cache=redis"),
        (
            ["add", "cache=memory", "redis"],
            "redis: cache is memory already",
        ),
        (["add", "none"], "none: no such choice"),
        (["remove", "redis"], "is not selected: cache=none"),
        (["set", "cache"], "Write OPTION=VALUE"),
        (["set", "cache=reddis"], "Did you mean 'redis'?"),
        (["set", "with_cache_redis=x"], "cannot be set"),
        (["set", "cache", "cache=reddis"], "Did you mean 'redis'?"),
        (["update", "--to", "v9.9.9"], "v9.9.9"),
        (["update", "elsewhere"], "elsewhere is not a folder"),
    ],
)
def test_words_that_mean_nothing_are_explained(
    small: Small, project: Path, arguments: list[str], says: str
) -> None:
    before = contents(project)
    result = small.run(project, *arguments)
    assert result.returncode == 1
    assert says in result.stderr
    assert "Traceback" not in result.stderr
    assert contents(project) == before
