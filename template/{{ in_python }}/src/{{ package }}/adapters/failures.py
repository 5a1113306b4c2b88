"""Exceptions, as log lines have them."""

import re

CREDENTIALS = re.compile(r"(?<=://)\S+@")


def masked(text: str) -> str:
    """The text without credentials in its URLs."""
    return CREDENTIALS.sub("***@", text) if "://" in text else text


class Failure:
    """An exception: its type, its traceback as text, and its message if that may be logged."""

    def __init__(self, error: BaseException, text: str, *, with_message: bool) -> None:
        self.kind = kind_of(error)
        self.message = masked(str(error)) if with_message else None
        self._text = masked(text)

    def __repr__(self) -> str:
        return self._text


def kind_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"
