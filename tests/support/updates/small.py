"""A small template with three versions, a project of the first version, and shipsmith to run on them.

It renders quickly, so that tests can update many repositories in many states.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .. import preloaded
from ..once import once

QUESTIONS = """\
_min_copier_version: "9.19"
_subdirectory: template
_templates_suffix: .jinja
_exclude: [_shared, _updates]
_skip_if_exists: [owned.txt]
_envops: {keep_trailing_newline: true, undefined: jinja2.StrictUndefined}
service_name: {type: str, default: orders}
cache: {type: str, choices: [none, memory, redis], default: none}
store: {type: str, choices: [none, memory], default: none}
grpc: {type: bool, default: false}
with_cache_redis: {type: str, when: false, default: "{{ '.' if cache == 'redis' else '' }}"}
with_grpc: {type: str, when: false, default: "{{ '.' if grpc else '' }}"}
"""
ANSWERS = """\
{% set origin = 'https://github.com/shipsmith/shipsmith.git' -%}
{% set version = _copier_answers._commit | default(_commit | default('')) -%}
{% set answers = _copier_answers | dictsort | rejectattr(0, 'in', ['_commit', '_src_path']) | list -%}
# Checksum: {{ (answers | to_json | hash('sha256'))[:16] }}
{{ dict(_copier_answers, _commit=version, _src_path=origin) | to_nice_yaml -}}
"""
PYPROJECT = """\
[project]
name = "{{ service_name }}"
dependencies = ["anyio"{{ ', "redis"' if cache == 'redis' else '' }}]

[dependency-groups]
dev = ["pytest"]
"""
UNIVERSE = """\
anyio==4.1 \\
    --hash=sha256:aa
    # via -r universe.in
pytest==9.1 \\
    --hash=sha256:bb
    # via -r universe.in
redis==8.1 \\
    --hash=sha256:cc
    # via -r universe.in
"""
PROTO = """\
syntax = "proto3";

package orders.v1;

message Order {
  string id = 1;
}
"""
SERVICE = "".join(f"line {number}\n" for number in range(1, 31))
HELPER = "".join(f"def helper_{number}() -> int:\n    return {number}\n" for number in range(20))
LOGO = bytes(range(256)) * 4

Files = dict[str, str | bytes | None]
"""Contents by path below template/; None if the version deletes the file."""

UPDATE = """\
renames: [{from: helper.py, to: library.py}, {from: tools, to: scripts}]
notes: [{text: Read this.}]
"""

FIRST: Files = {
    "{{ _copier_conf.answers_file }}.jinja": ANSWERS,
    "pyproject.toml.jinja": PYPROJECT,
    "_shared/python/universe.lock": UNIVERSE,
    "_shared/shipsmith.lock": "copier==9.1 \\\n    --hash=sha256:ee\n",
    "README.md.jinja": "# {{ service_name }}\n\nFirst.\n",
    "service.py": SERVICE,
    "src/orders/__init__.py": "",
    "helper.py": HELPER,
    "old.txt": "kept for long\n" * 5,
    "owned.txt": "to begin with\n",
    "logo.png": LOGO,
    "tools/run.sh": "#!/bin/sh\necho run\n",
    "local/settings.env": "A=1\n",
    "{{ with_cache_redis }}/adapters/cache.py": "import redis\n",
    "{{ with_grpc }}/proto/orders/v1/orders.proto": PROTO,
}
SECOND: Files = {
    "service.py": SERVICE.replace("line 3\n", "line three\n"),
    "helper.py": None,
    "library.py": HELPER.replace("return 3\n", "return 33\n"),
    "old.txt": None,
    "owned.txt": "begins otherwise\n",
    "added.txt": "new in v0.2.0\n",
    "tools/run.sh": None,
    "scripts/run.sh": "#!/bin/sh\necho run\n",
    "logo.png": LOGO + b"\0second",
    "local/settings.env": "A=2\n",
    "{{ with_grpc }}/proto/orders/v1/orders.proto": PROTO.replace("id = 1;", "id = 1;\n  string name = 2;"),
    "_shared/python/universe.lock": UNIVERSE.replace("anyio==4.1", "anyio==4.2"),
    "_updates/v0.2.0.yml": UPDATE,
}
THIRD: Files = {
    "README.md.jinja": "# {{ service_name }}\n\nThird, {{ region }}.\n",
    "_updates/v0.3.0.yml": "notes: [{text: For Redis., when: '{{ with_cache_redis }}'}, {text: Regions.}]\n",
}
NEW_QUESTION = "region: {type: str, help: The region, choices: [north, south], default: north}\n"
WITHOUT_MEMORY = QUESTIONS.replace("[none, memory, redis]", "[none, redis]")

VERSIONS: dict[str, tuple[str, Files]] = {
    "v0.1.0": (QUESTIONS, FIRST),
    "v0.2.0": (QUESTIONS, SECOND),
    "v0.3.0": (WITHOUT_MEMORY + NEW_QUESTION, THIRD),
}

GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command."""
    return subprocess.run([*GIT, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def make_template(root: Path) -> None:
    """A git repository of the small template, with a tag for each version."""
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    for version, (questions, files) in VERSIONS.items():
        (root / "copier.yml").write_text(questions)
        (root / "presets").mkdir(exist_ok=True)
        (root / "presets" / "service.yml").write_text("description: The small one\nanswers: {}\n")
        for path, content in files.items():
            write(root / "template" / path, content)
        for script in (root / "template").glob("*/run.sh"):
            script.chmod(0o755)
        git(root, "add", "-A")
        git(root, "commit", "-qm", version)
        git(root, "tag", version)


def write(path: Path, content: str | bytes | None) -> None:
    """Create, change or, with None, remove a file."""
    if content is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


@dataclass(frozen=True, slots=True)
class Small:
    """shipsmith with the small template as its own."""

    template: Path
    cache: Path
    prelude: str = ""
    """Code that runs before shipsmith."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-c", self.program]

    @property
    def program(self) -> str:
        return self.prelude + preloaded.with_template(self.template)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"XDG_CACHE_HOME": str(self.cache)}

    def run(self, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run shipsmith in `folder`, without a terminal."""
        return preloaded.run(self.program, arguments, folder, self.environment | environment)

    def project(self, folder: Path, *settings: str, version: str = "v0.1.0") -> Path:
        """A project with its first commit: a copy of the first one generated."""
        name = f"{self.template.parent.name} {'-'.join((version, *settings))} {folder.name}"
        made = once(name, lambda place: self._make(place / folder.name, version, settings))
        folder.parent.mkdir(exist_ok=True)
        shutil.copytree(made / folder.name, folder, symlinks=True)
        git(folder, "update-index", "-q", "--refresh")
        return folder

    def _make(self, folder: Path, version: str, settings: tuple[str, ...]) -> None:
        arguments = [part for setting in settings for part in ("--set", setting)]
        made = self.run(folder.parent, "new", folder.name, "--at", version, "--defaults", *arguments)
        assert made.returncode == 0, made.stderr
        git(folder, "config", "user.name", "someone")
        git(folder, "config", "user.email", "someone@localhost")


def commit(project: Path, files: Files) -> None:
    """Commit changes of files, as a developer of the project."""
    for name, content in files.items():
        write(project / name, content)
    git(project, "add", "-A")
    git(project, "commit", "-qm", "mine")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a working tree."""
    files = (path for path in folder.rglob("*") if ".git" not in path.relative_to(folder).parts)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in files
        if path.is_file() and not path.is_symlink()
    }
