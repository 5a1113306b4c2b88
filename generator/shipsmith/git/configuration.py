"""Keeps git from running programs that a repository's own configuration names.

A clone does not include configuration, but an unpacked archive, a shared folder or a bare repository among
the files does. The user's and the system's configuration apply; a program that the repository itself names is
replaced by the one that they name, or by none.
"""

import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from ..errors import UserError
from .process import clean_environment, start

# the scopes of `git config --show-scope` that belong to a repository
BROUGHT = ("local", "worktree")

NAMES_A_PROGRAM = re.compile(
    r"""
    core\.(alternaterefscommand|askpass|editor|fsmonitor|gitproxy|hookspath|pager|sshcommand)
    | credential\.(.*\.)?helper
    | diff\.external | diff\..*\.(command|textconv)
    | filter\..*\.(clean|smudge|process|required)
    | gpg\.(.*\.)?(program|defaultkeycommand)
    | merge\..*\.driver
    | pager\..*
    | protocol\.(.*\.)?allow
    | remote\..*\.(receivepack|uploadpack|vcs)
    """,
    re.VERBOSE | re.DOTALL,
)

# merges text as git does without a driver
TEXT_DRIVER = "git merge-file -L yours -L base -L 'shipsmith new' --diff3 --marker-size=%L %A %O %B"


@cache
def overridden(folder: Path) -> tuple[tuple[str, str], ...]:
    """The settings that keep git in `folder` from running programs of its repository, as keys and values.

    Raises UserError if git cannot read its configuration.
    """
    command = ["-c", "safe.bareRepository=explicit", "config", "--list", "--show-scope", "-z"]
    listed = start(command, clean_environment(keep="GIT_CONFIG") | {"LC_ALL": "C"}, folder)
    if listed.returncode:
        reason = listed.stderr.decode(errors="replace").strip()
        raise UserError(f"git cannot read its configuration in {folder}: {reason}")
    brought, users = [], {}
    for scope, key, value in _settings(listed.stdout):
        if scope not in BROUGHT:
            users[key] = value
        elif NAMES_A_PROGRAM.fullmatch(key):
            brought.append(key)
    return tuple((key, users.get(key, _nothing(key))) for key in dict.fromkeys(brought))


def as_variables(settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Settings as environment variables, which override every file and, unlike `git -c`, accept any key."""
    if not settings:
        return {}
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _settings(listed: bytes) -> Iterator[tuple[str, str, str]]:
    """Scope, key and value of each setting in the output of `git config --list --show-scope -z`."""
    parts = os.fsdecode(listed).split("\0")
    for scope, setting in zip(parts[::2], parts[1::2], strict=False):
        key, _, value = setting.partition("\n")
        yield scope, key, value


def _nothing(key: str) -> str:
    """The value that makes git run no program."""
    if key.endswith(".driver"):
        return TEXT_DRIVER
    if key.startswith("protocol."):
        return "never"
    return "false" if key.endswith(".required") else ""
