"""From answers to files, by copier."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template

from . import lock, source, stubs


def render(answers: Mapping[str, Any], root: Path, destination: Path) -> None:
    """Render the template of `root` into the empty folder `destination`, and derive what follows from it."""
    from copier import Settings, run_copy
    from plumbum import local

    # without git, copier takes the template as it stands, and does not ask git about each file it writes
    with local.env(PATH=os.devnull), _compiling_once():
        run_copy(
            str(root),
            destination,
            data=dict(answers) | {"_commit": source.commit()},
            defaults=True,
            quiet=True,
            settings=Settings(),
        )
    derive(destination, root)


def derive(project: Path, root: Path) -> None:
    """Make what is in no render: the gRPC stubs and the locks."""
    stubs.write(project)
    lock.write(project, root)


@contextmanager
def _compiling_once() -> Iterator[None]:
    """Compile equal texts once. Copier compiles each part of each path anew: half of its time."""
    compiled: dict[tuple[int, Any], Template] = {}
    from_string = Environment.from_string

    def remembered(self: Environment, text: Any, *arguments: Any, **options: Any) -> Template:
        key = (id(self), text)
        if key not in compiled:
            compiled[key] = from_string(self, text, *arguments, **options)
        return compiled[key]

    Environment.from_string = remembered  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Environment.from_string = from_string  # type: ignore[method-assign]
