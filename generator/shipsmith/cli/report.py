"""Reports the result of a change, as text and as data."""

import os
from pathlib import Path
from typing import Any

from ..template.questionnaire import NUMBERS, RESOURCES
from ..template.values import shown
from ..terminal import command, plain
from ..update.plan import Outcome
from ..update.status import Status


def as_data(outcome: Outcome, *, written: bool) -> dict[str, Any]:
    return {
        "from": outcome.old.template.version,
        "to": outcome.new.template.version,
        "written": written,
        "added": outcome.added,
        "updated": outcome.updated,
        "removed": outcome.removed,
        "renamed": outcome.renamed,
        "conflicts": outcome.conflicts,
        "left_alone": [{"path": path, "reason": reason} for path, reason in outcome.left_alone.items()],
        "answers": outcome.answers,
        "notes": outcome.notes,
        "contract": outcome.contract,
        "migrations": outcome.migrations,
    }


def as_text(outcome: Outcome, *, with_migrations: bool = False) -> str:
    """The summary for people, without empty sections. The texts of new migrations come last."""
    told_by_contract = (NUMBERS, RESOURCES) if outcome.contract else (NUMBERS,)
    answers = [
        f"{name}: {_value(each['old'])} -> {_value(each['new'])}"
        for name, each in outcome.answers.items()
        if name not in told_by_contract
    ]
    sections = {
        "Added": outcome.added,
        "Updated": [path for path in outcome.updated if path not in outcome.conflicts],
        "Removed": outcome.removed,
        "Moved": [f"{old} -> {new}" for old, new in outcome.renamed.items()],
        "Conflicts (both sides are in the file)": outcome.conflicts,
        "Left alone": [f"{path}: {reason}" for path, reason in outcome.left_alone.items()],
        "Answers": answers,
        "Contract": outcome.contract,
        "Notes": outcome.notes,
    }
    parts = [_section(title, lines) for title, lines in sections.items() if lines]
    if with_migrations:
        parts += [f"{plain(path)}:\n\n{text}" for path, text in outcome.migrations.items()]
    return "\n".join(parts) if parts else "Nothing to change."


def next_steps(outcome: Outcome, title: str, folder: Path) -> str:
    """The next steps after a change of the project at `folder`, and how to undo it."""
    if outcome.conflicts:
        steps = "Resolve the conflicts (git add FILE when done), then: shipsmith continue"
    else:
        commit = command("git", "commit", "-m", title)
        steps = f"All changes are staged. Review them (git diff --cached), then: {commit}"
    return f"{_way_to(folder)}{steps}\nTo undo everything: shipsmith undo"


def status_as_data(status: Status) -> dict[str, Any]:
    return {
        "version": status.recipe.template.version,
        "newest": status.newest,
        "behind": status.behind,
        "answers": status.recipe.answers,
        "edited": status.edited,
        "deleted": status.deleted,
        "missing": status.missing,
        "edited_answers": status.edited_answers,
        "unfinished": status.unfinished or None,
    }


def status_as_text(status: Status) -> str:
    version = status.recipe.template.version
    lines = [
        f"Version {version}; {status.newest} is newer: shipsmith update"
        if status.behind
        else f"Version {version}"
    ]
    if status.unfinished:
        lines.append(f"Not committed yet: {plain(status.unfinished)}. Commit it, or: shipsmith undo")
    here = status.recipe.answers
    sections = {
        "Answers edited by hand (use `shipsmith set`)": [
            f"{name}: {shown(value)} -> {shown(here.get(name))}"
            for name, value in status.edited_answers.items()
        ],
        "Edited by you": status.edited,
        "Deleted by you": status.deleted,
        "Missing (`git restore` restores what is committed)": status.missing,
    }
    lines += ["", *(_section(title, names) for title, names in sections.items() if names)]
    return "\n".join(lines).rstrip()


def _way_to(folder: Path) -> str:
    """The command to change to `folder`; empty if commands find the project from here."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # the change moved the current folder
        return f"{command('cd', str(folder))}\n"
    return "" if folder in (here, *here.parents) else f"{command('cd', os.path.relpath(folder))}\n"


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([f"{title} ({len(lines)}):", *(f"  {plain(line)}" for line in lines), ""])


def _value(value: Any) -> str:
    return "(not asked)" if value is None else shown(value)
