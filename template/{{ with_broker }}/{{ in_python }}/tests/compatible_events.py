"""Whether this version and the last release understand each other's messages: `make compatible-events`.

The last release is the last tag v* before this commit. Consumers of events ignore properties that they do not
know, and have to expect new values of enums. Senders of commands go on sending what was accepted.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMAS = Path("asyncapi")
EVENTS = re.compile(r"[a-z0-9_]+\.v1\.json")
COMMANDS = re.compile(r"[a-z0-9_]+\.create\.v1\.json")
KEPT = ("format", "pattern")
NOTHING: dict[str, Any] = {"properties": {}, "required": []}


def unreadable(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """What is in the way of consumers of events that know the `old` schema."""
    for name, was in old["properties"].items():
        now = new["properties"].get(name)
        if now is None:
            yield f"{name} is gone"
            continue
        if more := types(now) - types(was):
            yield f"{name} may also be {' or '.join(sorted(more))}"
        if name in old["required"] and name not in new["required"]:
            yield f"{name} may be absent"
        yield from (f"{name} has another {each}" for each in KEPT if was.get(each) != now.get(each))


def refused(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """What is in the way of senders of commands that know the `old` schema."""
    for name, was in old["properties"].items():
        now = new["properties"].get(name)
        if now is None:
            yield f"{name} is not accepted any more"
            continue
        if fewer := types(was) - types(now):
            yield f"{name} can no longer be {' or '.join(sorted(fewer))}"
        if gone := values(was) - values(now):
            yield f"{name} can no longer be {' or '.join(sorted(gone))}"
        yield from (f"{name} has another {each}" for each in KEPT if was.get(each) != now.get(each))
    yield from (f"{name} is required now" for name in new["required"] if name not in old["required"])


def types(schema: dict[str, Any]) -> set[str]:
    found = schema["type"]
    return set(found) if isinstance(found, list) else {found}


def values(schema: dict[str, Any]) -> set[str]:
    return set(schema.get("enum", ())) - {None}


def main() -> None:
    release = git("describe", "--tags", "--abbrev=0", "--match=v*", "HEAD^").strip()
    if not release:
        if git("rev-parse", "--is-shallow-repository").strip() == "true":
            sys.exit("The last release is not in this shallow clone. Run: git fetch --tags --unshallow")
        print("Nothing to compare with: there is no tag v* before this commit.")
        return
    found = []
    for path in git("ls-tree", "--name-only", release, f"./{SCHEMAS}/").splitlines():
        for names, problems in ((EVENTS, unreadable), (COMMANDS, refused)):
            if names.fullmatch(Path(path).name):
                old = json.loads(git("show", f"{release}:./{path}"))
                new = json.loads(Path(path).read_text()) if Path(path).exists() else NOTHING
                found += [f"{path}: {each}" for each in problems(old, new)]
    if found:
        sys.exit("\n".join([f"Services that know {release} could not go on with this version:", *found]))
    print(f"Events and commands are compatible with {release}.")


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout


if __name__ == "__main__":
    main()
