"""Text for people: what came from outside cannot move the cursor, hide, or look like a line of ours."""

import os
import sys
from shlex import quote

LONGEST = 2000  # characters of an error


def say(text: str) -> None:
    """Print lines of ours, with what they quote made plain."""
    print(*map(plain, text.split("\n")), sep="\n")


def complain(text: str) -> None:
    """Print one line to standard error: what came on several lines is joined, and what is endless is cut."""
    line = plain(text.replace("\n", " "))
    print(line if len(line) <= LONGEST else f"{line[:LONGEST]}…", file=sys.stderr)


def plain(text: str) -> str:
    """`text` on one line: controls, text directions and all else that is invisible, as escapes."""
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def command(*words: str) -> str:
    """A command to copy: each word is one argument of a shell, whatever is in it."""
    return " ".join(map(_argument, words))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _argument(word: str) -> str:
    if word.isprintable():
        return quote(word)
    # as bash and zsh read it: bytes by their numbers
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{''.join(each if each.isprintable() else _bytes(each) for each in escaped)}'"


def _bytes(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
