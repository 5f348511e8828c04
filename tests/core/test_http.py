"""Each way a call can end, over real sockets: may the vendor have acted?"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from aiohttp import web

from core import http
from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)


@asynccontextmanager
async def vendor(answer: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def call(url: str, *, may_act: bool, limit_s: float = 5.0) -> httpx.Response:
    async with http.open_client() as client:
        client.timeout = httpx.Timeout(limit_s)
        return await http.send(
            client,
            "POST",
            f"{url}/path?token=canary",
            connection="shop",
            may_act=may_act,
            what="save",
            headers={"authorization": "Bearer canary"},
            content=b"canary",
        )


async def failed(url: str, *, may_act: bool, limit_s: float = 5.0) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        await call(url, may_act=may_act, limit_s=limit_s)
    assert "canary" not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value)
    return raised.value


def status(code: int, **headers: str) -> Callable[[web.Request], Any]:
    async def answer(_request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, text="canary", headers=named)

    return answer


async def test_a_good_answer_is_returned() -> None:
    async with vendor(status(201)) as url:
        assert (await call(url, may_act=True)).status_code == 201


@pytest.mark.parametrize(
    ("code", "read", "write"),
    [
        (400, RejectedError, RejectedError),
        (401, AuthError, AuthError),
        (402, RejectedError, RejectedError),
        (403, AuthError, AuthError),
        (404, RejectedError, RejectedError),
        (409, RejectedError, RejectedError),
        (422, RejectedError, RejectedError),
        (429, RateLimitError, RateLimitError),
        (500, UnavailableError, OutcomeUnknownError),
        (502, UnavailableError, OutcomeUnknownError),
        (503, UnavailableError, UnavailableError),
        (504, UnavailableError, OutcomeUnknownError),
    ],
)
async def test_a_status_says_what_the_vendor_may_have_done(
    code: int, read: type[ConnectorError], write: type[ConnectorError]
) -> None:
    async with vendor(status(code, x_request_id="rq-1")) as url:
        for may_act, kind in ((False, read), (True, write)):
            error = await failed(url, may_act=may_act)
            assert type(error) is kind
            assert (error.code, error.request_id) == (str(code), "rq-1")
            assert str(error) == f"shop: save: answered {code}"


async def test_a_redirect_is_not_followed_for_it_would_carry_the_token_away() -> None:
    async with vendor(status(200)) as elsewhere, vendor(status(302, Location=elsewhere)) as url:
        assert type(await failed(url, may_act=True)) is RejectedError


async def test_a_refused_connection_did_nothing(unused_tcp_port: int) -> None:
    assert type(await failed(f"http://127.0.0.1:{unused_tcp_port}", may_act=True)) is UnavailableError


@pytest.mark.req("R42")
async def test_a_call_past_its_limit_may_have_acted() -> None:
    async def hang(_request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    async with vendor(hang) as url:
        assert type(await failed(url, may_act=True, limit_s=0.2)) is OutcomeUnknownError
        assert type(await failed(url, may_act=False, limit_s=0.2)) is UnavailableError


@pytest.mark.req("R42")
async def test_an_answer_that_drips_ends_at_the_calls_limit() -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                await answer.write(b".")
                await asyncio.sleep(0.05)
        return answer

    async with vendor(drip) as url:
        async with asyncio.timeout(2):
            assert type(await failed(url, may_act=True, limit_s=0.3)) is OutcomeUnknownError


@pytest.mark.req("R42")
async def test_a_connection_dropped_after_the_request_may_have_acted() -> None:
    async def drop(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with vendor(drop) as url:
        assert type(await failed(url, may_act=True)) is OutcomeUnknownError
        assert type(await failed(url, may_act=False)) is UnavailableError


@pytest.mark.parametrize(
    ("header", "date", "seconds"),
    [
        ("7", None, 7.0),
        ("1.5", None, 1.5),
        ("0", None, 0.0),
        ("Wed, 25 Nov 2026 12:00:30 GMT", "Wed, 25 Nov 2026 12:00:00 GMT", 30.0),
        ("Wed, 25 Nov 2026 12:00:00 GMT", "Wed, 25 Nov 2026 12:00:30 GMT", 0.0),
        (None, None, 2.0),
        ("soon", None, 2.0),
        ("-3", None, 2.0),
        ("nan", None, 2.0),
        ("inf", None, 2.0),
    ],
)
def test_a_pause_is_a_number_or_a_date_by_the_vendors_own_clock(
    header: str | None, date: str | None, seconds: float
) -> None:
    assert http.pause_of(header, answered_at=date) == seconds


async def test_a_throttle_carries_its_pause() -> None:
    async with vendor(status(429, Retry_After="7")) as url:
        error = await failed(url, may_act=True)
        assert isinstance(error, RateLimitError)
        assert error.retry_after_s == 7.0


async def test_clients_share_one_ssl_context_and_hold_eight_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[ssl.SSLContext] = []
    original = httpx.create_ssl_context

    def counted(**how: Any) -> ssl.SSLContext:
        made.append(original(**how))
        return made[-1]

    monkeypatch.setattr(httpx, "create_ssl_context", counted)
    http.ssl_context.cache_clear()
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    async with http.open_client() as one, http.open_client() as other:
        assert len(made) == 1
        assert not one.trust_env
        assert not other.follow_redirects
        assert http.CONNECTIONS == 8
