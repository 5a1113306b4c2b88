"""What a project recorded over time, from the commits that changed its record."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ..errors import UserError
from . import record
from .existing import Project

Earlier = Callable[[str], list[Any]]
"""The values of an answer over time, the oldest first and the current one last."""


def earlier(project: Project) -> Earlier:
    """The values that were recorded on the way to HEAD, without answers that were edited by hand.

    A shallow clone, or a project that was moved within its repository, knows only what came since.
    """
    path = f"{project.prefix}{record.FILE}"
    # of a merged branch only the result counts: what came and went there was never the project's
    commits = project.git.optional("rev-list", "--first-parent", "--reverse", "HEAD", "--", path).split()
    found = []
    for commit in commits:
        with suppress(UserError):
            then = project.recorded_at(commit)
            found += [then.answers] if then.intact else []
    return lambda name: [answers[name] for answers in found if name in answers]
