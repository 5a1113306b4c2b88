"""Copier, as far as a render needs it."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from copier._jinja_ext import get_yield_context
from copier._main import Worker
from copier._settings import SettingsModel
from copier._types import Phase
from plumbum import local

from ..template.versions import Template


def run(answers: Mapping[str, Any], template: Template, destination: Path) -> None:
    """Render the template into the empty folder `destination`."""
    # without git, copier takes the template as it stands, and starts no git for each file (decision 9)
    with local.env(PATH=os.devnull):
        worker = _Remembering(
            src_path=str(template.root),
            dst_path=destination,
            data=dict(answers) | {"_commit": template.version},
            defaults=True,
            quiet=True,
            settings=SettingsModel(),
        )
        with worker:
            worker.run_copy()


class _Remembering(Worker):
    """Copier's worker renders each part of each path anew: this one once, to save half of the time."""

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
