"""Who is let in: keys, cookies, forms from elsewhere; and no merchant sees another."""

import base64
import json
from datetime import timedelta

import pytest
from aiohttp import web

from core.store.api_keys import delete_api_key, save_api_key
from core.store.orders import facts_of
from core.store.stock import list_stock
from core.store.switches import accepted_actions
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import settle
from tests.web.site import KEY, OTHER, OTHER_KEY, SECRET, Answer, Site, a_notification, fields_of
from web.signing import sign

PAGES = ("/orders", "/stock", "/connections", "/deliveries")
NAMED = {
    "order": "shop:kk-1001",
    "parcel": "reno-1",
    "connection": "shop",
    "listing": "CHEF-8",
    "event": "e1",
    "merchant": MERCHANT,
    "id": "3f0c9a1b2d4e",
}
OPEN_TO_ALL = {
    "/healthz", "/readyz", "/metrics", "/login", "/api/v1/openapi.json", "/assets/{filename}",
    "/webhooks/{merchant}/{connection}", "/webhooks/{app}", "/connect/callback/{connector}",
}  # fmt: skip
KARA = Cart(
    number="KK-1001", lines=(("CHEF-8", 1, 6997),), ship_to=home(name="Kara Kline"), email="kara@example.test"
)


async def with_an_order(site: Site) -> None:
    place(site.b.world, "shop", KARA)
    await settle(site.b)


@pytest.mark.parametrize("key", ["", "wrong", KEY.upper(), "schl\u00fcssel", "\udcff"])
async def test_a_wrong_key_is_401_and_gives_no_cookie(site: Site, key: str) -> None:
    in_header = await site.ask("GET", "/api/v1/orders", headers={"Authorization": f"Bearer {key}"})
    in_form = await site.ask("POST", "/login", data={"key": key.encode("utf-8", "replace").decode()})

    assert (in_header.status, in_form.status) == (401, 401)
    assert in_header.headers["WWW-Authenticate"] == "Bearer"
    assert "Set-Cookie" not in in_form.headers
    assert "No merchant has this key" in in_form.text


async def test_a_browser_that_gave_its_key_is_let_in_until_it_logs_out(site: Site) -> None:
    answer = await site.ask("POST", "/login", data={"key": KEY, "next": "/stock"})

    assert (answer.status, answer.headers["Location"]) == (303, "/stock")
    given = answer.headers["Set-Cookie"]
    assert all(word in given for word in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=43200"))
    cookie = given.partition(";")[0]
    assert (await site.ask("GET", "/stock", cookie=cookie)).status == 200
    out = await site.ask("POST", "/logout", cookie=cookie)
    assert (out.status, out.headers["Location"]) == (303, "/login")
    assert 'crossdock_session=""' in out.headers["Set-Cookie"]


async def test_a_session_ends_with_its_time_and_with_its_key(site: Site) -> None:
    cookie = await site.log_in()
    await site.b.store.write(delete_api_key, MERCHANT, "kendra")
    assert (await site.ask("GET", "/orders", cookie=cookie)).status == 303

    await site.b.store.write(save_api_key, MERCHANT, KEY, name="kendra", role="owner", now=site.b.clock.now())
    assert (await site.ask("GET", "/orders", cookie=cookie)).status == 200
    site.b.clock.move_to(site.b.clock.now() + timedelta(hours=12, seconds=1))
    assert (await site.ask("GET", "/orders", cookie=cookie)).status == 303


async def test_a_key_that_was_taken_back_opens_nothing(site: Site) -> None:
    await site.b.store.write(delete_api_key, MERCHANT, "kendra")
    assert (await site.ask("GET", "/api/v1/orders", key=KEY)).status == 401


async def test_a_cookie_cannot_be_forged(site: Site) -> None:
    until = site.b.clock.now() + timedelta(hours=1)
    name, _, good = (await site.log_in()).partition("=")
    body, _, mac = good.partition(".")
    told = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    other = base64.urlsafe_b64encode(json.dumps(told | {"merchant": OTHER, "name": "rita"}).encode()).decode()
    forged = [
        f"{other.rstrip('=')}.{mac}",
        f"{body}.{'0' * len(mac)}",
        f"{body}.",
        body,
        "",
        ".",
        "%%%.%%%",
        sign(b"another secret", "session", {"merchant": MERCHANT, "name": "kendra"}, until),
        sign(SECRET, "connect", {"merchant": MERCHANT, "name": "kendra"}, until),
    ]

    answers = [await site.ask("GET", "/orders", cookie=f"{name}={text}") for text in forged]

    assert [(a.status, a.headers["Location"]) for a in answers] == [(303, "/login?next=/orders")] * 9
    assert (await site.ask("GET", "/orders", cookie=f"{name}={good}")).status == 200


@pytest.mark.parametrize(
    "onward",
    [
        "//evil.test", "/\\evil.test", "https://evil.test", "javascript:alert(1)", "/\t/evil.test", "/\n/evil.test",
        "\\\\evil.test", " //evil.test", "evil.test", "", "/%0a\r\nSet-Cookie: a=b",
    ],
)  # fmt: skip
async def test_next_cannot_leave_the_site(site: Site, onward: str) -> None:
    answer = await site.ask("POST", "/login", data={"key": KEY, "next": onward})

    assert (answer.status, answer.headers["Location"]) == (303, "/orders")


async def test_a_page_asked_for_before_the_log_in_is_shown_after_it_with_its_whole_query(site: Site) -> None:
    asked = await site.ask("GET", "/orders?stage=ready&text=KK-1")

    assert asked.headers["Location"] == "/login?next=/orders%3Fstage%3Dready%26text%3DKK-1"
    form = await site.ask("GET", asked.headers["Location"])
    assert '<input name="next" type="hidden" value="/orders?stage=ready&amp;text=KK-1">' in form.text
    assert "Content-Security-Policy" in asked.headers


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.test"}, {"Origin": "null"}],
)  # fmt: skip
async def test_a_form_from_another_site_is_refused_and_changes_nothing(
    site: Site, headers: dict[str, str]
) -> None:
    cookie = await site.log_in()
    before = await site.b.store.read(accepted_actions, MERCHANT)

    form = {"action": "levels", "to": "off"}
    switched = await site.ask("POST", "/connections/shop", cookie=cookie, data=form, headers=headers)
    by_api = await site.ask(
        "POST", "/api/v1/connections/shop/stop", cookie=cookie, data=b"{}", headers=headers
    )
    logged_in = await site.ask("POST", "/login", data={"key": KEY}, headers=headers)

    assert [a.status for a in (switched, by_api, logged_in)] == [403, 403, 403]
    assert await site.b.store.read(accepted_actions, MERCHANT) == before


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "https://hub.kendra.test"}]
)
async def test_a_form_of_our_own_is_taken(site: Site, headers: dict[str, str]) -> None:
    form = {"action": "levels", "to": "off"}
    cookie = await site.log_in()
    plan = await site.ask("POST", "/connections/shop", cookie=cookie, data=form, headers=headers)
    word = fields_of(plan.text)
    answer = await site.ask("POST", "/connections/shop", cookie=cookie, data=word, headers=headers)

    assert (answer.status, answer.headers["Location"].endswith("#shop")) == (303, True)
    assert ("shop", "levels") not in await site.b.store.read(accepted_actions, MERCHANT)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"key=\xff\xfe", "application/x-www-form-urlencoded"), (b"key=a", "application/x-www-form-urlencoded; charset=nonsense")],
)  # fmt: skip
async def test_a_form_that_cannot_be_read_is_400(site: Site, data: bytes, kind: str) -> None:
    assert (await site.ask("POST", "/login", data=data, headers={"Content-Type": kind})).status in {400, 401}


# --- merchants do not see one another ---


def routes(app: web.Application) -> list[tuple[str, str]]:
    """Return (method, path) of every route that is not open to all."""
    found = []
    for route in app.router.routes():
        path = route.resource.canonical if route.resource else ""
        if path not in OPEN_TO_ALL:
            found.append((route.method, path))
    return found


async def asked(site: Site, route: tuple[str, str], **who: str) -> Answer:
    method, path = route
    body = {"release": b'{"reason": "risk"}', "void": b'{"parcel": "reno-1"}'}.get(
        path.rpartition("/")[2], b""
    )
    return await site.ask(
        method, path.format(**NAMED), data=body if method in {"POST", "PUT"} else None, **who
    )


async def test_every_route_wants_to_know_who_asks(site: Site) -> None:
    await with_an_order(site)
    found = routes(site.app)
    assert len(found) > 30

    for route in found:
        answer = await asked(site, route)
        if route[1].startswith("/api/"):
            assert answer.status == 401, route
        else:
            assert answer.status == 303, route
            assert answer.headers["Location"].startswith("/login?next=/"), route
        assert b"Kara" not in answer.body, route


async def test_no_route_shows_one_merchant_to_another(site: Site) -> None:
    await with_an_order(site)
    await site.notify(f"/webhooks/{MERCHANT}/shop", a_notification())
    before = (
        await site.stored(),
        await site.b.store.read(accepted_actions, MERCHANT),
        await site.b.store.read(list_stock, MERCHANT),
    )
    facts = await site.b.store.read(facts_of, MERCHANT, "shop:kk-1001")
    cookie = await site.log_in(OTHER_KEY)

    for route in routes(site.app):
        for who in ({"key": OTHER_KEY}, {"cookie": cookie}):
            answer = await asked(site, route, **who)
            assert answer.status in {200, 303, 404, 409, 422}, route
            if any(f"{{{name}}}" in route[1] for name in ("order", "event", "merchant", "parcel")):
                assert answer.status == 404, route
            for leak in (b"KK-1001", b"Kara", b"Test Kitchen", MERCHANT.encode()):
                assert leak not in answer.body, (route, leak)

    assert before == (
        await site.stored(), await site.b.store.read(accepted_actions, MERCHANT), await site.b.store.read(list_stock, MERCHANT)
    )  # fmt: skip
    assert facts == await site.b.store.read(facts_of, MERCHANT, "shop:kk-1001")


async def test_every_answer_forbids_scripts_frames_and_copies(site: Site) -> None:
    cookie = await site.log_in()
    for path in (*PAGES, "/login", "/nothing", "/healthz", "/api/v1/orders"):
        headers = (await site.ask("GET", path, cookie=cookie)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")
