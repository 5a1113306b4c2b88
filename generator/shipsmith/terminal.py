"""Output for people: untrusted text cannot move the cursor, be invisible, or imitate our own lines."""

import os
import sys
from shlex import quote

LONGEST = 2000  # characters in an error message


def say(text: str) -> None:
    """Print our own lines, with invisible characters escaped."""
    print(*map(plain, text.split("\n")), sep="\n")


def complain(text: str) -> None:
    """Print one line to standard error. Several lines are joined, and long text is truncated."""
    line = plain(text.replace("\n", " "))
    print(line if len(line) <= LONGEST else f"{line[:LONGEST]}…", file=sys.stderr)


def plain(text: str) -> str:
    """`text` on one line, with control characters, text direction marks and the like escaped."""
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def command(*words: str) -> str:
    """A command to copy, quoted so that the shell parses each word as one argument."""
    return " ".join(map(_argument, words))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _argument(word: str) -> str:
    if word.isprintable():
        return quote(word)
    # the syntax of bash and zsh for arbitrary bytes
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{''.join(each if each.isprintable() else _bytes(each) for each in escaped)}'"


def _bytes(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
