"""The generated workflow proposes updates as pull requests."""

import json
import shlex
from pathlib import Path

import pytest
from shipsmith.cli.report import as_data
from shipsmith.project.recipe import Recipe as State
from shipsmith.template import versions as history
from shipsmith.update.plan import Outcome

from ..support.services import projects
from ..support.services.update_workflow import BOT, BRANCH, REPORT, Repository, on_github

NOTHING = "true"
CLEAN = "echo newer > Makefile; echo added > new.txt; git add Makefile new.txt"
# A conflict as git leaves it: markers in the file, three versions in the index
CONFLICT = r"""
blob=$(git rev-parse HEAD:Makefile)
for stage in 1 2 3; do printf '100644 %s %s\tMakefile\n' "$blob" "$stage"; done > "$RUNNER_TEMP/stages"
git rm --quiet --cached Makefile
git update-index --index-info < "$RUNNER_TEMP/stages"
printf '<<<<<<< yours\na\n=======\nb\n>>>>>>> shipsmith v0.2.0\n' > Makefile
"""


@pytest.fixture
def repository(tmp_path: Path, minimal_with_workflows: Path) -> Repository:
    return on_github(tmp_path, minimal_with_workflows)


def test_with_nothing_to_update_nothing_is_proposed(repository: Repository) -> None:
    assert repository.run_workflow(NOTHING)
    assert repository.git("branch", "--list") == "* main"
    assert repository.pull_requests == []


def test_an_update_becomes_a_pull_request(repository: Repository) -> None:
    main = repository.git("rev-parse", "main")
    assert repository.run_workflow(CLEAN)
    (proposed,) = repository.pull_requests
    assert (proposed["head"], proposed["base"]) == (BRANCH, "main")
    assert proposed["title"] == "Update from shipsmith v0.1.0 to v0.2.0"
    assert repository.git("diff", "--name-status", "main", BRANCH).split() == [
        "M",
        "Makefile",
        "A",
        "new.txt",
    ]
    assert repository.git("log", "--format=%an %ce %s", f"main..{BRANCH}") == (
        f"github-actions[bot] {BOT} {proposed['title']}"
    )
    assert repository.git("rev-parse", "main", f"{BRANCH}^").split() == [main, main]


def test_the_pull_request_says_what_people_must_know(repository: Repository) -> None:
    repository.run_workflow(CLEAN)
    (proposed,) = repository.pull_requests
    assert proposed["body"] == (
        "This brings the repository from shipsmith v0.1.0 to v0.2.0.\n"
        "\n## What to know\n\n- `Set 'ORDERS_TRACES__URL'.`\n"
        "\n## Left alone\n\n- `docs/old.md`: `you deleted it`\n"
        "\n## Answers that changed\n\n- `tracing`: `null` → `none`\n"
    )


def test_conflicts_are_proposed_with_their_markers_and_make_it_red(repository: Repository) -> None:
    assert not repository.run_workflow(CONFLICT, REPORT | {"conflicts": ["Makefile"]}, status=3)
    (proposed,) = repository.pull_requests
    assert "\n## Conflicts\n\n- `Makefile`\n" in proposed["body"]
    assert repository.git("show", f"{BRANCH}:Makefile").startswith("<<<<<<< yours\n")


def test_the_same_update_is_not_pushed_again(repository: Repository) -> None:
    """Approvals and checks stay."""
    repository.run_workflow(CLEAN)
    tip = repository.git("rev-parse", BRANCH)
    assert repository.run_workflow(CLEAN)
    assert repository.git("rev-parse", BRANCH) == tip
    assert len(repository.pull_requests) == 1


def test_a_later_update_refreshes_the_branch_and_its_pull_request(repository: Repository) -> None:
    repository.run_workflow(CLEAN)
    main = repository.commit("main", "README.md")
    assert repository.run_workflow("echo newest > Makefile", REPORT | {"to": "v0.3.0", "notes": []})
    assert repository.git("rev-parse", f"{BRANCH}^") == main
    assert repository.git("show", f"{BRANCH}:Makefile") == "newest"
    (proposed,) = repository.pull_requests
    assert proposed["title"] == "Update from shipsmith v0.1.0 to v0.3.0"
    assert "What to know" not in proposed["body"]


def test_what_people_commit_to_the_branch_is_left_as_it_is(repository: Repository) -> None:
    repository.run_workflow(CLEAN)
    before = repository.pull_requests
    tip = repository.commit(BRANCH, "Makefile")
    assert not repository.run_workflow(CLEAN, REPORT | {"to": "v0.3.0"})
    assert repository.git("rev-parse", BRANCH) == tip
    assert repository.pull_requests == before


def test_a_pull_request_of_a_fork_is_not_taken_for_ours(repository: Repository) -> None:
    of_a_fork = {"number": 1, "state": "open", "isCrossRepository": True, "head": BRANCH, "title": "theirs"}
    (repository.folder / "pull_requests.json").write_text(json.dumps([of_a_fork]))
    assert repository.run_workflow(CLEAN)
    theirs, ours = repository.pull_requests
    assert theirs == of_a_fork
    assert ours["base"] == "main"


def test_a_failed_update_proposes_nothing(repository: Repository) -> None:
    assert not repository.run_workflow(CLEAN, status=1)
    assert repository.git("branch", "--list") == "* main"
    assert repository.pull_requests == []


def test_a_report_of_shipsmith_has_all_that_the_workflow_reads() -> None:
    """So what the tests here take for a report is one."""
    old = State(history.working(), {"tracing": "old"})
    report = as_data(Outcome(old, old), written=True)
    assert REPORT.keys() <= report.keys()
    assert {name: type(report[name]) for name in REPORT} == {name: type(REPORT[name]) for name in REPORT}


def test_changed_workflows_come_as_a_patch_that_people_apply(repository: Repository) -> None:
    """A workflow that is pushed to a branch can run at once, with the secrets of the repository."""
    assert repository.run_workflow("echo '# newer' >> .github/workflows/ci.yaml; echo newer > Makefile")
    changed = repository.git("diff", "--name-status", "main", BRANCH).split()
    assert changed == ["A", ".github/workflows.patch", "M", "Makefile"]
    (proposed,) = repository.pull_requests
    commands = proposed["body"].partition("```sh\n")[2].partition("```")[0]

    clone = repository.checkout(BRANCH)
    projects.run("bash", "-ec", commands.replace("git commit", "git diff --cached --stat"), directory=clone)
    repository.push(clone, "Apply the changes of workflows")
    assert repository.git("diff", "--name-status", "main", BRANCH).split() == [
        "M",
        ".github/workflows/ci.yaml",
        "M",
        "Makefile",
    ]
    assert repository.git("show", f"{BRANCH}:.github/workflows/ci.yaml").endswith("# newer")


def test_changed_workflows_of_an_earlier_update_are_not_overwritten(repository: Repository) -> None:
    repository.commit("main", ".github/workflows.patch")
    assert not repository.run_workflow("echo '# newer' >> .github/workflows/ci.yaml")
    assert repository.pull_requests == []


def test_binary_files_and_names_of_all_kinds_are_proposed_as_they_are(repository: Repository) -> None:
    names = [
        "-rf",
        "a b",
        "$(touch x)",
        "`touch x`",
        "it's",
        '"',
        "line\nend",
        "\x1b]0;x\x07",
        "größe",
        "*",
        ":(top)",
    ]
    update = "".join(f"printf 'a\\0b\\r\\n' > ./{shlex.quote(name)}\n" for name in names)
    assert repository.run_workflow(update)
    tree = repository.git("ls-tree", "--name-only", "-z", BRANCH).split("\0")
    assert set(names) <= set(tree)
    assert repository.git("cat-file", "blob", f"{BRANCH}:-rf") == "a\0b"
    assert not any((repository.folder / "jobs").rglob("x"))


def test_an_update_for_a_tag_is_refused(repository: Repository) -> None:
    """Somebody can start a workflow by hand for any tag."""
    assert not repository.run_workflow(CLEAN, GITHUB_REF_NAME="v1.0.0", GITHUB_REF_TYPE="tag")
    assert repository.pull_requests == []


def test_a_branch_of_any_name_is_updated(repository: Repository) -> None:
    name = "--title=$(touch x)`x`;'\""
    assert repository.run_workflow(CLEAN, GITHUB_REF_NAME=name)
    (proposed,) = repository.pull_requests
    assert (proposed["base"], proposed["title"]) == (name, "Update from shipsmith v0.1.0 to v0.2.0")
