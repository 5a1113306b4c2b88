"""Reports what `new` created, as text and as data."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..project.create import Created
from ..template.questionnaire import Answers
from ..terminal import command, complain, plain, say

SHOWN = 10


@dataclass(frozen=True, slots=True)
class How:
    """How `new` was called."""

    destination: Path
    git: bool
    written: bool


def as_data(created: Created, answers: Answers, how: How) -> dict[str, Any]:
    return {
        "destination": str(how.destination),
        "written": how.written,
        "answers": answers,
        "files": created.files,
        "repository": _repository(created, how),
        "replaced": created.replaced,
        "ignored": created.ignored,
    }


def show(created: Created, how: How) -> None:
    destination, count = how.destination, len(created.files)
    if not how.written:
        print("\n".join(map(plain, created.files)))
        for note in _notes(created, how):
            complain(note)
        complain(f"{count} files would be created in {destination}; nothing was written")
        return
    say(f"Created {destination} ({count} files).")
    for note in _notes(created, how):
        say(note)
    way = f"  {command('cd', str(destination))}\n" if str(destination) != "." else ""
    print(f"Next:\n\n{way}  make setup test run\n")
    print("README.md explains the first five minutes. `shipsmith doctor` lists what is missing for them.")


def _repository(created: Created, how: How) -> dict[str, Any] | None:
    """The repository that has the project, and what `new` does with it; None if there is none."""
    site = created.site
    if not site.repository:
        folder = str(site.folder)
        return {"folder": folder, "subfolder": "", "created": True, "committed": True} if how.git else None
    committed = bool(how.git and site.clone)
    return {
        "folder": str(site.repository),
        "subfolder": site.subfolder,
        "created": False,
        "committed": committed,
    }


def _notes(created: Created, how: How) -> Iterator[str]:
    """What differs from a folder that did not exist, in a sentence each."""
    site = created.site
    would = "" if how.written else "would be "
    if created.replaced:
        names = ", ".join(created.replaced)
        yield f"{names}: {would}replaced by the project's own; the history has what was there"
    if any(path.casefold() == ".gitignore" for path in created.replaced):
        yield "Lines of your .gitignore that the project's own lacks are kept at its end."
    if site.clone and how.git:
        yield f"The project {would or 'is '}committed to the branch {site.clone.branch} of this repository."
    if site.repository and site.subfolder:
        yield (
            f"{site.repository} is a repository already, so none is created in it. To commit the project: "
            f"{command('git', '-C', str(how.destination), 'add', '.')}"
        )
    if created.ignored:
        yield f"{len(created.ignored)} of its files are ignored there; git add --force adds them:"
        yield from (f"  {path}" for path in created.ignored[:SHOWN])
        if len(created.ignored) > SHOWN:
            yield f"  and {len(created.ignored) - SHOWN} more"
