"""Applies a plan: changes the project's files and stages them, without a commit."""

from ..project.existing import Project
from . import change
from .journal import Journal
from .plan import Plan


def apply(project: Project, plan: Plan, title: str) -> None:
    """Raises UserError, without changing anything, if the project has changed since this was planned."""
    if not plan.step:
        return
    outcome, step = plan.outcome, plan.step
    with change.alone(project) as git:
        change.check_nothing_is_left(project)
        written = Journal(
            head=step.head,
            title=title,
            changes=plan.changes,
            versions=(outcome.old.template.version, outcome.new.template.version),
            conflicts=sorted(step.conflicts),
            outside={each.path: (each.before, each.after) for each in step.ignored},
        )
        change.apply(git, project, step, written)
