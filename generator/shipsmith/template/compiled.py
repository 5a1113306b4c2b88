"""The user's cache of compiled templates: compiling them takes more than half of a render."""

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
    """One that compiles a text once, be it a file, the default of a question or the part of a path."""

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
    """Let it find code that was compiled before; a user without a cache compiles each time."""
    with suppress(UserError):
        environment.bytecode_cache = _Code(cache.compiled_texts(), environment)


class _Code(BytecodeCache):
    """Code by the text that it was compiled from, and its name, whatever version that belongs to.

    A file that is damaged, or cannot be written, costs the time to compile a text and nothing else.
    """

    def __init__(self, folder: Path, environment: Environment) -> None:
        self._folder = folder
        # what else decides about the code: the compiler, and the settings that it was given
        settings = [environment.trim_blocks, environment.lstrip_blocks, environment.keep_trailing_newline]
        extensions = sorted(environment.extensions)
        self._compiler = f"{version('jinja2')} {type(environment).__qualname__} {settings} {extensions}"

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        key = sha256("\0".join((self._compiler, name, source)).encode()).hexdigest()
        bucket = Bucket(environment, key, self.get_source_checksum(source))
        self.load_bytecode(bucket)
        if bucket.code and filename:
            # errors name this file, and not the one of another version with the same text
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
