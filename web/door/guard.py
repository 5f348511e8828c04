"""What is refused before a handler sees it, and how a stranger's cookies are read."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from core.model.base import is_storable
from web.door.bodies import SMALL
from web.keys import BODIES, SETTINGS
from web.problems import problem

LONGEST_CONTENT_TYPE = 256
"""Characters: a boundary has at most 70, and to take 8,000 apart takes aiohttp a quarter of a second."""
LONGEST_PATH = 2048
"""Characters, as the path is sent: none of ours has five hundred."""
MOST_SLASHES = 32
"""In a path: the router cuts it at each of them, and copies what is left; 8,000 take 9 ms."""


@web.middleware
async def readable_requests(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse packed bodies and long Content-Types (415), and an address with what no database can hold (400).

    Nothing is ever unpacked: a kilobyte of a stranger would become a megabyte before anybody knows who he is.
    """
    packed = request.headers.get("Content-Encoding", "identity").strip().lower()
    sent = request.headers.get("Transfer-Encoding", "chunked").strip().lower()
    if packed not in ("identity", "") or sent != "chunked":
        answer = problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send the body as it is: no encoding is taken here"
        )
        answer.headers["Accept-Encoding"] = "identity"
        return answer
    if len(request.headers.get("Content-Type", "")) > LONGEST_CONTENT_TYPE:
        return problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type has at most {LONGEST_CONTENT_TYPE} characters"
        )
    if not is_storable(request.path) or not all(map(_both_storable, request.query.items())):
        return problem(
            HTTPStatus.BAD_REQUEST, "the address holds a character that is none of any text, as NUL is"
        )
    return await handler(request)


def refused_path(request: web.BaseRequest) -> web.Response | None:
    """Return the answer to an overlong path (414); None to any other."""
    path = request.rel_url.raw_path
    if len(path) <= LONGEST_PATH and path.count("/") <= MOST_SLASHES:
        return None
    return problem(
        HTTPStatus.REQUEST_URI_TOO_LONG,
        f"a path has at most {LONGEST_PATH} characters and {MOST_SLASHES} slashes",
    )


def _both_storable(named: tuple[str, str]) -> bool:
    return all(map(is_storable, named))


async def body_of(request: web.Request, most: int) -> bytes | None:
    """Return the body of a stranger's request; None where it is larger than ``most`` bytes.

    What ends one that never becomes whole is an exception that knows this frame, and lives until the garbage collector
    looks: what was read so far must not live on with it, a megabyte for each.

    Raises:
        web.HTTPRequestTimeout: it is large and slow, and others waited to send.
    """
    if (request.content_length or 0) > most:
        return None
    body = bytearray()
    try:
        await _read(request, body, min(SMALL, most))
        if len(body) > SMALL and not request.content.at_eof():
            async with request.app[BODIES].place(request.app[SETTINGS].limits.caller(request)):
                await _read(request, body, most)
        return bytes(body) if len(body) <= most else None
    finally:
        body.clear()


async def _read(request: web.Request, body: bytearray, most: int) -> None:
    """Read until it is whole, or more than ``most`` bytes."""
    while len(body) <= most and (chunk := await request.content.readany()):
        body += chunk


def cookie_of(request: web.Request, name: str) -> str:
    """Return a cookie, or an empty text.

    ``request.cookies`` reads every cookie with a regular expression: 8 KB of them, which anybody may send, take 11 ms.
    """
    for one in request.headers.get("Cookie", "").split(";"):
        named, _, value = one.strip().partition("=")
        if named == name:
            return value
    return ""
