"""The ids by which callers find their requests in the log: their own if they send some, or a new one."""

import random
import re

# what proxies and libraries send; anything else would only fill the log
REQUEST_ID = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)
# https://www.w3.org/TR/trace-context, in its version or a later one
TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?P<trace_id>(?!0{32})[0-9a-f]{32})-(?P<span_id>(?!0{16})[0-9a-f]{16})"
    r"-(?P<trace_flags>[0-9a-f]{2})(-.*)?"
)


def request_ids(request_id: str | None, traceparent: str | None) -> dict[str, str]:
    """What the log lines of a request contain: `request_id`, and the caller's span if there is a trace.

    The names of its parts are those of OpenTelemetry: `trace_id`, `span_id` and `trace_flags`.
    """
    if request_id is None or not REQUEST_ID.fullmatch(request_id):
        request_id = f"{random.getrandbits(128):032x}"  # not a secret
    if traceparent and (match := TRACEPARENT.fullmatch(traceparent)):
        return {"request_id": request_id, **match.groupdict()}
    return {"request_id": request_id}
