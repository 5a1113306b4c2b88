"""Regenerates derived files after a merge, from the merged files.

Derived files are not part of a render. They do not change if their sources have not changed. Additions by
people are kept if the deriver can merge them.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ..git.objects import EXECUTABLE, REGULAR, Entry, Tree
from ..git.runner import Git
from ..project.recipe import Recipe
from ..rendering.derived import derivers
from ..rendering.derived.deriver import Deriver, Merge
from ..template.versions import Template

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Derived:
    tree: Tree
    left_alone: dict[str, str]
    """Files that stay as the user edited them, with the reasons."""


def make_again(git: Git, before: Tree, after: Tree, old: Recipe, new: Recipe) -> Derived:
    """The merged project `after` with its derived files. `before` is the project before the change."""
    changes: dict[str, Entry | None] = {}
    left_alone: list[str] = []
    olds, news = derivers(old.answers), derivers(new.answers)
    for deriver in dict.fromkeys((*olds, *news)):
        sources, sources_now = (_sources(deriver, tree) for tree in (before, after))
        same = sources == sources_now and (deriver in olds) == (deriver in news)
        if same and deriver.of_template(old.template) == deriver.of_template(new.template):
            continue
        base = _made(git, sources, deriver, old.template) if deriver in olds else {}
        made = _made(git, sources_now, deriver, new.template) if deriver in news else {}
        changed, edited = _merged(git, before, base, made, deriver.merge)
        changes |= changed
        left_alone += edited
    tree = {path: entry for path, entry in (after | changes).items() if entry}
    return Derived(tree, dict.fromkeys(left_alone, "you edited it, and it is generated from other files"))


def _merged(
    git: Git, before: Tree, base: Files, new: Files, merge: Merge
) -> tuple[dict[str, Entry | None], list[str]]:
    """The merged derived files, where `base` is the previously generated ones, which people may have edited.

    Also the paths of those that stay as people edited them.
    """
    changes: dict[str, Entry | None] = {}
    left_alone = []
    paths = sorted(base.keys() | new.keys())
    contents = git.read(before[path].oid for path in paths if path in before)
    for path in paths:
        made_before, made_now = base.get(path), new.get(path)
        theirs = contents[before[path].oid] if path in before else None
        if made_now == made_before or (theirs is None and made_before is not None):
            continue
        if theirs == made_before:
            changes[path] = Entry(REGULAR, git.write(made_now)) if made_now is not None else None
        elif theirs is not None and made_before is not None and made_now is not None:
            changes[path] = Entry(REGULAR, git.write(merge(path, made_before, theirs, made_now)))
        else:
            left_alone.append(path)
    return changes, left_alone


def _made(git: Git, sources: Tree, deriver: Deriver, template: Template) -> Files:
    """The files generated from `sources`, except symbolic links: their targets would be missing."""
    sources = {path: entry for path, entry in sources.items() if entry.mode in (REGULAR, EXECUTABLE)}
    with TemporaryDirectory(prefix="shipsmith-") as name:
        folder = Path(name)
        (folder / "src").mkdir()
        contents = git.read(entry.oid for entry in sources.values())
        for path, entry in sources.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(contents[entry.oid])
        if sources:
            deriver.write_edited(folder, template)
        files = (path for path in folder.rglob("*") if path.is_file())
        made = {path.relative_to(folder).as_posix(): path for path in files}
        return {path: file.read_bytes() for path, file in made.items() if deriver.makes(path)}


def _sources(deriver: Deriver, tree: Tree) -> Tree:
    return {path: entry for path, entry in tree.items() if deriver.reads(path)}
