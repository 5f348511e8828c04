"""Who is let in: keys, cookies, forms from elsewhere; and no merchant sees another."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from aiohttp import web

from core.store.api_keys import delete_api_key, save_api_key
from core.store.orders import facts_of
from core.store.switches import accepted_actions
from core.store.tables import sessions
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import settle
from tests.stored import list_stock
from tests.web.site import KEY, OTHER, OTHER_KEY, PUBLIC, SECRET, Answer, Site, a_notification, fields_of
from web.signing import sign

PAGES = ("/orders", "/stock", "/connections", "/deliveries")
NAMED = {
    "order": "shop:kk-1001",
    "parcel": "reno-1",
    "sku": "CHEF-8",
    "connection": "shop",
    "listing": "CHEF-8",
    "event": "e1",
    "run": "order-0c1d",
    "merchant": MERCHANT,
    "id": "3f0c9a1b2d4e",
    "user": "kim",
    "name": "warehouse",
}
BODIES = {
    "release": b'{"reason": "risk"}',
    "void": b'{"parcel": "reno-1"}',
    "notes": b'{"text": "gift wrap"}',
    "tags": b'{"tags": ["urgent"]}',
    "assignee": b'{"assignee": null}',
    "role": b'{"role": "owner"}',
    "rename": b'{"name": "Eve"}',
    "invitations": b'{"name": "Eve", "role": "owner"}',
    "keys": b'{"name": "eve", "role": "owner"}',
}
"""By the last word of a path, what is asked there."""
OPEN_TO_ALL = {
    "/healthz", "/readyz", "/metrics", "/login", "/api/v1/openapi.json", "/assets/{filename}",
    "/join/{merchant}/{secret}", "/webhooks/{merchant}/{connection}", "/webhooks/{app}", "/connect/callback/{connector}",
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
    assert all(word in given for word in ("HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age=604800"))
    assert given.startswith("__Host-crossdock_session=kendra.")
    assert "Domain" not in given
    cookie = given.partition(";")[0]
    assert (await site.ask("GET", "/stock", cookie=cookie)).status == 200
    out = await site.ask("POST", "/logout", cookie=cookie)
    assert (out.status, out.headers["Location"]) == (303, "/login")
    assert 'crossdock_session=""' in out.headers["Set-Cookie"]


async def test_a_session_ends_half_a_day_after_it_was_used_last_and_a_week_after_it_began(site: Site) -> None:
    cookie, began = await site.log_in(), site.b.clock.now()

    for hours in (11, 22, 33):  # noted each time
        site.b.clock.move_to(began + timedelta(hours=hours))
        assert (await site.ask("GET", "/orders", cookie=cookie)).status == 200
    site.b.clock.move_to(began + timedelta(hours=45))
    assert (await site.ask("GET", "/orders", cookie=cookie)).status == 303

    cookie, began = await site.log_in(), site.b.clock.now()
    for hours in range(11, 168, 11):
        site.b.clock.move_to(began + timedelta(hours=hours))
        assert (await site.ask("GET", "/orders", cookie=cookie)).status == 200
    site.b.clock.move_to(began + timedelta(days=7))
    assert (await site.ask("GET", "/orders", cookie=cookie)).status == 303


@pytest.mark.case("F14")
async def test_a_session_does_not_work_after_the_log_out(site: Site) -> None:
    cookie, other = await site.log_in(), await site.log_in()

    await site.ask("POST", "/logout", cookie=cookie)

    assert (await site.ask("GET", "/orders", cookie=cookie)).status == 303
    assert (await site.ask("GET", "/api/v1/orders", headers={"Cookie": cookie})).status == 401
    assert (await site.ask("GET", "/orders", cookie=other)).status == 200


@pytest.mark.case("F14")
async def test_a_session_ends_with_its_key_and_does_not_revive_with_a_new_key_of_the_name(site: Site) -> None:
    cookie = await site.log_in()
    await site.b.store.write(delete_api_key, MERCHANT, "kendra")
    assert (await site.ask("GET", "/orders", cookie=cookie)).status == 303

    for key in ("another-key-0123456789-abc", KEY):
        await site.b.store.write(
            save_api_key, MERCHANT, key, name="kendra", role="owner", now=site.b.clock.now()
        )
    assert (await site.ask("GET", "/orders", cookie=cookie)).status == 303


async def test_a_sign_in_ends_the_session_that_the_browser_had(site: Site) -> None:
    before = await site.log_in()
    answer = await site.ask("POST", "/login", cookie=before, data={"key": KEY})

    after = answer.headers["Set-Cookie"].partition(";")[0]
    assert after != before
    assert (await site.ask("GET", "/orders", cookie=before)).status == 303
    assert (await site.ask("GET", "/orders", cookie=after)).status == 200


async def test_a_key_that_was_taken_back_opens_nothing(site: Site) -> None:
    await site.b.store.write(delete_api_key, MERCHANT, "kendra")
    assert (await site.ask("GET", "/api/v1/orders", key=KEY)).status == 401


async def test_a_cookie_cannot_be_forged(site: Site) -> None:
    until = site.b.clock.now() + timedelta(hours=1)
    name, _, good = (await site.log_in()).partition("=")
    merchant, _, token = good.partition(".")
    [known] = await site.b.store.read(token_hashes, MERCHANT)
    forged = [
        f"{OTHER}.{token}",
        f"{merchant}.{known}",
        f"{merchant}.{token[:-1]}",
        f"{merchant}.",
        token,
        "",
        ".",
        "%%%.%%%",
        f"{merchant}.\xff\xfe",
        sign(SECRET, "session", {"merchant": MERCHANT, "name": "kendra"}, until),  # what was taken before
    ]

    answers = [await site.ask("GET", "/orders", cookie=f"{name}={text}") for text in forged]

    assert [(a.status, a.headers["Location"]) for a in answers] == [(303, "/login?next=/orders")] * 10
    assert (await site.ask("GET", "/orders", cookie=f"{name}={good}")).status == 200


def token_hashes(conn: sa.Connection, merchant: str) -> list[str]:
    """Return what is kept of the tokens."""
    query = sa.select(sessions.c.token_hash).where(sessions.c.merchant == merchant)
    return list(conn.execute(query).scalars())


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
    ("data", "kind", "status"),
    [(b"key=\xff\xfe", "application/x-www-form-urlencoded", 400), (b"key=a", "application/x-www-form-urlencoded; charset=nonsense", 415)],
)  # fmt: skip
async def test_a_form_that_cannot_be_read_is_refused(site: Site, data: bytes, kind: str, status: int) -> None:
    answer = await site.ask("POST", "/login", data=data, headers={"Content-Type": kind})

    assert (answer.status, "Set-Cookie" in answer.headers) == (status, False)


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
    body = BODIES.get(path.rpartition("/")[2], b"")
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

    for route in routes(site.app):
        for by in ("key", "cookie"):  # signed in anew each time: some routes end the session
            who = {by: OTHER_KEY if by == "key" else await site.log_in(OTHER_KEY)}
            answer = await asked(site, route, **who)
            assert answer.status in {200, 303, 404, 409, 422}, route
            if any(
                f"{{{name}}}" in route[1] for name in ("order", "event", "merchant", "parcel", "user", "name")
            ):
                assert answer.status == 404, route
            for leak in (b"KK-1001", b"Kara", b"Test Kitchen", MERCHANT.encode()):
                assert leak not in answer.body.replace(PUBLIC.encode(), b""), (route, leak)

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
