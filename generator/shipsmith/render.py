"""From answers to files, by copier."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import Environment

from . import lock, stubs
from .history import Template


def render(answers: Mapping[str, Any], template: Template, destination: Path) -> None:
    """Render the template into the empty folder `destination`."""
    from copier import Settings, run_copy
    from plumbum import local

    # without git, copier takes the template as it stands, and does not ask git about each file it writes
    with local.env(PATH=os.devnull), _compiling_once():
        run_copy(
            str(template.root),
            destination,
            data=dict(answers) | {"_commit": template.version},
            defaults=True,
            quiet=True,
            settings=Settings(),
        )


def derive(project: Path, template: Template) -> None:
    """Make what is in no render, from what was rendered: the gRPC stubs and the locks."""
    stubs.write(project)
    lock.write(project, template.root)


@contextmanager
def _compiling_once() -> Iterator[None]:
    """Compile equal texts once. Copier compiles each part of each path anew: half of its time."""
    compiled: dict[tuple[int, Any], jinja2.Template] = {}
    from_string = Environment.from_string

    def remembered(self: Environment, text: Any, *arguments: Any, **options: Any) -> jinja2.Template:
        key = (id(self), text)
        if key not in compiled:
            compiled[key] = from_string(self, text, *arguments, **options)
        return compiled[key]

    Environment.from_string = remembered  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Environment.from_string = from_string  # type: ignore[method-assign]
