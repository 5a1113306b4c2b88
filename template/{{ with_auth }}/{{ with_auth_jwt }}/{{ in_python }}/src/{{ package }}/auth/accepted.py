"""Tokens that were accepted lately: callers send each many times, and signatures take long to check."""

import time
from collections import OrderedDict
from typing import NamedTuple

from .callers import Caller
from .keys import Key

MOST = 1000


class Accepted(NamedTuple):
    caller: Caller
    kid: str
    key: Key
    until: float


class AcceptedTokens:
    """At most `MOST` of them, without the least recently used."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[str, Accepted] = OrderedDict()

    def find(self, token: str) -> Accepted | None:
        found = self._tokens.get(token)
        if found is None or time.time() >= found.until:
            return None
        self._tokens.move_to_end(token)
        return found

    def keep(self, token: str, accepted: Accepted) -> None:
        self._tokens[token] = accepted
        if len(self._tokens) > MOST:
            self._tokens.popitem(last=False)
