"""Which tokens are well-formed. The database's positions are the tokens; callers need not know."""

from ..adapters.replica_dialect import POSITION

MALFORMED = "x-read-after: not a token that a write was answered with"


def is_token(text: str | None) -> bool:
    return text is None or bool(POSITION.fullmatch(text))
