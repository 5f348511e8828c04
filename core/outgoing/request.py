"""A request as a merchant wrote it, and as it is sent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from core.errors import RejectedError
from core.http import CALL_LIMIT_S
from core.outgoing.headers import MOST, name_refused_for, value_refused_for

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

REFUSED = "request_refused"
LONGEST_S = 60.0
MOST_SENT = 1024 * 1024
"""Bytes of a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """What is sent where. Its text shows the method alone: address, headers and body may hold secrets."""

    method: Method
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str | None = field(default=None, repr=False)
    """It goes as JSON where it is JSON, and else as plain text; a header ``Content-Type`` says otherwise."""
    limit_s: float = CALL_LIMIT_S
    """For all of the call, from the look-up of the name to the last byte."""


def sent(request: OutgoingRequest, *, connection: str) -> tuple[dict[str, str], bytes | None]:
    """Return headers and body as they go out.

    Raises:
        RejectedError: ``request_refused``: a merchant may not ask for this.
    """
    reason = _refused_for(request)
    if reason is not None:
        raise RejectedError(reason, connection=connection, code=REFUSED)
    named = {name.lower() for name in request.headers}
    headers = {**request.headers, "Accept-Encoding": "gzip, deflate"}
    if "user-agent" not in named:
        headers["User-Agent"] = "Crossdock"
    if request.body is None:
        return headers, None
    if "content-type" not in named:
        headers["Content-Type"] = (
            "application/json" if _is_json(request.body) else "text/plain; charset=utf-8"
        )
    return headers, request.body.encode()


def _refused_for(request: OutgoingRequest) -> str | None:
    """Say why a request is not sent; names of headers are shown, values never."""
    if request.method not in get_args(Method):
        return "the method is none of " + ", ".join(get_args(Method))
    if not 0 < request.limit_s <= LONGEST_S:
        return f"the limit of time is not between 0 and {LONGEST_S:g} seconds"
    for name, value in request.headers.items():
        refused, wrong = name_refused_for(name), value_refused_for(value)
        if refused is not None:
            return refused
        if wrong is not None:
            return f"the header {name} {wrong}"
    if sum(len(name) + len(value) for name, value in request.headers.items()) > MOST:
        return f"the headers have more than {MOST} characters"
    return None if request.body is None else _body_refused_for(request.body)


def _body_refused_for(body: str) -> str | None:
    try:
        size = len(body.encode())
    except UnicodeEncodeError:
        return "the body holds half a character"
    return f"the body has more than {MOST_SENT} bytes" if size > MOST_SENT else None


def _is_json(body: str) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True
