"""Forms: of strangers the plain kind alone, of people whatever a browser sends, and of neither a fault of ours."""

import asyncio
import subprocess
import sys
from pathlib import Path

import aiohttp.multipart
import pytest

from core.store.users import list_users
from tests.builders import MERCHANT
from tests.web.site import KEY, Site
from tests.web.test_door import Connect, connect
from tests.web.test_people import PASSWORD, came_in, invited
from web.console.pages import LARGEST_FORM_OF_A_STRANGER

__all__ = ["connect"]

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
ROOT = Path(__file__).resolve().parents[2]


def part(*head: bytes, body: bytes = b"v") -> bytes:
    """Return a form of one part."""
    return b"--x\r\n" + b"\r\n".join(head) + b"\r\n\r\n" + body + b"\r\n--x--\r\n"


NAMED = b'Content-Disposition: form-data; name="a"'
ODD_PARTS = {
    "transfer encoding": part(NAMED, b"Content-Transfer-Encoding: foo"),
    "broken base64": part(NAMED, b"Content-Transfer-Encoding: base64", body=b"="),
    "packed": part(NAMED, b"Content-Encoding: gzip"),
    "length": part(NAMED, b"Content-Length: x"),
    "negative length": part(NAMED, b"Content-Length: -5"),
    "nul in a header": part(b'Content-Disposition: form-data; name="a\0"'),
    "control character in a header": part(b'Content-Disposition: form-data; name="a\x01"', b"X\x02: y"),
    "half a header": b"--x\r\nContent-Disposit",
    "half a part": b"--x\r\n" + NAMED + b"\r\n\r\nv",
    "no name": part(b"Content-Disposition: form-data"),
    "no header": part(b""),
    "charset": part(b'Content-Disposition: form-data; name="_charset_"', body=b"foo"),
    "long charset": part(b'Content-Disposition: form-data; name="_charset_"', body=b"f" * 100),
    "charset of a part": part(NAMED, b"Content-Type: text/plain; charset=foo"),
    "type of a part": part(NAMED, b"Content-Type: " + b"(" * 4000),
    "nested": part(NAMED, b"Content-Type: multipart/mixed; boundary=y", body=b"--y\r\n\r\nv\r\n--y--"),
    "many headers": part(NAMED, *(b"A%d: b" % n for n in range(5000))),
    "no boundary": b"hello",
    "nothing": b"",
}
"""What aiohttp's parser answers with errors of many kinds, or with a form in which something is odd."""
UNREADABLE = (
    "transfer encoding", "nul in a header", "half a header", "no name", "charset", "long charset",
    "charset of a part", "nested", "many headers", "no boundary", "nothing",
)  # fmt: skip


# --- of strangers


@pytest.mark.case("F4", "F11")
@pytest.mark.parametrize(
    "kind",
    [
        MULTIPART, "multipart/form-data", "multipart/mixed; boundary=x", "application/json", "text/plain", "",
        f"{URLENCODED}; charset=idna", f"{URLENCODED}; charset=unicode_escape", f"{URLENCODED}; charset*0=u",
        f"{URLENCODED};;", f"{URLENCODED}, {URLENCODED}", "\udcff", "(" * 200,
    ],
)  # fmt: skip
async def test_a_form_of_a_stranger_that_is_not_of_the_plain_kind_is_415(site: Site, kind: str) -> None:
    link = (await invited(site, "picker")).removeprefix("https://hub.kendra.test")
    body = part(b'Content-Disposition: form-data; name="key"', body=KEY.encode())
    statuses, told = [], []
    for path in ("/login", link):
        answer = await site.ask("POST", path, data=body, headers={"Content-Type": kind})
        statuses.append(answer.status)
        told.append(answer.json["detail"])
        assert "Set-Cookie" not in answer.headers

    assert statuses == [415, 415]
    assert set(told) == {
        "before somebody is signed in, a form is sent as application/x-www-form-urlencoded, in UTF-8"
    }
    assert await came_in(site, link)  # it was not used up


@pytest.mark.case("F11")
@pytest.mark.parametrize(
    "kind",
    [URLENCODED, f"{URLENCODED};charset=UTF-8", f'{URLENCODED.upper()} ; charset="utf-8"', f"{URLENCODED};"],
)
async def test_a_plain_form_in_utf_8_is_taken_however_its_kind_is_written(site: Site, kind: str) -> None:
    form = f"key={KEY}&key=another&empty=&next=%2Fstock\r\n".encode()

    answer = await site.ask("POST", "/login", data=form, headers={"Content-Type": kind})

    assert (answer.status, answer.headers["Location"]) == (303, "/stock")


@pytest.mark.case("F11")
async def test_a_form_without_a_body_says_nothing_whatever_its_kind(site: Site) -> None:
    answer = await site.ask("POST", "/login", data=b"", headers={"Content-Type": MULTIPART})

    assert answer.status == 401


@pytest.mark.case("F11")
@pytest.mark.parametrize("body", [b"\xff=\xff", b"key=\xed\xa0\x80", b"a=b&" * 33, b"key=%00", b"%00=x"])
async def test_a_plain_form_that_cannot_be_read_is_400(site: Site, body: bytes) -> None:
    answer = await site.ask("POST", "/login", data=body, headers={"Content-Type": URLENCODED})

    assert (answer.status, "Set-Cookie" in answer.headers) == (400, False)
    assert "error" not in site.log.getvalue()


@pytest.mark.case("F4")
async def test_a_try_too_many_is_429_before_its_form_is_read(site: Site, connect: Connect) -> None:
    at = {"X-Forwarded-For": "203.0.113.9"}
    for number in range(30):
        assert (await site.ask("POST", "/login", data={"key": f"k{number}"}, headers=at)).status == 401
    client = await connect(site)

    # Nothing of the body ever comes.
    await client.send(
        f"POST /login HTTP/1.1\r\nHost: hub\r\nX-Forwarded-For: 203.0.113.9\r\nContent-Type: {MULTIPART}\r\n"
        f"Content-Length: {LARGEST_FORM_OF_A_STRANGER}\r\n\r\n".encode()
    )
    status, headers, body = await asyncio.wait_for(client.answer(), 5)

    assert (status, headers["retry-after"]) == (429, "2")
    assert b"Your address was tried too often; try again in 2 s." in body


@pytest.mark.case("F4")
async def test_forms_that_cannot_be_read_are_tries_as_well(site: Site) -> None:
    at = {"X-Forwarded-For": "203.0.113.9"}

    odd = [
        (await site.ask("POST", "/login", data=b"{}", headers=at | {"Content-Type": "text/plain"})).status
        for _ in range(31)
    ]

    assert odd == [415] * 30 + [429]
    elsewhere = {"X-Forwarded-For": "198.51.100.7"}
    assert (await site.ask("POST", "/login", data={"key": KEY}, headers=elsewhere)).status == 303


# --- of people


@pytest.mark.case("F11")
@pytest.mark.parametrize("name", ODD_PARTS)
async def test_an_odd_form_of_somebody_who_is_signed_in_is_no_fault_of_ours(site: Site, name: str) -> None:
    cookie = await site.log_in()
    before = (await site.ask("GET", "/api/v1/stock", key=KEY)).json
    statuses, odd = {}, {"Content-Type": MULTIPART}
    for path in ("/stock", "/links", "/go-live", "/people", "/account", "/privacy", "/connections/shop"):
        answer = await site.ask("POST", path, cookie=cookie, data=ODD_PARTS[name], headers=odd)
        statuses[path] = answer.status
    log = [line for line in site.log.getvalue().splitlines() if "a fault of ours" in line]

    assert log == []
    if name in UNREADABLE:
        assert set(statuses.values()) == {400}
    else:
        assert max(statuses.values()) < 500
    assert (await site.ask("GET", "/api/v1/stock", key=KEY)).json == before
    assert await site.b.store.read(list_users, MERCHANT) == []


@pytest.mark.case("F11")
async def test_a_form_in_parts_of_somebody_who_is_signed_in_is_taken(site: Site) -> None:
    cookie = await came_in(site, await invited(site, "operator"))
    form = aiohttp.FormData({"do": "password", "old": PASSWORD, "new": "staple of another kind"})
    form.add_field("more", b"x", filename="x.csv")

    answer = await site.ask("POST", "/account", cookie=cookie, data=form)

    assert (answer.status, answer.headers["Location"]) == (303, "/account")


# --- kinds of bodies


@pytest.mark.case("F4")
@pytest.mark.parametrize("path", ["/login", f"/webhooks/{MERCHANT}/shop", "/api/v1/stock/count", "/nowhere"])
async def test_an_overlong_kind_of_body_is_415_before_anybody_takes_it_apart(site: Site, path: str) -> None:
    kind = "text/csv" + ";a=b" * 100

    answer = await site.ask("POST", path, data=b"x", headers={"Content-Type": kind})

    assert (answer.status, answer.json["detail"]) == (415, "Content-Type has at most 256 characters")
    assert await site.stored() == []


@pytest.mark.case("F11")
@pytest.mark.parametrize("kind", [";plain*", "text/csv;" + "(" * 240, "\udcff", "text/csv;charset*''=x", ""])
async def test_an_odd_kind_of_body_is_no_fault_of_the_api(site: Site, kind: str) -> None:
    before = (await site.ask("GET", "/api/v1/stock", key=KEY)).json

    answer = await site.ask(
        "POST", "/api/v1/stock/count", key=KEY, data=b"sku,location,units\n", headers={"Content-Type": kind}
    )

    assert answer.status == 422
    assert (await site.ask("GET", "/api/v1/stock", key=KEY)).json == before


# --- warnings of libraries

WARNED = """
import io, sys
from aiohttp import multipart
from core.log import Redactor, start_logging
start_logging(io.StringIO(), Redactor())
for number in range(100):
    multipart.parse_content_disposition(f"form-data; name=a;{number}a=b;kara@example.test")
print(sum(isinstance(key, tuple) for key in getattr(multipart, "__warningregistry__", {})))
"""


@pytest.mark.case("F14")
@pytest.mark.parametrize("options", [(), ("-Wdefault",)])
def test_what_a_library_warns_of_is_neither_written_past_the_log_nor_kept(options: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, *options, "-c", WARNED], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert (done.stdout, "kara" in done.stderr, "a=b" in done.stderr) == ("0\n", False, False)
