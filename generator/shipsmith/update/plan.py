"""Work out a change of a project, as trees of git, without touching one of its files."""

import multiprocessing
import os
import signal
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import Thread

from ..git.objects import Entry, Tree
from ..git.runner import Git
from ..project.existing import Project
from ..project.recipe import State
from ..template import migrations, versions
from ..template.questionnaire import questions_of
from . import ignored, rebuild
from .change import check_nothing_is_in_the_way
from .ignored import Outside
from .merge import Labels, Merged, Sides, merge

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Plan:
    before: Tree
    """The project's files as they are."""
    merged: Merged
    """And as they shall be."""
    tree: str
    """The whole repository as it shall be."""
    outside: list[Outside]
    notes: list[str]


def make(git: Git, project: Project, head: str, old: State, new: State, folder: Path) -> Plan:
    """What leads `project` at the commit `head` from `old` to `new`; `folder` is for temporary files."""
    index = folder / "index"
    steps = _migrations(old, new)
    user = git.tree(f"{head}:{project.prefix.rstrip('/')}")
    base, rendered = (git.write_folder(render) for render in _render_both(old, new, folder))
    sides = Sides(base, rendered, dict(user))
    left_alone = _leave_owned(sides, new)
    set_aside = ignored.take_out(git, project, sides, left_alone)
    _keep_line_ends(git, sides)
    labels = Labels(f"shipsmith {old.template.version}", f"shipsmith {new.template.version}")
    merged = merge(git, sides, partial(migrations.moved, migrations=steps), labels, index)
    if not merged.conflicts:
        made = rebuild.make_again(git, user, merged.tree, old, new)
        merged.tree = made.tree
        left_alone |= made.left_alone
    merged.left_alone |= left_alone
    check_nothing_is_in_the_way(project.folder, user, merged.tree)
    tree = git.change_tree(head, user, merged.tree, index, project.prefix)
    return Plan(user, merged, tree, set_aside, [note for step in steps for note in step.notes])


def render_into(state: State, destination: Path) -> Path:
    """What the template alone makes of `state`, without derived files."""
    from ..rendering.copier import render

    render(state.answers, state.template, destination)
    return destination


def _render_both(old: State, new: State, folder: Path) -> tuple[Path, Path]:
    """Both renders at the same time, the old one in a process of its own."""
    import copier  # noqa: F401  # once, for both processes

    forked = multiprocessing.get_context("fork")
    receiver, sender = forked.Pipe(duplex=False)
    other = forked.Process(target=_render_and_tell, args=(old, folder / "old", sender))
    other.start()
    sender.close()
    try:
        rendered = render_into(new, folder / "new")
        if problem := receiver.recv():
            raise problem
        return folder / "old", rendered
    except EOFError as error:
        raise RuntimeError("the process that rendered the old version died") from error
    finally:
        other.kill()
        other.join()


def _render_and_tell(state: State, destination: Path, problems: Connection) -> None:
    """Render, and send the exception that ended it, or None."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        render_into(state, destination)
        problems.send(None)
    except Exception as error:
        problems.send(error)


def _end_with_the_parent() -> None:
    """Watch a parent that may be killed: its child would go on to hold the project's lock."""
    parent = multiprocessing.parent_process()
    assert parent
    wait([parent.sentinel])
    os._exit(1)


def _migrations(old: State, new: State) -> list[migrations.Migration]:
    passed = versions.passed(old.template.version, new.template.version)
    return migrations.load(new.template.root, passed, new.answers)


def _leave_owned(sides: Sides, new: State) -> dict[str, str]:
    """Take out what is the user's once it is made; those that the new version changes, with the reason."""
    owned = questions_of(new.template.root).owned(new.answers)
    left_alone = {}
    for path in [path for path in sides.base if path in sides.new and owned(path)]:
        old, fresh = sides.base.pop(path), sides.new.pop(path)
        if old != fresh:
            left_alone[path] = "it is yours since it was made"
    return left_alone


def _keep_line_ends(git: Git, sides: Sides) -> None:
    """Give the renders the line ends of Windows where the user committed those."""
    edited = [
        path for path, entry in sides.user.items() if path in sides.base and sides.base[path].oid != entry.oid
    ]
    contents = git.read(sides.user[path].oid for path in edited)
    for path in edited:
        content = contents[sides.user[path].oid]
        if b"\r\n" in content and content.count(b"\r\n") == content.count(b"\n"):
            for side in (sides.base, sides.new):
                if path in side:
                    side[path] = _with_carriage_returns(git, side[path])


def _with_carriage_returns(git: Git, entry: Entry) -> Entry:
    content = git.read([entry.oid])[entry.oid]
    return entry if b"\0" in content else Entry(entry.mode, git.write(content.replace(b"\n", b"\r\n")))
