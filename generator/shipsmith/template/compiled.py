"""The user's cache of compiled templates: compilation takes more than half of the time of a render."""

import os
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2 import Template as Compiled
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.sandbox import SandboxedEnvironment

from ..errors import UserError
from . import cache

DIGEST = 32


class CachingEnvironment(SandboxedEnvironment):
    """An environment that compiles each text once: files, defaults of questions and parts of paths."""

    def from_string(self, source: Any, *arguments: Any, **named: Any) -> Compiled:
        kept = self.bytecode_cache
        if kept is None or arguments or named:
            return super().from_string(source, *arguments, **named)
        bucket = kept.get_bucket(self, "", None, source)
        if bucket.code is None:
            bucket.code = self.compile(source)
            kept.set_bucket(bucket)
        return self.template_class.from_code(self, bucket.code, self.make_globals(None))


def keep_code(environment: Environment) -> None:
    """Use the cache of compiled templates. Without a cache folder, templates are compiled each time."""
    with suppress(UserError):
        environment.bytecode_cache = _Code(cache.compiled_texts(), environment)


class _Code(BytecodeCache):
    """Compiled code by source text and name, shared by all versions of the template.

    If a file is damaged or cannot be written, the text is compiled again.
    """

    def __init__(self, folder: Path, environment: Environment) -> None:
        self._folder = folder
        # the code also depends on the compiler and its settings
        settings = [environment.trim_blocks, environment.lstrip_blocks, environment.keep_trailing_newline]
        extensions = sorted(environment.extensions)
        self._compiler = f"{version('jinja2')} {type(environment).__qualname__} {settings} {extensions}"

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        key = sha256("\0".join((self._compiler, name, source)).encode()).hexdigest()
        bucket = Bucket(environment, key, self.get_source_checksum(source))
        self.load_bytecode(bucket)
        if bucket.code and filename:
            # errors must name this file, not that of another version with the same text
            bucket.code = bucket.code.replace(co_filename=filename)
        return bucket

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            content = (self._folder / bucket.key).read_bytes()
            digest, code = content[:DIGEST], content[DIGEST:]
            if sha256(code).digest() == digest:
                bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        code = bucket.bytecode_to_string()
        fresh = self._folder / f"{bucket.key}.{os.getpid()}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(sha256(code).digest() + code)
            os.replace(fresh, self._folder / bucket.key)
        except OSError:
            with suppress(OSError):
                fresh.unlink()
