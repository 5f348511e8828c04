"""One HTTP call to a vendor, with its failures told apart.

The question that a caller must be able to answer is: may the vendor have acted? This is the one module that imports
httpx; whoever needs its types takes ``Client`` and ``Response`` from here.

Two measured facts shape the client: httpx's pool slows down quadratically beyond about eight connections, so there is
one client per merchant connection; and building an SSL context costs 40 ms, so all clients share one.
"""

import asyncio
import re
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx

from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)

Client = httpx.AsyncClient
Response = httpx.Response

CALL_LIMIT_S = 10.0
CONNECT_LIMIT_S = 5.0
CONNECTIONS = 8
DEFAULT_PAUSE_S = 2.0

_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_REQUEST_IDS = ("x-request-id", "request-id", "x-amzn-requestid", "x-ep-request-uuid")
_SECONDS = re.compile(r"\d{1,9}(\.\d+)?")


def open_client() -> Client:
    """Return a client of at most eight connections that follows no redirect and reads no proxy from the environment.

    A redirect is not followed because httpx, like others, would carry our token to wherever it points.
    """
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    # Waiting for a free connection ends before the call's limit does, so that it is known that nothing was sent.
    timeout = httpx.Timeout(CALL_LIMIT_S, connect=CONNECT_LIMIT_S, pool=CALL_LIMIT_S / 2)
    return httpx.AsyncClient(
        verify=ssl_context(),
        limits=limits,
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
    )


async def send(
    client: Client, method: str, url: str, *, connection: str, may_act: bool, what: str = "", **options: Any
) -> Response:
    """Send one request and return its 2xx answer. Never retries: the work does.

    ``may_act`` says whether the vendor, having read the request, might have changed something. ``what`` names the
    call in errors, which hold neither address, query, token nor body. ``options`` go to the client's ``request``.

    Raises:
        ConnectorError: one of its family; OutcomeUnknownError only where ``may_act``.
    """
    name = what or method
    lost = OutcomeUnknownError if may_act else UnavailableError
    try:
        # httpx limits each read; a vendor that drips bytes would outlast the call's limit without this one.
        async with asyncio.timeout(client.timeout.read):
            response = await client.request(method, url, **options)
    except _NOTHING_SENT as error:
        raise UnavailableError(f"{name}: cannot connect", connection=connection) from error
    except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
        raise lost(f"{name}: no answer ({type(error).__name__})", connection=connection) from error
    if response.is_success:
        return response
    raise failure(
        connection=connection,
        status=response.status_code,
        said=f"{name}: answered {response.status_code}",
        code=str(response.status_code),
        may_act=may_act,
        retry_after=response.headers.get("retry-after"),
        request_id=request_id_of(response),
        answered_at=response.headers.get("date"),
    )


def failure(
    *,
    connection: str,
    status: int,
    said: str,
    may_act: bool,
    retry_after: str | None = None,
    code: str | None = None,
    request_id: str | None = None,
    answered_at: str | None = None,
) -> ConnectorError:
    """Return the error that a status other than 2xx stands for, by what the vendor may have done.

    ``retry_after`` and ``answered_at`` are the headers ``Retry-After`` and ``Date`` as they came.
    """
    kind: type[ConnectorError]
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimitError(
            said,
            connection=connection,
            retry_after_s=pause_of(retry_after, answered_at=answered_at),
            code=code,
            request_id=request_id,
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        kind = AuthError
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        kind = UnavailableError
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = OutcomeUnknownError if may_act else UnavailableError
    else:
        kind = RejectedError
    return kind(said, connection=connection, code=code, request_id=request_id)


@cache
def ssl_context() -> ssl.SSLContext:
    """Return what verifies the certificate of whoever is called; all calls share it."""
    return httpx.create_ssl_context(trust_env=False)


def pause_of(retry_after: str | None, *, answered_at: str | None = None) -> float:
    """Return the seconds that a ``Retry-After`` header asks for: a number, or a date against the vendor's own clock."""
    text = (retry_after or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = _http_date(text)
    if until is None:
        return DEFAULT_PAUSE_S
    since = _http_date(answered_at or "") or datetime.now(UTC)
    return max(0.0, (until - since).total_seconds())


def request_id_of(response: Response) -> str | None:
    """Return the vendor's request id, for its support desk."""
    for header in _REQUEST_IDS:
        if header in response.headers:
            return str(response.headers[header])
    return None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
