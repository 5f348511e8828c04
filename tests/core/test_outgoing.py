"""One call of an address that a merchant wrote, over real sockets: what goes out, what comes back, how it can end."""

import asyncio
import contextlib
import gzip
import json
import logging
import socket
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core import http
from core.errors import (
    AuthError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitError,
    RejectedError,
    UnavailableError,
)
from core.log import Redactor, error_lines
from core.outgoing.addresses import allowed_hosts
from core.outgoing.answer import MOST_READ, Answer
from core.outgoing.call import call
from core.outgoing.request import MOST_SENT, Method, OutgoingRequest

pytestmark = pytest.mark.req("S30")

Answering = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Host:
    """A host at 127.0.0.1 that answers bytes as they are given, and keeps what it was sent."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.connections = 0
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.port = 0
        self.tasks: list[asyncio.Task[Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/canary-path?token=canary"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.tasks.append(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self.hear(reader)
                await self.answering(writer)
        finally:
            writer.close()

    async def hear(self, reader: asyncio.StreamReader) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        body = await reader.readexactly(int(headers.get("Content-Length", "0")))
        self.requests.append((first, headers, body))

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await asyncio.sleep(0)


def says(raw: bytes) -> Answering:
    async def answering(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return answering


def answer(body: bytes = b"", /, *, status: str = "200 OK", **headers: str) -> Answering:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return says("\r\n".join([*lines, "", ""]).encode() + body)


@asynccontextmanager
async def hosting(
    answering: Answering, *, at: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Host]:
    host = Host(answering)
    server = await asyncio.start_server(host.serve, at, port, ssl=tls)
    host.port = server.sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        server.close()
        await host.end()
        await server.wait_closed()


async def ask(
    url: str,
    *,
    method: Method = "POST",
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
    may_act: bool = True,
    limit_s: float = 5.0,
    allowed: str = "127.0.0.1",
) -> Answer:
    request = OutgoingRequest(method=method, url=url, headers=headers or {}, body=body, limit_s=limit_s)
    return await call(request, connection="hook", may_act=may_act, allowed=allowed_hosts(allowed))


async def failed(url: str, **how: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as raised:
        await ask(url, **how)
    told = "\n".join(error_lines(raised.value, Redactor()))
    assert "canary" not in told
    return raised.value


# --- what goes out ---


async def test_a_request_goes_out_as_it_was_written_and_with_nothing_else() -> None:
    async with hosting(answer(b"fine")) as host:
        await ask(host.url, method="PUT", headers={"X-Shop": "a b"}, body='{"sku": "MUG"}')

    [(first, headers, body)] = host.requests
    assert first == "PUT /canary-path?token=canary HTTP/1.1"
    assert headers == {
        "Host": f"127.0.0.1:{host.port}",
        "X-Shop": "a b",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Content-Length": "14",
        "Content-Type": "application/json",
        "User-Agent": "Crossdock",
        "Connection": "close",
    }
    assert body == b'{"sku": "MUG"}'


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_each_method_is_sent(method: Method) -> None:
    async with hosting(answer()) as host:
        assert (await ask(host.url, method=method)).status == 200

    assert [first.split()[0] for first, _, _ in host.requests] == [method]


@pytest.mark.parametrize(
    ("body", "headers", "media_type"),
    [
        ('{"a": 1}', {}, "application/json"),
        ("Zoë", {}, "text/plain; charset=utf-8"),
        ("[" * 100_000, {}, "text/plain; charset=utf-8"),
        ("a=b", {"content-type": "application/x-www-form-urlencoded"}, "application/x-www-form-urlencoded"),
    ],
)
async def test_a_body_says_what_it_is(body: str, headers: Mapping[str, str], media_type: str) -> None:
    async with hosting(answer()) as host:
        await ask(host.url, body=body, headers=headers)

    [(_, sent, arrived)] = host.requests
    assert [value for name, value in sent.items() if name.lower() == "content-type"] == [media_type]
    assert arrived == body.encode()


@pytest.mark.parametrize(
    "name",
    ["Host", "host", "Connection", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
     "Transfer-Encoding", "Upgrade", "Content-Length", "Expect", "Accept-Encoding"],
)  # fmt: skip
async def test_where_and_how_a_request_goes_is_not_for_a_header_to_say(name: str) -> None:
    async with hosting(answer()) as host:
        error = await failed(host.url, headers={name: "canary"})

    assert (type(error), error.code) == (RejectedError, "request_refused")
    assert host.connections == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nHost: b"}, {"X": "a\nb"}, {"X": "a\rb"}, {"X": "a\x00b"}, {"X": "a\x7f"}, {"X": "\u010d\u010a"},
        {"X": "a\u2028b"}, {"X": "\x85"}, {"X": "\ud800"}, {"X\r\nHost: b": "c"}, {"X:": "a"}, {"X Y": "a"}, {"": "a"},
        {"Höst": "a"}, {" Host": "a"}, {"Host ": "a"}, {"X": "a" * 16_384},
    ],
    ids=ascii,
)  # fmt: skip
async def test_a_header_that_could_be_read_as_two_is_refused(headers: Mapping[str, str]) -> None:
    async with hosting(answer()) as host:
        error = await failed(host.url, headers=headers)

    assert (type(error), error.code) == (RejectedError, "request_refused")
    assert host.connections == 0


@pytest.mark.parametrize(
    "how",
    [{"method": "TRACE"}, {"method": "get"}, {"limit_s": 0}, {"limit_s": -1}, {"limit_s": 61}, {"limit_s": float("nan")},
     {"body": "a" * (MOST_SENT + 1)}, {"body": "\ud800"}],
    ids=["method", "small", "zero", "negative", "long", "nan", "large", "half"],
)  # fmt: skip
async def test_a_request_past_its_limits_is_refused(how: dict[str, Any]) -> None:
    async with hosting(answer()) as host:
        error = await failed(host.url, **how)

    assert (type(error), error.code) == (RejectedError, "request_refused")
    assert host.connections == 0


async def test_the_largest_body_is_sent_whole() -> None:
    async with hosting(answer()) as host:
        await ask(host.url, body="a" * MOST_SENT)

    assert len(host.requests[0][2]) == MOST_SENT


async def test_no_proxy_and_no_password_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password canary\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with hosting(answer()) as proxy, hosting(answer()) as host:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await ask(host.url)

    assert proxy.connections == 0
    assert "Authorization" not in host.requests[0][1]


async def test_no_cookie_and_no_connection_outlives_a_call() -> None:
    async with hosting(answer(Set_Cookie="a=b; Path=/")) as host:
        first = await ask(host.url)
        await ask(host.url)

    assert host.connections == 2
    assert "Cookie" not in host.requests[1][1]
    assert "set-cookie" not in first.headers


# --- what comes back ---


@pytest.mark.parametrize(
    ("raw", "media_type", "is_json", "body"),
    [
        (b'{"a": [1, 1.50, null, true]}', "application/json", True, {"a": [1, Decimal("1.50"), None, True]}),
        (b'\xef\xbb\xbf{"a": 1}', "application/json; charset=utf-8", True, {"a": 1}),
        (b"12", "application/problem+json", True, 12),
        (b' {"a": 1}', "text/html", True, {"a": 1}),
        (b"12", "text/plain", False, "12"),
        (b"{a: 1}", "application/json", False, "{a: 1}"),
        (b"", "application/json", False, ""),
        (b"[NaN]", "application/json", False, "[NaN]"),
        (b"[Infinity]", "application/json", False, "[Infinity]"),
        (b"[1e999999999]", "application/json", False, "[1e999999999]"),
        (b"[" * 100_000, "application/json", False, "[" * 100_000),
        (b"[" + b"1" * 5000 + b"]", "application/json", False, "[" + "1" * 5000 + "]"),
        (b'{"a\\u0000": "\\ud800"}', "application/json", True, {"a\ufffd": "\ufffd"}),
        (b"a\x00b", "text/plain", False, "a\ufffdb"),
        ("Zoë".encode(), "text/plain", False, "Zoë"),
        ("Zoë".encode("latin-1"), "text/plain; charset=ISO-8859-1", False, "Zoë"),
        (b"Zo\xeb", "text/plain; charset=idna", False, "Zo\ufffd"),
        (b"Zo", "text/plain; charset=canary", False, "Zo"),
        (b"Zo", "", False, "Zo"),
    ],
    ids=range(19),
)
async def test_a_body_is_json_where_it_is_and_else_text(
    raw: bytes, media_type: str, *, is_json: bool, body: Any
) -> None:
    async with hosting(answer(raw, Content_Type=media_type)) as host:
        got = await ask(host.url)

    assert (got.is_json, got.body, got.is_whole) == (is_json, body, True)


async def test_headers_that_tell_of_the_answer_are_kept_and_no_others() -> None:
    kept = {"Location": "/made/1", "ETag": '"x"', "X-Request-Id": "rq-1"}
    async with hosting(answer(status="201 Created", Server="x", Set_Cookie="a=b", **kept)) as host:
        got = await ask(host.url)

    assert got.status == 201
    assert got.headers == {"location": "/made/1", "etag": '"x"', "x-request-id": "rq-1"}
    assert "made" not in repr(got)


@pytest.mark.parametrize(("more", "whole"), [(0, True), (1, False), (10 * MOST_READ, False)])
async def test_a_body_is_read_to_its_limit(more: int, *, whole: bool) -> None:
    async with hosting(answer(b"a" * (MOST_READ + more), Content_Type="text/plain")) as host:
        got = await ask(host.url)

    assert (got.body, got.is_whole) == ("a" * MOST_READ, whole)


async def test_a_body_without_an_end_is_left() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"a" * 65_536)
            await writer.drain()

    async with hosting(endless) as host:
        got = await ask(host.url)

    assert (got.body, got.is_whole) == ("a" * MOST_READ, False)


@pytest.mark.parametrize(("name", "packed"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_packed_body_is_unpacked(name: str, packed: Callable[[bytes], bytes]) -> None:
    async with hosting(
        answer(packed(b'{"a": 1}'), Content_Encoding=name, Content_Type="application/json")
    ) as host:
        assert (await ask(host.url)).body == {"a": 1}


@pytest.mark.parametrize(("name", "packed"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
async def test_a_bomb_is_unpacked_to_the_limit_and_no_further(
    name: str, packed: Callable[[bytes], bytes]
) -> None:
    bomb = packed(bytes(64 * 1024 * 1024))
    async with hosting(answer(bomb, Content_Encoding=name)) as host:
        tracemalloc.start()
        try:
            got = await ask(host.url)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert isinstance(got.body, str)
    assert (len(got.body), got.is_whole) == (MOST_READ, False)
    assert most < 8 * 1024 * 1024


# --- how it can end ---


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        ("300 Multiple Choices", RejectedError, RejectedError),
        ("400 Bad Request", RejectedError, RejectedError),
        ("401 Unauthorized", AuthError, AuthError),
        ("403 Forbidden", AuthError, AuthError),
        ("404 Not Found", RejectedError, RejectedError),
        ("409 Conflict", RejectedError, RejectedError),
        ("422 Unprocessable Entity", RejectedError, RejectedError),
        ("429 Too Many Requests", RateLimitError, RateLimitError),
        ("500 Internal Server Error", UnavailableError, OutcomeUnknownError),
        ("502 Bad Gateway", UnavailableError, OutcomeUnknownError),
        ("503 Service Unavailable", UnavailableError, UnavailableError),
        ("504 Gateway Timeout", UnavailableError, OutcomeUnknownError),
    ],
)
async def test_a_status_says_what_may_have_been_done(
    status: str, read: type[ConnectorError], write: type[ConnectorError]
) -> None:
    async with hosting(answer(b"canary", status=status, X_Request_Id="rq-1")) as host:
        for may_act, kind in ((False, read), (True, write)):
            error = await failed(host.url, may_act=may_act)
            assert type(error) is kind
            assert (error.code, error.request_id) == (status[:3], "rq-1")
            assert str(error) == f"hook: 127.0.0.1: answered {status[:3]}"


async def test_a_request_id_that_is_none_is_left_out() -> None:
    async with hosting(answer(status="400 Bad", X_Request_Id="canary with blanks")) as host:
        assert (await failed(host.url)).request_id is None


async def test_a_throttle_carries_its_pause() -> None:
    async with hosting(answer(status="429 Too Many Requests", Retry_After="7")) as host:
        error = await failed(host.url)

    assert isinstance(error, RateLimitError)
    assert error.retry_after_s == 7.0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_redirect_is_a_refusal_that_says_so_and_leads_nowhere(status: int, method: Method) -> None:
    async with hosting(answer()) as inside:
        location = f"http://127.0.0.1:{inside.port}/canary"
        async with hosting(answer(status=f"{status} Moved", Location=location)) as host:
            error = await failed(host.url, method=method)

    assert type(error) is RejectedError
    assert str(error) == (
        f"hook: 127.0.0.1: answered {status}, a redirect, and none is followed; write the address that it leads to"
    )
    assert (host.connections, inside.connections) == (1, 0)


async def test_a_refused_connection_did_nothing(unused_tcp_port: int) -> None:
    error = await failed(f"http://127.0.0.1:{unused_tcp_port}/canary")

    assert type(error) is UnavailableError
    assert str(error) == "hook: 127.0.0.1: cannot connect"


async def drip_head(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    await drip(writer)


async def drip_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    await drip(writer)


async def drip(writer: asyncio.StreamWriter, each: bytes = b"a") -> None:
    for _ in range(100):
        writer.write(each)
        await writer.drain()
        await asyncio.sleep(0.02)


async def go_on_soon(writer: asyncio.StreamWriter) -> None:
    await drip(writer, b"HTTP/1.1 100 Continue\r\n\r\n")


async def hang(_writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(3)


@pytest.mark.parametrize("answering", [hang, drip_head, drip_body, go_on_soon])
async def test_a_call_past_its_limit_ends_there_and_may_have_acted(answering: Answering) -> None:
    async with hosting(answering) as host:
        async with asyncio.timeout(2):
            assert type(await failed(host.url, limit_s=0.3)) is OutcomeUnknownError
            assert type(await failed(host.url, limit_s=0.3, may_act=False)) is UnavailableError
        assert host.connections == 2


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X%d: a\r\n" % n for n in range(500)) + b"\r\n",
        b"HTTP/1.1 200 " + b"a" * 20_000 + b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\ncanary",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 6\r\n\r\ncanary",
    ],
    ids=["nothing", "half a head", "half a body", "long header", "many headers", "long reason", "no HTTP", "no chunk",
         "half a chunk", "two lengths", "no gzip", "brotli"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_an_answer_that_cannot_be_read_may_have_acted_and_is_not_asked_for_again(
    raw: bytes, method: Method
) -> None:
    async with hosting(says(raw)) as host:
        assert type(await failed(host.url, method=method)) is OutcomeUnknownError
        assert host.connections == 1
        assert type(await failed(host.url, method=method, may_act=False)) is UnavailableError
        assert host.connections == 2


async def test_a_connection_that_is_cut_after_the_request_is_not_made_again() -> None:
    async def cut(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with hosting(cut) as host:
        assert type(await failed(host.url, method="PUT", body="1")) is OutcomeUnknownError
        assert type(await failed(host.url, method="GET", may_act=False)) is UnavailableError

    assert host.connections == 2


async def test_nothing_of_a_call_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = OutgoingRequest(
        method="POST", url="http://canary/", headers={"Authorization": "canary"}, body="canary"
    )
    async with hosting(answer(b'"canary"', X_A="canary")) as host, hosting(says(b"canary")) as broken:
        await ask(host.url, headers=request.headers, body="canary")
        await failed(broken.url, headers=request.headers, body="canary")

    assert "canary" not in caplog.text
    assert "canary" not in repr(request)


# --- names that change ---


def answering_names(*answers: str) -> tuple[list[str], Callable[..., list[Any]]]:
    """Return what is looked up, and a look-up that gives one address after another, the last for ever."""
    asked: list[str] = []

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        number = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port))]

    return asked, look_up


async def test_a_name_is_looked_up_once_and_called_where_it_was_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """127.0.0.1 stands for a public address: the only one that is allowed."""
    asked, look_up = answering_names("127.0.0.1", "127.0.0.2")
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with hosting(answer(b"out")) as outside:
        url = f"http://hook.example.com:{outside.port}/"
        async with hosting(answer(b"in"), at="127.0.0.2", port=outside.port) as inside:
            assert (await ask(url)).body == "out"
            assert asked == ["hook.example.com."]
            error = await failed(url)

    assert (type(error), error.code) == (RejectedError, "address_refused")
    assert outside.requests[0][1]["Host"] == f"hook.example.com:{outside.port}"
    assert (len(asked), outside.connections, inside.connections) == (2, 1, 0)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_name_that_changes_while_its_call_is_cut_leads_nowhere(
    method: Method, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, look_up = answering_names("127.0.0.1", "127.0.0.2")
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with hosting(says(b"")) as outside:
        url = f"http://hook.example.com:{outside.port}/"
        async with hosting(answer(b"in"), at="127.0.0.2", port=outside.port) as inside:
            assert type(await failed(url, method=method)) is OutcomeUnknownError

    assert (asked, outside.connections, inside.connections) == (["hook.example.com."], 1, 0)


async def test_a_name_that_is_not_found_or_not_in_time_did_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert type(await failed("http://hook.example.com/")) is UnavailableError

    waiting = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", lambda *_: waiting)
    async with asyncio.timeout(1):
        assert type(await failed("http://hook.example.com/", limit_s=0.1)) is UnavailableError


# --- certificates ---


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """Return a server's context under a certificate for a name, and the file that whoever trusts it reads."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name[0].isdigit():
        names = [x509.IPAddress(ip_address(name))]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted = folder / f"{name}.pem"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = folder / f"{name}.key"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, private)
    return context, trusted


async def test_a_certificate_that_nobody_vouches_for_is_not_sent_anything(tmp_path: Path) -> None:
    tls, _ = certificate(tmp_path, "127.0.0.1")
    async with hosting(answer(), tls=tls) as host:
        error = await failed(f"https://127.0.0.1:{host.port}/canary")

    assert type(error) is UnavailableError
    assert host.requests == []


@pytest.mark.parametrize(("name", "holds"), [("hook.example.com", True), ("other.example.com", False)])
async def test_a_certificate_is_that_of_the_name_that_was_called(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, holds: bool
) -> None:
    tls, trusted = certificate(tmp_path, name)
    _, look_up = answering_names("127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    http.ssl_context.cache_clear()
    http.ssl_context().load_verify_locations(trusted)
    try:
        async with hosting(answer(json.dumps("fine").encode()), tls=tls) as host:
            url = f"https://hook.example.com.:{host.port}/"
            if holds:
                assert (await ask(url)).body == '"fine"'
            else:
                assert type(await failed(url)) is UnavailableError
    finally:
        http.ssl_context.cache_clear()

    assert len(host.requests) == int(holds)
