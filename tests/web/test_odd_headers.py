"""Headers that a stranger made odd: none is a fault of ours, none lets anybody in, and none is waited for."""

import socket

import pytest

from tests.builders import MERCHANT
from tests.web.site import KEY, METRICS, Site
from tests.web.test_door import Connect, connect

__all__ = ["connect"]

SHOP = f"/webhooks/{MERCHANT}/shop"
ODD_ORIGINS = (
    b"http://[", b"http://[::1", b"http://\xe2\x84\x80x", b"http://[v1.x]", b"http://[::1]]", b"//[", b"[", b"\xff", b"",
    b"null", b"http://", b"https://hub.kendra.test:99999@evil.test", b"http://hub\\@evil.test", b"x" * 3000,
)  # fmt: skip
NO_ADDRESS = (
    b"[",
    b"[::1",
    b"\xff",
    b"hub:x",
    b"hub:99999999999999999999",
    b"\xe2\x84\x80",
    b"",
    b"a" * 3000,
)
ODD_NUMBERS = (b"9" * 5000, b"-1", b"1e5", b"0x10", b"\xd9\xa3", b"nan", b"", b"\xff")


def request(method: str, path: str, *headers: bytes, host: bytes | None = b"hub", body: bytes = b"") -> bytes:
    """Return a request's bytes; HTTP/1.0 where it names no host."""
    version = "1.1" if host is not None else "1.0"
    lines = [f"{method} {path} HTTP/{version}".encode(), b"Connection: close", *filter(None, headers)]
    if host is not None:
        lines.insert(1, b"Host: " + host)
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def answered(site: Site, connect: Connect, sent: bytes) -> tuple[int, bytes]:
    """Return status and body; what is logged of it must be no fault of ours."""
    client = await connect(site)
    await client.send(sent)
    status, _, body = await client.answer()
    assert "a fault of ours" not in site.log.getvalue(), sent[:200]
    return status, body


FORM = b"Content-Type: application/x-www-form-urlencoded"


@pytest.mark.case("F11", "F14")
@pytest.mark.parametrize("origin", ODD_ORIGINS, ids=repr)
async def test_an_origin_that_is_no_address_is_another_site(
    site: Site, connect: Connect, origin: bytes
) -> None:
    key = f"Authorization: Bearer {KEY}".encode()
    for path, more in (
        ("/login", FORM),
        ("/stock", FORM),
        ("/api/v1/orders/1001/hold", key),
        ("/logout", key),
        (f"/join/{MERCHANT}/x", FORM),
    ):
        sent = request("POST", path, b"Origin: " + origin, more, body=f"key={KEY}".encode())
        status, told = await answered(site, connect, sent)
        assert (status, b"the form was sent from another site" in told) == (403, True), path
        assert b"Set-Cookie" not in told


@pytest.mark.case("F11")
@pytest.mark.parametrize("host", NO_ADDRESS, ids=lambda host: repr(host)[:20])
async def test_an_odd_host_is_nobody_and_no_fault_of_ours(site: Site, connect: Connect, host: bytes) -> None:
    statuses = []
    for origin in (b"http://" + host, b"null", b"https://hub.kendra.test"):
        sent = request("POST", "/login", b"Origin: " + origin, FORM, host=host, body=b"key=x")
        statuses.append((await answered(site, connect, sent))[0])

    # Of an address that can be read the host may be odd: whoever sends both forges nothing but his own request.
    assert statuses[0] in {400, 401, 403}
    assert statuses[1:] in ([403, 401], [400, 400])


@pytest.mark.case("F5", "F11")
async def test_a_request_that_names_no_host_waits_for_no_name_server(
    site: Site, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(name: str = "") -> str:
        pytest.fail(f"the name of this machine was asked for {name!r}")

    monkeypatch.setattr(socket, "getfqdn", asked)
    statuses = {}
    for origin in (b"null", b"http://evil.test", b"https://hub.kendra.test"):
        sent = request("POST", "/login", b"Origin: " + origin, FORM, host=None, body=b"key=x")
        statuses[origin] = (await answered(site, connect, sent))[0]

    assert statuses == {b"null": 403, b"http://evil.test": 403, b"https://hub.kendra.test": 401}


@pytest.mark.case("F11", "F14")
@pytest.mark.parametrize(
    "name",
    [
        "Authorization: Bearer ", "Authorization: Basic ", "Authorization: ", "Cookie: crossdock_session=kendra.",
        "Cookie: __Host-crossdock_session=kendra.", "Cookie: __Host-crossdock_session=", "Cookie: ",
        "Sec-Fetch-Mode: ", "Referer: http://", "User-Agent: ", "Accept: ", "Accept-Language: ", "Retry-After: ",
        "Idempotency-Key: ", "X-Forwarded-For: ", "X-Forwarded-Proto: ", "If-Modified-Since: ", "If-None-Match: ",
    ],
)  # fmt: skip
async def test_an_odd_header_lets_nobody_in_and_is_no_fault_of_ours(
    site: Site, connect: Connect, name: str
) -> None:
    found = {}
    for odd in (b"\xff\xfe", b"[", b"\xe2\x84\x80", b'"', b"=;=,,;", b"9" * 5000, b"\xed\xa0\x80"):
        header = name.encode() + odd
        statuses = [
            (await answered(site, connect, request(method, path, header, more, body=body)))[0]
            for method, path, more, body in (
                ("GET", "/api/v1/me", b"", b""),
                ("GET", "/stock", b"", b""),
                ("GET", "/metrics", b"", b""),
                ("POST", "/login", FORM, b"key=x"),
                ("POST", SHOP, b"", b"{}"),
            )
        ]
        found[odd] = statuses

    assert set(map(tuple, found.values())) == {(401, 303, 401, 401, 401)}
    assert await site.stored() == []


@pytest.mark.case("F11")
@pytest.mark.parametrize("site_of", [b"\xff", b"none, none", b"SAME-ORIGIN", b"[", b""])
async def test_an_odd_sec_fetch_site_is_another_site(site: Site, connect: Connect, site_of: bytes) -> None:
    sent = request("POST", "/login", b"Sec-Fetch-Site: " + site_of, FORM, body=f"key={KEY}".encode())

    assert (await answered(site, connect, sent))[0] == 403


@pytest.mark.case("F11")
@pytest.mark.parametrize("number", ODD_NUMBERS, ids=lambda number: repr(number)[:12])
async def test_an_odd_length_is_no_request(site: Site, connect: Connect, number: bytes) -> None:
    for path in ("/login", SHOP, "/api/v1/stock/count"):
        status, _ = await answered(
            site, connect, request("POST", path, b"Content-Length: " + number) + b"key=x"
        )
        assert status == 400


@pytest.mark.case("F11")
@pytest.mark.parametrize("number", ODD_NUMBERS, ids=lambda number: repr(number)[:12])
async def test_odd_ranges_and_dates_of_a_file_are_no_fault_of_ours(
    site: Site, connect: Connect, number: bytes
) -> None:
    found = set()
    for header in (
        b"Range: bytes=%b-", b"Range: bytes=-%b", b"Range: bytes=0-%b", b"Range: %b", b"If-Range: %b", b"If-Match: %b",
        b"If-Modified-Since: Mon, 30 Nov %b 10:00:00 GMT", b"If-Unmodified-Since: Mon, 30 Nov 2026 %b:00:00 GMT",
        b"If-None-Match: %b",
    ):  # fmt: skip
        found.add((await answered(site, connect, request("GET", "/assets/style.css", header % number)))[0])

    assert found <= {200, 206, 304, 400, 412, 416}


@pytest.mark.case("F14")
async def test_a_monitor_with_its_token_is_told_beside_odd_headers(site: Site, connect: Connect) -> None:
    token = f"Authorization: Bearer {METRICS}".encode()

    status, body = await answered(
        site, connect, request("GET", "/metrics", token, b"Cookie: \xff", b"Referer: [")
    )

    assert (status, b"crossdock_orders" in body) == (200, True)
