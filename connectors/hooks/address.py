"""Where a request goes: below the connection's own address, and nowhere else."""

import re
from urllib.parse import SplitResult, unquote, urlsplit

_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_NOT_IN_PATHS = re.compile(r"[\x00-\x1f\x7f\\#]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DECODED_AT_MOST = 5
"""How often a path may be encoded over and over; one of more layers is refused."""


def parts_of(url: str) -> SplitResult:
    """Return the parts of an address that everything is asked below.

    Raises:
        ValueError: it is none, or holds what does not belong there.
    """
    wrong = "expected an address that begins with https:// or http:// and a host"
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        raise ValueError(wrong) from None
    if not whole or _CONTROL.search(url) or "\\" in url:
        raise ValueError(wrong)
    if "@" in parts.netloc:
        raise ValueError("no user or password stands before the host; send them in a header")
    if parts.fragment:
        raise ValueError("what follows a # is never sent; take it out, or write %23")
    return parts


def joined(url: str, path: str) -> str:
    """Return the address of a path below an address; the query of either stays, the address's own first.

    Raises:
        ValueError: the path might lead elsewhere, or it would not arrive as it is written.
    """
    base = parts_of(url)
    way, _, asked = path.partition("?")
    reason = refused_for(way, asked)
    if reason is not None:
        raise ValueError(reason)
    below = f"{base.path.rstrip('/')}/{way.removeprefix('/')}" if way else base.path
    query = "&".join(part for part in (base.query, asked) if part)
    return f"{base.scheme}://{base.netloc}{below}{'?' if query else ''}{query}"


def refused_for(way: str, asked: str) -> str | None:
    """Say why a path and its query are not asked; neither is repeated, for an order's own words may stand in them."""
    if _NOT_IN_PATHS.search(way + asked):
        return "the path holds a #, a backslash or a control character; write them encoded, as %23"
    if way.startswith("//") or _SCHEME.match(way.removeprefix("/")):
        return "the path is no address of its own: it stands below the url of the connection"
    decoded = way
    for _ in range(_DECODED_AT_MOST):
        # Some servers read %2e%2e, ..%2f and ..;x as the folder above, and some decode twice.
        if any(part.partition(";")[0] in {".", ".."} for part in re.split(r"[/\\]", decoded)):
            return "the path has a . or .. between its slashes, which leads above the url of the connection"
        if (further := unquote(decoded)) == decoded:
            return None
        decoded = further
    return "the path is encoded over and over"
