"""Copier, as far as a render needs it."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from copier._jinja_ext import SandboxedEnvironment, get_yield_context
from copier._main import Worker
from copier._settings import SettingsModel
from copier._types import Phase
from jinja2 import Environment
from jinja2 import Template as Compiled
from plumbum import local

from ..template.compiled import CachingEnvironment, keep_code
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


class _Environment(CachingEnvironment, SandboxedEnvironment):
    """Copier's environment, with a cache of the code.

    Copier forgets a loop over paths where it compiles the next text: here, where that is used.
    """

    def from_string(self, source: Any, *arguments: Any, **named: Any) -> Compiled:
        _forget_loop(self)
        return super().from_string(source, *arguments, **named)

    def get_template(self, name: Any, *arguments: Any, **named: Any) -> Compiled:
        _forget_loop(self)
        return super().get_template(name, *arguments, **named)


def _forget_loop(environment: Environment) -> None:
    loop = get_yield_context(environment)
    loop.yield_name = loop.yield_iterable = None


class _Remembering(Worker):
    """Copier's worker renders each part of each path anew: this one once, to save half of the time."""

    @cached_property
    def _parts(self) -> dict[str, str]:
        return {}

    @cached_property
    def jinja_env(self) -> SandboxedEnvironment:
        environment: SandboxedEnvironment = super().jinja_env
        # copier has no setting for it
        environment.__class__ = _Environment
        keep_code(environment)
        return environment

    @property
    def answers_relpath(self) -> Path:
        return self.template.answers_relpath

    def _render_string(self, string: str, extra_context: dict[str, Any] | None = None) -> str:
        is_plain = "{" not in string
        # answers are final from here on
        if not is_plain and (extra_context or "{%" in string or Phase.current() is not Phase.RENDER):
            return super()._render_string(string, extra_context)
        _forget_loop(self.jinja_env)
        if is_plain:
            return string
        if string not in self._parts:
            self._parts[string] = super()._render_string(string)
        return self._parts[string]
