"""Rendering with copier."""

import os
from collections.abc import Mapping, MutableMapping
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
    # without git, copier renders the template's files as they are, without a process per file (decision 9)
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
    """Copier's environment, with a cache of compiled templates.

    Copier resets the state of a path loop when it compiles the next text; here, when that text is used.
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
    """Copier's worker renders each part of each path again. This one caches them, which halves the time."""

    @cached_property
    def _parts(self) -> dict[str, str]:
        return {}

    @cached_property
    def jinja_env(self) -> SandboxedEnvironment:
        environment: SandboxedEnvironment = super().jinja_env
        # copier does not have a setting for this
        environment.__class__ = _Environment
        keep_code(environment)
        return environment

    @cached_property
    def _final_context(self) -> dict[str, Any]:
        return dict(super()._render_context())

    def _render_context(self) -> MutableMapping[str, Any]:
        # answers are final once files are rendered
        return self._final_context if Phase.current() is Phase.RENDER else super()._render_context()

    @property
    def answers_relpath(self) -> Path:
        return self.template.answers_relpath

    def _render_string(self, string: str, extra_context: dict[str, Any] | None = None) -> str:
        is_plain = "{" not in string
        # from this phase on, the answers do not change
        if not is_plain and (extra_context or "{%" in string or Phase.current() is not Phase.RENDER):
            return super()._render_string(string, extra_context)
        _forget_loop(self.jinja_env)
        if is_plain:
            return string
        if string not in self._parts:
            self._parts[string] = super()._render_string(string)
        return self._parts[string]
