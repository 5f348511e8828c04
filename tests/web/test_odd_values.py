"""Odd values in every place of every route, drawn from the route table: whatever is sent, no answer is a fault of ours."""

import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from yarl import URL

from core.store.tables import deliveries
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import pass_time
from tests.databases import KINDS
from tests.web.site import KEY, Answer, Site, a_notification, open_site
from web.api.endpoint import PREFIX
from web.app import ENDPOINTS

LONG = "".join(chr(33 + n * 7 % 90) for n in range(3000))
"""It does not shrink when it is packed: no index of PostgreSQL takes it."""
ODD = {
    "sqlite": ("\0", "9" * 30, "-9223372036854775809", "0001-01-01T00:00:00+23:59/x", "%"),
    "postgres": ("a\0b", "9" * 30, LONG, "9999-12-31T23:59:59-23:59/x/y", ".."),
}
"""As texts: what each database cannot hold, and what no calendar can."""
HALF = "%ED%A0%80"
"""Half a surrogate pair, as it stands in an address or a form."""
ODD_JSON: dict[str, tuple[Any, ...]] = {
    "sqlite": (
        "\0",
        "\ud800",
        2**63,
        -(2**63) - 1,
        10**400,
        None,
        ["\0"],
        {"\0": "\0"},
        "0001-01-01T00:00:00Z",
    ),
    "postgres": ("a\0b", "\ud800", 2**31, 2**63, LONG, 1e308, [[]], {LONG: 1}, True),
}
BASE = {
    "secret": "x" * 43, "user": "kim", "name": "warehouse", "note": "n1",
    "merchant": MERCHANT, "connection": "shop", "order": "1001", "listing": "CHEF-8", "parcel": "reno-1", "sku": "CHEF-8", "event": "e1", "run": "r1",
    "id": "x", "connector": "bogus", "app": "bogus", "filename": "style.css",
}  # fmt: skip
FORM = {
    "action": "hold", "do": "count", "to": "on", "brake": "go", "sku": "CHEF-8", "location": "reno", "units": "1",
    "connection": "shop", "listing": "CHEF-8", "of": "CHEF-8", "order": "1001", "event": "e1", "kind": "x", "id": "x", "run": "r1",
    "subject": "x", "text": "sku,location,units\nCHEF-8,reno,1\n", "key": "x", "next": "/orders", "note": "x",
    "confirm": "x", "reason": "risk",
}  # fmt: skip
DOINGS = [
    *(("/links", {"do": do}) for do in ("accept", "import", "preview", "unlink", "undo")),
    *(("/go-live", {"do": do}) for do in ("accept", "undo", "load", "adopt", "adopt_preview", "undo_opening")),
    *(("/orders/1001", {"action": ask}) for ask in ("hold", "release", "void", "label", "retry", "reject")),
    ("/people", {"do": "invite"}), ("/account", {"do": "password"}), ("/privacy", {"do": "export"}),
    ("/exceptions", {"action": "retry_parked"}), ("/exceptions", {"action": "seen"}), ("/connections/shop", {"action": "levels"}), ("/stock", {"do": "receive"}),
]  # fmt: skip
"""Page -> what a form of it asks for."""
RAW_FORMS = (
    (b"\xff=\xff&%ED%A0%80=1", "application/x-www-form-urlencoded"),
    (b"a=b", "application/x-www-form-urlencoded; charset=nothing"),
    (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
    (b"", "multipart/form-data"),
    (b"{}", "application/json"),
)
SHOP = f"/webhooks/{MERCHANT}/shop"
HEADERS = (
    "Idempotency-Key",
    "Authorization",
    "Cookie",
    "Origin",
    "Content-Type",
    "Accept-Language",
    "Sec-Fetch-Site",
)
ODD_HEADERS = (
    "\udcff\udcfe",
    "crossdock_session=\udcff.x",
    "Bearer \udcff",
    "x" * 3000,
    "text/plain; charset=x",
)
OF_PAGES = {
    "/orders": ("after", "stage", "text", "done"), "/orders/{order}/done": ("since", "back"), "/login": ("next",),
    "/exceptions": ("after", "stage"), "/deliveries": ("after",), "/connect/callback/{connector}": ("state", "code"),
}  # fmt: skip
"""Pages -> what they read of an address."""
CART = Cart(number="1001", lines=(("CHEF-8", 1, 6997),), ship_to=home(), email="kara@example.test")

pytestmark = pytest.mark.case("F11")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each database."""
    return str(request.param)


@pytest.fixture
async def known(kind: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A site on each database, with an order on its way."""
    async with open_site(tmp_path, kind) as site:
        place(site.b.world, "shop", CART)
        await pass_time(site.b, timedelta(minutes=16))
        yield site


def routes(site: Site) -> Iterator[tuple[str, str]]:
    """Yield (method, path with its parameters) of every route."""
    for route in site.app.router.routes():
        assert route.resource is not None
        yield route.method, route.resource.canonical


def filled(path: str, odd: Mapping[str, str] | None = None) -> str:
    """Return a path with its parameters filled in, each as it stands in an address."""
    given = odd or {}
    return re.sub(r"\{(\w+)\}", lambda m: given.get(m[1]) or quote(BASE[m[1]], safe=""), path)


class Judge:
    """Asks, and remembers every answer that is a fault of ours, or none that a program can read."""

    def __init__(self, site: Site, cookie: str) -> None:
        self.site = site
        self.cookie = cookie
        self.wrong: list[str] = []
        self.asked = 0

    async def ask(self, method: str, path: str | URL, **more: Any) -> None:
        headers = dict(more.pop("headers", {})) | {"Accept": "application/json"}
        if "/api/" in str(path):
            headers.setdefault("Authorization", f"Bearer {KEY}")
        headers.setdefault("Cookie", self.cookie)
        answer = await self.site.ask(method, path, headers=headers, **more)
        self.asked += 1
        self.judge(answer, f"{method} {str(path)[-120:]} {str(more)[:160]}")

    def judge(self, answer: Answer, what: str) -> None:
        kind = answer.headers.get("Content-Type", "")
        page = kind.startswith("text/html")
        if answer.status >= 500 or (answer.status >= 400 and not page and "problem+json" not in kind):
            self.wrong.append(f"{answer.status} {kind}: {what}: {answer.body[:200]!r}")


async def test_odd_addresses_and_headers_are_no_fault_of_ours_anywhere(known: Site, kind: str) -> None:
    judge = Judge(known, await known.log_in())
    as_sent = [*(quote(odd, safe="") for odd in ODD[kind]), HALF]
    queries = {
        PREFIX + e.path: (*e.query.model_fields, "x") for e in ENDPOINTS if e.query.model_fields
    } | OF_PAGES
    for method, path in routes(known):
        for odd, name in itertools.product(as_sent, re.findall(r"\{(\w+)\}", path)):
            await judge.ask(method, _url(known, filled(path, {name: odd})))
        if method == "GET":
            for odd, name in itertools.product(as_sent, queries.get(path, ("x",))):
                await judge.ask(method, _url(known, f"{filled(path)}?{name}={odd}"))
    for path, header, value in itertools.product(
        ("/orders", "/api/v1/orders", SHOP, "/login"), HEADERS, ODD_HEADERS
    ):
        await judge.ask("POST", path, headers={header: value})
    assert not judge.wrong, "\n".join(judge.wrong)
    assert judge.asked > 500


def _url(site: Site, path: str) -> URL:
    return URL(f"{site.url}{path}", encoded=True)


async def test_odd_bodies_are_no_fault_of_ours_anywhere(known: Site, kind: str) -> None:
    judge = Judge(known, await known.log_in())
    for endpoint in ENDPOINTS:
        if not endpoint.changes:
            continue
        path = PREFIX + filled(endpoint.path)
        good = dict(endpoint.example or {})
        for odd in ODD_JSON[kind]:
            await judge.ask(endpoint.method, path, data=json.dumps(odd).encode())
            for body in _bodies(good, endpoint.takes.model_fields, odd):
                await judge.ask(endpoint.method, path, data=json.dumps(body).encode())
    for raw in (b"\xff", b"{", b"[" * 50_000, b'{"a":' * 50_000, b"\xef\xbb\xbf{}", b"1" * 5000):
        await judge.ask("POST", f"{PREFIX}/stock/count", data=raw)
    assert not judge.wrong, "\n".join(judge.wrong)
    assert judge.asked > 500


def _bodies(good: Any, fields: Any, odd: Any) -> Iterator[Any]:
    """Yield a good body with each of its values, at any depth, in turn an odd one; and each field that it leaves out."""
    for name in fields:
        yield {**good, name: odd}
    yield from _changed(good, odd)


def _changed(value: Any, odd: Any) -> Iterator[Any]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        for other in (odd, *_changed(inner, odd)):
            if isinstance(value, dict):
                yield {**value, key: other}
            else:
                yield [*value[:key], other, *value[key + 1 :]]
    if isinstance(value, dict) and isinstance(odd, str):
        yield {**value, odd: 1}


async def test_odd_forms_are_no_fault_of_ours_anywhere(known: Site, kind: str) -> None:
    judge = Judge(known, await known.log_in())
    for method, path in routes(known):
        if method != "POST" or path.startswith(("/api/", "/webhooks/")):
            continue
        for odd, name in itertools.product(ODD[kind], FORM):
            await judge.ask(method, filled(path), data=FORM | {name: odd})
        for raw, content in RAW_FORMS:
            await judge.ask(method, filled(path), data=raw, headers={"Content-Type": content})
    for path, doing in DOINGS:
        for odd, name in itertools.product(
            ODD[kind][1:3], ("sku", "units", "of", "listing", "connection", "id", "order")
        ):
            await judge.ask("POST", path, data=FORM | doing | {name: odd})
    assert not judge.wrong, "\n".join(judge.wrong)
    assert judge.asked > 500


async def test_a_signed_delivery_that_no_row_can_hold_is_kept_as_unreadable(known: Site) -> None:
    good = json.loads(a_notification())
    named = ("event_id", "topic", "subject", "account")
    sent = 0
    for name in named:
        for odd in ("\0", "a\0b", "\ud800", LONG, "x" * 501):
            body = json.dumps(good | {name: odd}).encode()
            answer = await known.notify(SHOP, body)
            assert answer.status == 200, (name, odd[:5], answer.text)
            sent += 1
    kept = await known.b.store.read(
        lambda conn: conn.execute(
            sa.select(sa.func.count())
            .select_from(deliveries)
            .where(deliveries.c.merchant == MERCHANT, deliveries.c.topic == "unreadable")
        ).scalar_one()
    )
    assert kept == sent == 20
