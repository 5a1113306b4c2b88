"""Whether a project can be changed now."""

from collections.abc import Iterator
from pathlib import Path

from ..errors import UserError
from ..git.objects import nul_separated
from ..git.runner import OLDEST, Git
from . import record
from .existing import Project

# the files that git creates while an operation is in progress, and how to end it
UNDER_WAY = {
    "MERGE_HEAD": "a merge (git merge --continue, or --abort)",
    "CHERRY_PICK_HEAD": "a cherry-pick (git cherry-pick --continue, or --abort)",
    "REVERT_HEAD": "a revert (git revert --continue, or --abort)",
    "rebase-merge": "a rebase (git rebase --continue, or --abort)",
    "rebase-apply": "a rebase or git am (--continue, or --abort)",
}


def check_ready(project: Project) -> str:
    """The id of HEAD. Raises UserError with all reasons if the project cannot be changed now."""
    git = project.git
    problems = [*under_way(git)]
    head = git.optional("rev-parse", "--verify", "--quiet", "HEAD")
    if not head:
        problems.append("the repository has no commit yet. Commit the project first")
    elif changed := nul_separated(
        git.run(
            "status",
            "--porcelain=v1",
            "-z",
            "--untracked-files=no",
            "--no-renames",
            "--ignore-submodules=dirty",
        )
    ):
        names = ", ".join(line[3:] for line in changed[:5]) + (", …" if len(changed) > 5 else "")
        problems.append(f"there are uncommitted changes ({names}). Commit or stash them first")
    elif not git.optional("rev-parse", "--verify", "--quiet", f"HEAD:{project.prefix}{record.FILE}"):
        problems.append(f"{record.FILE} is not committed. Commit it first")
    if git.version() < OLDEST:
        problems.append(f"git {OLDEST[0]}.{OLDEST[1]} or later is needed. Upgrade it")
    if problems:
        raise UserError(*problems)
    return head


def under_way(git: Git) -> Iterator[str]:
    """Reasons that concern the whole repository: it belongs to another one, or something is in progress."""
    if superproject := git.optional("rev-parse", "--show-superproject-working-tree"):
        yield f"{git.folder} is a submodule of {superproject}. Change it in a clone of its own"
    for name, what in UNDER_WAY.items():
        if Path(git.folder, git.line("rev-parse", "--git-path", name)).exists():
            yield f"{what} is in progress here. Finish it first"
