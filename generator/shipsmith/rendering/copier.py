"""From answers to files, by copier."""

import os
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..template.versions import Template
from .derived import check_language

if TYPE_CHECKING:
    from copier._main import Worker


def render(answers: Mapping[str, Any], template: Template, destination: Path) -> None:
    """Render the template into the empty folder `destination`.

    Raises UserError for a language that is not supported.
    """
    check_language(answers, template)
    from copier._settings import SettingsModel
    from plumbum import local

    # without git, copier takes the template as it stands, and does not ask git about each file it writes
    with local.env(PATH=os.devnull):
        worker = _worker()(
            src_path=str(template.root),
            dst_path=destination,
            data=dict(answers) | {"_commit": template.version},
            defaults=True,
            quiet=True,
            settings=SettingsModel(),
        )
        with worker:
            worker.run_copy()


@cache
def _worker() -> "type[Worker]":
    """Copier's worker, which renders each part of each path anew: here once, to save half of its time."""
    from copier._jinja_ext import get_yield_context
    from copier._main import Worker
    from copier._types import Phase

    class Remembering(Worker):
        @cached_property
        def _parts(self) -> dict[str, str]:
            return {}

        @property
        def answers_relpath(self) -> Path:
            return self.template.answers_relpath

        def _render_string(self, string: str, extra_context: dict[str, Any] | None = None) -> str:
            is_plain = "{" not in string
            # answers are final from here on
            if not is_plain and (extra_context or "{%" in string or Phase.current() is not Phase.RENDER):
                return super()._render_string(string, extra_context)
            # copier does so where it renders; else the next file would count as one of the last loop
            get_yield_context(self.jinja_env).yield_name = None
            if is_plain:
                return string
            if string not in self._parts:
                self._parts[string] = super()._render_string(string)
            return self._parts[string]

    return Remembering
