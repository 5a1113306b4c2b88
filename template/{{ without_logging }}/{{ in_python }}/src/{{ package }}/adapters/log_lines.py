"""The lines of the log: plain JSON."""

import orjson
from structlog.typing import EventDict, Processor


def _to_json(_logger: object, _method: str, event: EventDict) -> bytes:
    return orjson.dumps(event, repr, orjson.OPT_UTC_Z)


RENDERERS: list[Processor] = [_to_json]
"""The last processors, which make a line of an event."""
