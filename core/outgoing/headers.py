"""Which headers a merchant may send."""

import re

MOST = 16 * 1024
"""Characters of all headers: most servers take no more."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")
# Where a request goes, how long it is, what is done with the connection, and how the answer is packed.
_OURS = frozenset({
    "accept-encoding", "alt-used", "connection", "content-encoding", "content-length", "expect", "host", "http2-settings",
    "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding",
    "upgrade",
})  # fmt: skip


def name_refused_for(name: str) -> str | None:
    """Say why a header of this name is not sent; a name that is none is not repeated."""
    if not _NAME.fullmatch(name):
        return "a header has a name that HTTP does not know"
    return f"the header {name} is not the merchant's to set" if name.lower() in _OURS else None


def value_refused_for(value: str) -> str | None:
    """Say what is wrong with a header's value, without repeating it."""
    return None if _VALUE.fullmatch(value) else "holds more than plain ASCII on one line"
