"""The call itself: one connection, one request, one answer, and what a failure says of it."""

import asyncio
import re
from http import HTTPStatus

import aiohttp
from aiohttp.http import HttpProcessingError

from core.errors import ConnectorError, OutcomeUnknownError, UnavailableError
from core.http import failure, ssl_context
from core.outgoing.addresses import NONE, AllowedHosts
from core.outgoing.answer import Answer, read
from core.outgoing.guard import Guard
from core.outgoing.request import OutgoingRequest, sent
from core.outgoing.target import Target, target_of

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REQUEST_ID = re.compile(r"[\w.:/+=-]{1,100}", re.ASCII)


async def call(
    request: OutgoingRequest, *, connection: str, may_act: bool, allowed: AllowedHosts = NONE
) -> Answer:
    """Call the address once and return its 2xx answer. Never retries, follows no redirect, keeps no cookie.

    ``may_act`` says whether whoever is called might change something. Errors name the host, and nothing else of what
    is sent or answered.

    Raises:
        RejectedError: ``address_refused`` or ``request_refused``: nothing was sent. Else the status: whoever was called
            refused, or answered with a redirect.
        ConnectorError: another of its family, as ``core.http.send`` tells them apart.
    """
    target = target_of(request.url, connection=connection, allowed=allowed)
    headers, body = sent(request, connection=connection)
    guard = Guard(target, connection=connection, allowed=allowed)
    lost = OutcomeUnknownError if may_act else UnavailableError
    try:
        async with (
            _session(guard) as session,
            asyncio.timeout(request.limit_s),
            session.request(
                request.method, target.url, headers=headers, data=body, allow_redirects=False
            ) as response,
        ):
            if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
                return await read(response)
            raise _failure(response, target, connection=connection, may_act=may_act)
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        if not guard.connected:
            raise UnavailableError(f"{target.host}: cannot connect", connection=connection) from error
        raise lost(f"{target.host}: no answer ({type(error).__name__})", connection=connection) from error


def _session(guard: Guard) -> aiohttp.ClientSession:
    """Return a session for one call: a connection that is kept would be another's to use, past the guard."""
    connector = aiohttp.TCPConnector(
        resolver=guard,
        socket_factory=guard.socket_for,
        ssl=ssl_context(),
        use_dns_cache=False,
        force_close=True,
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        trace_configs=[guard.traced()],
        trust_env=False,
    )


def _failure(
    response: aiohttp.ClientResponse, target: Target, *, connection: str, may_act: bool
) -> ConnectorError:
    """Return the error that an answer other than 2xx stands for; its body is not read."""
    said = f"{target.host}: answered {response.status}"
    if response.status in _REDIRECTS:
        said += ", a redirect, and none is followed; write the address that it leads to"
    request_id = response.headers.get("x-request-id", "")
    return failure(
        connection=connection,
        status=response.status,
        said=said,
        code=str(response.status),
        may_act=may_act,
        retry_after=response.headers.get("retry-after"),
        request_id=request_id if _REQUEST_ID.fullmatch(request_id) else None,
        answered_at=response.headers.get("date"),
    )
