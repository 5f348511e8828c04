"""The door over raw sockets: what a stranger may take, and what he is told when he takes more."""

import asyncio
import contextlib
import gzip
import ipaddress
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from connectors.bogus.webhooks import HEADER, signature_of
from tests.builders import MERCHANT
from tests.web.site import OTHER, Site, a_notification, open_site
from web.console.pages import LARGEST_FORM_OF_A_STRANGER
from web.door.limits import Limits, limits_of
from web.webhooks import LARGEST_BODY

SHOP = f"/webhooks/{MERCHANT}/shop"
FEW = Limits(
    connections=6, per_address=4, unanswered_bytes=300_000, proxies=(ipaddress.ip_network("192.0.2.1/32"),)
)


class Raw:
    """A connection of a client that sends what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send_all(self, parts: Iterable[bytes]) -> None:
        for part in parts:
            await self.send(part)

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return one answer: status, headers, body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return int(head[0].split()[1]), headers, body

    async def told(self) -> tuple[int, Any]:
        """Return the status and the problem that was answered, after which the connection must end."""
        status, headers, body = await self.answer()
        assert headers["content-type"].startswith("application/problem+json")
        assert await self.ended()
        return status, json.loads(body)["detail"]

    async def ended(self) -> bool:
        """Return whether the other side ended the connection."""
        try:
            return await asyncio.wait_for(self.reader.read(1), 10) == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.writer.close()


@pytest.fixture
async def few(tmp_path: Path) -> AsyncIterator[Site]:
    """A site with room for little."""
    async with open_site(tmp_path, limits=FEW) as opened:
        yield opened


Connect = Callable[[Site], Awaitable[Raw]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connects a client; all of them are closed at the end."""
    clients: list[Raw] = []

    async def opened(site: Site) -> Raw:
        host, _, port = site.url.removeprefix("http://").partition(":")
        clients.append(Raw(*await asyncio.open_connection(host, int(port))))
        return clients[-1]

    yield opened
    for client in clients:
        client.close()
        with contextlib.suppress(OSError):
            await client.writer.wait_closed()


async def passed(site: Site, seconds: float) -> None:
    """Let the door see that so many seconds have passed; what has been sent has arrived before."""
    await asyncio.sleep(0)
    site.door.look(asyncio.get_running_loop().time() + seconds)


async def until(true: Callable[[], bool]) -> None:
    """Wait until the door has seen what was sent."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - a socket sets no event of ours
            await asyncio.sleep(0.001)


async def until_held(site: Site, count: int) -> None:
    """Wait until so many bytes have arrived."""
    await until(lambda: site.door.held >= count)


async def until_open(site: Site, count: int) -> None:
    """Wait until so many connections are counted."""
    await until(lambda: site.door.count == count)


def post(path: str, body: bytes, *, size: int | None = None, more: str = "") -> bytes:
    """Return a request's bytes; ``size`` is what its head says of the body."""
    length = len(body) if size is None else size
    return f"POST {path} HTTP/1.1\r\nHost: hub\r\nContent-Length: {length}\r\n{more}\r\n".encode() + body


HALF_A_HEAD = b"POST /webhooks/kendra/shop HTTP/1.1\r\nHost: hub\r\n"


# --- packed bodies (F4)


@pytest.mark.case("F4")
@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "GZIP", "gzip, identity"])
@pytest.mark.parametrize("path", [SHOP, "/webhooks/bogus", "/login", "/nowhere", "/api/v1/stock/receive"])
async def test_a_packed_body_is_415_before_anything_is_unpacked(
    site: Site, connect: Connect, packing: str, path: str
) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    client = await connect(site)

    await client.send(post(path, bomb[:100], size=len(bomb), more=f"Content-Encoding: {packing}\r\n"))

    assert await client.told() == (415, "send the body as it is: no encoding is taken here")
    assert await site.stored() == []


@pytest.mark.case("F4")
async def test_a_signed_packed_body_is_refused_as_well_and_what_is_called_identity_is_taken(
    site: Site,
) -> None:
    packed = gzip.compress(a_notification())

    refused = await site.notify(SHOP, packed, headers={"Content-Encoding": "gzip"}, skip_auto_headers=())
    taken = await site.notify(SHOP, a_notification(), headers={"Content-Encoding": "identity"})

    assert (refused.status, taken.status) == (415, 200)
    assert await site.stored() == [("shop", "e1", "order", "pending")]


@pytest.mark.case("F4")
async def test_chunks_that_are_packed_are_415_as_well(site: Site, connect: Connect) -> None:
    client = await connect(site)

    await client.send(
        f"POST {SHOP} HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".encode()
    )

    assert (await client.answer())[0] == 415


@pytest.mark.case("F4")
async def test_a_body_that_is_too_large_ends_the_connection_whether_or_not_it_comes(
    site: Site, connect: Connect
) -> None:
    told, chunked = await connect(site), await connect(site)
    await told.send(post(SHOP, b"", size=LARGEST_BODY + 1))
    await chunked.send(
        f"POST {SHOP} HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n{LARGEST_BODY + 1:x}\r\n".encode()
        + bytes(LARGEST_BODY + 1)
    )

    assert await told.told() == (413, "at most 1048576 bytes")
    assert await chunked.told() == (413, "at most 1048576 bytes")


@pytest.mark.case("F4")
async def test_who_goes_on_sending_after_the_refusal_is_cut_off(site: Site, connect: Connect) -> None:
    client = await connect(site)
    await client.send(post(SHOP, b"", size=10**12))
    await client.answer()

    with pytest.raises(ConnectionError):
        await client.send_all(bytes(65536) for _ in range(1000))


@pytest.mark.case("F4")
async def test_the_form_of_a_stranger_is_small(site: Site) -> None:
    form = {"key": "x" * LARGEST_FORM_OF_A_STRANGER}

    async def chunks() -> AsyncIterator[bytes]:
        yield b"key=x"

    whole = await site.ask("POST", "/login", data=form)
    chunked = await site.ask(
        "POST", "/login", data=chunks(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert (whole.status, chunked.status) == (413, 413)


@pytest.mark.case("F4")
async def test_an_app_with_many_connections_of_one_secret_verifies_a_stranger_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(secret: str, body: bytes) -> str:
        asked.append(secret)
        return signature_of(secret, body)

    monkeypatch.setattr("connectors.bogus.webhooks.signature_of", counted)

    answer = await site.notify(
        "/webhooks/bogus", a_notification(account="kendra.test"), secret="a stranger's"
    )

    assert answer.status == 401
    # Two merchants with four connections each that take webhooks: one secret.
    assert asked == ["bogus"]


# --- how long (F5)


@pytest.mark.case("F5")
async def test_a_head_that_does_not_come_whole_is_408_after_ten_seconds(site: Site, connect: Connect) -> None:
    silent, half = await connect(site), await connect(site)
    await half.send(HALF_A_HEAD)
    await until_held(site, len(HALF_A_HEAD))
    await until_open(site, 2)

    await passed(site, 9.5)
    assert site.door.count == 2
    await passed(site, 10.5)

    why = "the head of the request did not come whole within 10 s"
    assert await half.told() == (408, why)
    assert await silent.told() == (408, why)
    assert (site.door.count, site.door.held) == (0, 0)


@pytest.mark.case("F5")
async def test_a_head_that_comes_a_byte_at_a_time_is_timed_from_its_first(
    site: Site, connect: Connect
) -> None:
    client = await connect(site)
    for number, byte in enumerate(HALF_A_HEAD[:20], start=1):
        await client.send(bytes([byte]))
        await until_held(site, number)

    await passed(site, 10.5)

    assert (await client.told())[0] == 408


@pytest.mark.case("F5")
async def test_a_body_that_does_not_come_whole_is_408_after_thirty_seconds_and_leaves_nothing(
    site: Site,
    connect: Connect,
) -> None:
    client, begun = await connect(site), post(SHOP, b"x", size=1000)
    await client.send(begun)
    await until_held(site, len(begun))
    await asyncio.sleep(0.01)

    await passed(site, 29.5)
    assert site.door.count == 1
    await passed(site, 30.5)

    assert await client.told() == (408, "the body did not come whole within 30 s")
    assert (site.door.count, site.door.held) == (0, 0)
    assert await site.stored() == []
    assert "a fault of ours" not in site.log.getvalue()


@pytest.mark.case("F5")
async def test_between_two_requests_a_connection_may_rest_longer_than_the_proxy_lets_it(
    site: Site, connect: Connect
) -> None:
    client, body = await connect(site), a_notification()
    signed = post(SHOP, body, more=f"{HEADER}: {signature_of('bogus', body)}\r\n")
    await client.send(signed)
    assert (await client.answer())[0] == 200

    await passed(site, 70)
    await client.send(signed)

    assert (await client.answer())[0] == 200
    client.close()


@pytest.mark.case("F5")
async def test_a_client_that_does_not_read_its_answers_is_ended(site: Site, connect: Connect) -> None:
    client = await connect(site)
    ask = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: hub\r\n\r\n"
    await client.send(ask * 200)
    await until(lambda: any(one.paused_at is not None for one in site.door.open_connections))

    await passed(site, 30.5)

    assert site.door.count == 0
    client.close()


# --- how much (F5)


@pytest.mark.case("F5")
async def test_one_address_has_so_many_connections_and_the_next_is_429(connect: Connect, few: Site) -> None:
    held = [await connect(few) for _ in range(FEW.per_address)]
    await until_open(few, FEW.per_address)

    assert await (await connect(few)).told() == (429, "at most 4 connections of one address")
    assert few.door.count == FEW.per_address

    held[0].close()
    await until_open(few, FEW.per_address - 1)
    again = await connect(few)
    await again.send(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n")
    assert (await again.answer())[0] == 200


@pytest.mark.case("F14")
@pytest.mark.parametrize(
    ("peer", "counted"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("10.0.0.5", "203.0.113.9"),
        ("10.0.0.6", "10.0.0.6"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "203.0.113.9"),
    ],
)
def test_only_a_proxy_that_is_named_says_who_asks_and_of_ipv6_a_whole_network_is_one(
    peer: str, counted: str
) -> None:
    limits = limits_of({"CROSSDOCK_PROXIES": "10.0.0.5"})
    headers = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}

    assert limits.caller(make_mocked_request("GET", "/", headers).clone(remote=peer)) == counted


@pytest.mark.case("F14")
@pytest.mark.parametrize(
    ("lines", "known"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["198.51.100.7", "203.0.113.9"], "203.0.113.9"),
        (["198.51.100.7, 198.51.100.8", " 198.51.100.9 ,203.0.113.9 "], "203.0.113.9"),
        (["203.0.113.9:40001"], "203.0.113.9"),
        (["203.0.113.9:x"], None),
        (["203.0.113.9:\u0663"], None),
        (["2001:db8:1:2::9"], "2001:db8:1:2::/64"),
        (["[2001:db8:1:2::9]"], "2001:db8:1:2::/64"),
        (["[2001:db8:1:2::9]:443"], "2001:db8:1:2::/64"),
        (["[203.0.113.9"], None),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["198.51.100.7, 203.0.113.9, 10.0.0.5"], "203.0.113.9"),
        (["203.0.113.9", "10.0.0.5:4000, ::ffff:10.0.0.5"], "203.0.113.9"),
        (["203.0.113.9, unknown"], None),
        (["203.0.113.9, unknown, 10.0.0.5"], None),
        (["203.0.113.9, "], None),
        (["203.0.113.9" + ", 10.0.0.5" * 500], None),
        (["10.0.0.5"], None),
        (["a host"], None),
        (["é"], None),
        ([""], None),
        ([], None),
    ],
)
@pytest.mark.parametrize("peer", ["10.0.0.5", "::ffff:10.0.0.5"])
def test_the_last_address_that_is_no_proxy_of_ours_counts_and_what_is_none_is_the_proxy(
    lines: list[str], known: str | None, peer: str
) -> None:
    limits = limits_of({"CROSSDOCK_PROXIES": "10.0.0.5"})
    headers = CIMultiDict(("X-Forwarded-For", line) for line in lines)
    request = make_mocked_request("GET", "/", headers).clone(remote=peer)

    assert limits.caller_known(request) == known
    assert limits.caller(request) == (known or "10.0.0.5")


@pytest.mark.case("F5")
async def test_where_all_connections_are_taken_the_one_that_said_nothing_for_longest_makes_way(
    connect: Connect,
    tmp_path: Path,
) -> None:
    async with open_site(tmp_path, limits=Limits(connections=3)) as site:
        proven = await connect(site)
        await proven.send(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n")
        await proven.answer()
        half = [await connect(site) for _ in range(2)]
        for number, one in enumerate(half, start=1):
            await one.send(HALF_A_HEAD)
            await until_held(site, number * len(HALF_A_HEAD))

        client = await connect(site)
        await client.send(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n")

        assert (await client.answer())[0] == 200
        assert await half[0].told() == (503, "too many connections; try again in a moment")
        assert site.door.count == 3
        # Who was answered before stays longer than who never finished a request.
        await proven.send(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n")
        assert (await proven.answer())[0] == 200


@pytest.mark.case("F5")
async def test_of_bodies_that_are_held_open_the_oldest_goes_when_they_are_too_many(
    connect: Connect, few: Site
) -> None:
    held = []
    for number in range(1, 4):
        client = await connect(few)
        await client.send(post(SHOP, bytes(90_000), size=100_000))
        await until_held(few, 90_000 * number)
        held.append(client)

    late = await connect(few)
    body = a_notification() + b" " * 40_000
    await late.send(post(SHOP, body, more=f"{HEADER}: {signature_of('bogus', body)}\r\n"))

    assert (await late.answer())[0] == 200
    assert await held[0].told() == (503, "too much is being sent; try again in a moment")
    assert few.door.held <= FEW.unanswered_bytes
    for one in (late, *held[1:]):
        one.close()
    await until_open(few, 0)
    assert few.door.held == 0


@pytest.mark.case("F5")
async def test_a_large_body_that_waits_for_slow_ones_of_its_host_is_taken_within_seconds(
    connect: Connect, tmp_path: Path
) -> None:
    async with open_site(tmp_path, limits=Limits(proxies=())) as site:
        slow = [await connect(site) for _ in range(2)]
        for number, one in enumerate(slow, start=1):
            await one.send(post(SHOP, bytes(100_000), size=LARGEST_BODY))
            await until_held(site, number * 100_000)
        late = await connect(site)
        body = a_notification() + b" " * (LARGEST_BODY - 1000)
        await late.send(post(SHOP, body, more=f"{HEADER}: {signature_of('bogus', body)}\r\n"))

        assert (await late.answer())[0] == 200
        assert await slow[0].told() == (408, "others wait: the body did not come whole within 2 s")


@pytest.mark.case("F5")
async def test_what_is_kept_of_a_body_before_its_handler_reads_on_is_small(
    connect: Connect, tmp_path: Path
) -> None:
    async with open_site(tmp_path, limits=Limits(proxies=())) as site:
        senders = [await connect(site) for _ in range(6)]
        for one in senders:
            one.writer.write(post(SHOP, bytes(LARGEST_BODY - 1), size=LARGEST_BODY))
        await until_held(site, 2 * (LARGEST_BODY - 1))
        await asyncio.sleep(0.1)

        # Two have places; of each other 64 KB are read, and what lies before the reader.
        assert sorted(one.held // LARGEST_BODY for one in site.door.open_connections)[-2:] == [1, 1]
        assert max(sorted(one.held for one in site.door.open_connections)[:-2]) <= 128 * 1024


@pytest.mark.case("F5")
async def test_half_sent_bodies_make_way_for_who_comes_new(connect: Connect, tmp_path: Path) -> None:
    async with open_site(tmp_path, limits=Limits(connections=5)) as site:
        half = [await connect(site) for _ in range(5)]
        for number, one in enumerate(half, start=1):
            await one.send(post(SHOP, b"x", size=100))
            await until_held(site, number * len(post(SHOP, b"x", size=100)))
        await until(lambda: all(one.unfinished for one in site.door.open_connections))

        late = await connect(site)
        await late.send(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n")

        assert (await late.answer())[0] == 200
        assert await half[0].told() == (503, "too many connections; try again in a moment")
        assert site.door.count == 5


LARGE_GET = (
    b"GET /healthz HTTP/1.1\r\nHost: hub\r\n"
    + b"".join(b"A%d: %s\r\n" % (n, b"x" * 8000) for n in range(7))
    + b"\r\n"
)
"""Of 56 KB, all of it headers."""


@pytest.mark.case("F5")
async def test_a_head_of_64_kb_is_taken_and_a_longer_one_is_431(site: Site, connect: Connect) -> None:
    client = await connect(site)
    await client.send(LARGE_GET)
    assert (await client.answer())[0] == 200
    await client.send(LARGE_GET[:-2] + b"".join(b"B%d: %s\r\n" % (n, b"x" * 8000) for n in range(3)))

    assert await client.told() == (
        431,
        "the head of a request, and what is sent ahead of an answer, have 65536 bytes at most",
    )
    assert (site.door.held, site.door.count) == (0, 0)


@pytest.mark.case("F5")
async def test_requests_sent_ahead_of_their_answers_are_answered_until_they_are_too_many(
    site: Site, connect: Connect
) -> None:
    client = await connect(site)
    await client.send(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n" * 100)
    assert [(await client.answer())[0] for _ in range(100)] == [200] * 100

    greedy = socket.socket()
    greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that it soon reads no more
    greedy.connect(("127.0.0.1", int(site.url.rpartition(":")[2])))
    greedy.settimeout(0)
    asked = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: hub\r\n\r\n" * 14 + LARGE_GET * 15
    with contextlib.suppress(ConnectionError):
        await asyncio.get_running_loop().sock_sendall(greedy, asked)
    await until_open(site, 1)
    greedy.close()

    assert site.door.held == 0


@pytest.mark.case("F5")
async def test_answers_that_wait_to_be_read_count_and_who_reads_least_goes_first(
    connect: Connect, tmp_path: Path
) -> None:
    async with open_site(tmp_path, limits=Limits(unanswered_bytes=100_000)) as site:
        greedy, honest = await connect(site), await connect(site)
        await greedy.send(b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: hub\r\n\r\n" * 200)
        await until(lambda: any(one.paused_at is not None for one in site.door.open_connections))
        await until(lambda: sum(one.unread_bytes for one in site.door.open_connections) > 100_000)

        await passed(site, 0)

        await until_open(site, 1)
        await honest.send(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n")
        assert (await honest.answer())[0] == 200


# --- what is no request


@pytest.mark.case("F11")
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60) + b"\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"G\x00T / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\nHost: hub\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: hub\r\nName\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: hub\r\nName: \x00\r\n\r\n", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: hub\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: hub\r\nCookie: " + b"x" * 9000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: hub\r\n" + b"A: b\r\n" * 100 + b"\r\n", 431),
        (b"POST /login HTTP/1.1\r\nHost: hub\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
        (b"POST /login HTTP/1.1\r\nHost: hub\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /login HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: hub\r\nExpect: a miracle\r\nConnection: close\r\n\r\n", 417),
    ],
    ids=["tls", "version", "method", "nul", "no-colon", "nul-header", "long-line", "long-header", "many-headers",
         "two-lengths", "negative", "both-lengths", "expect"],
)  # fmt: skip
async def test_what_is_no_request_is_a_problem_and_no_line_of_the_log(
    site: Site, connect: Connect, sent: bytes, status: int
) -> None:
    client = await connect(site)

    await client.send(sent)

    assert (await client.told())[0] == status
    assert site.log.getvalue() == ""


@pytest.mark.case("F11")
async def test_chunks_that_are_none_are_400_and_leave_nothing(site: Site, connect: Connect) -> None:
    client = await connect(site)

    await client.send(
        f"POST {SHOP} HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n".encode()
    )

    assert (await client.told())[0] == 400
    assert await site.stored() == []
    assert site.log.getvalue() == ""


@pytest.mark.case("F5")
async def test_a_client_that_leaves_in_the_middle_is_no_fault_of_ours(site: Site, connect: Connect) -> None:
    client, begun = await connect(site), post(SHOP, b"x", size=1000)
    await client.send(begun)
    await until_held(site, len(begun))
    await asyncio.sleep(0.01)

    client.close()
    await until_open(site, 0)
    await asyncio.sleep(0.01)

    assert site.log.getvalue() == ""
    assert [await site.stored(m) for m in (MERCHANT, OTHER)] == [[], []]
