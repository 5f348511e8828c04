"""A connection works once its vendor has answered a call that only who is signed in may make (R114)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.bogus.client import Fault
from core.ports import Token
from core.services.connecting import begin, begin_work
from core.services.health import health_of
from core.store.tokens import TokenRow
from simulation.shoppers import place
from tests.builders import MERCHANT
from tests.core.flow.play import pass_time, settle
from tests.stored import jobs_of_kind
from tests.web.site import KEY, OTHER_KEY, PUBLIC, Site
from tests.web.test_api import cart

UNTESTED = {
    "state": "untested",
    "tested_at": None,
    "said": "",
    "do": "test it: on the page of connections, or crossdock connections test pay",
}
WORKS = {
    "state": "works",
    "tested_at": "2026-11-30T16:00:00Z",
    "said": "Bogus takes us for pay of a world in memory",
    "do": "",
}
REFUSED = {
    "state": "refused",
    "tested_at": "2026-11-30T16:00:00Z",
    "said": "Bogus does not accept the credentials (probe: answered 401)",
    "do": "correct the credentials in crossdock.yaml and what they take from the environment, then start again",
}
SILENT = {
    "state": "silent",
    "tested_at": "2026-11-30T16:00:00Z",
    "said": "Bogus does not answer (does not answer)",
    "do": "it is asked again every few minutes; if it is not down, see whether its address is right",
}


async def shown(site: Site, connection: str = "pay", key: str = KEY) -> dict[str, Any]:
    """Return how the API shows a connection."""
    listed = (await site.ask("GET", "/api/v1/connections", key=key)).json["connections"]
    [one] = [c for c in listed if c["connection"] == connection]
    return {name: one[name] for name in UNTESTED}


async def press(site: Site, connection: str = "pay", key: str = KEY) -> Any:
    return await site.ask("POST", f"/api/v1/connections/{connection}/test", key=key)


@pytest.mark.req("R114")
async def test_a_connection_is_untested_until_its_vendor_was_asked(site: Site) -> None:
    assert await shown(site) == UNTESTED

    answer = await press(site)

    assert answer.status == 200
    assert {name: answer.json[name] for name in UNTESTED} == WORKS
    assert await shown(site) == WORKS
    assert await shown(site, key=OTHER_KEY) == UNTESTED


@pytest.mark.req("R114")
async def test_a_start_asks_every_vendor_and_waits_for_none(site: Site) -> None:
    site.b.world.locked_out = {"pay"}
    site.b.world.faults = lambda operation: Fault.BEFORE if operation == "probe" else None

    await begin_work(site.b.hub, MERCHANT, PUBLIC)

    assert site.b.world.calls["pay", "probe"] == 0
    assert {h.state for h in await health_of(site.b.hub, MERCHANT)} == {"untested"}
    await settle(site.b)
    assert {h.connection: h.state for h in await health_of(site.b.hub, MERCHANT)} == {
        "shop": "silent", "amz": "silent", "pay": "silent", "post": "silent", "mail": "silent",
    }  # fmt: skip
    assert await shown(site) == SILENT


@pytest.mark.req("R114")
async def test_refused_is_told_apart_from_silent_and_says_what_to_do(site: Site) -> None:
    site.b.world.locked_out = {"pay"}
    assert (await press(site)).status == 200
    assert await shown(site) == REFUSED

    site.b.world.faults = lambda _operation: Fault.LOST
    await press(site)
    assert (await shown(site))["state"] == "silent"

    site.b.world.locked_out, site.b.world.faults = set(), lambda _operation: None
    await press(site)
    assert await shown(site) == WORKS


@pytest.mark.req("R114")
async def test_what_did_not_work_is_asked_again_in_ten_minutes_and_what_works_in_six_hours(
    site: Site,
) -> None:
    site.b.world.locked_out = {"pay"}
    await begin(site.b.hub, MERCHANT, "pay", PUBLIC)
    await settle(site.b)
    assert await shown(site) == REFUSED
    site.b.world.locked_out = set()

    await pass_time(site.b, timedelta(minutes=9))
    assert await shown(site) == REFUSED
    await pass_time(site.b, timedelta(minutes=1))
    assert await shown(site) == {**WORKS, "tested_at": "2026-11-30T16:10:00Z"}

    await pass_time(site.b, timedelta(hours=5, minutes=59))
    assert site.b.world.calls["pay", "probe"] == 2
    await pass_time(site.b, timedelta(minutes=1))
    assert await shown(site) == {**WORKS, "tested_at": "2026-11-30T22:10:00Z"}


@pytest.mark.req("R114")
async def test_while_a_vendor_asks_to_wait_what_it_said_before_stands(site: Site) -> None:
    await begin(site.b.hub, MERCHANT, "pay", PUBLIC)
    await settle(site.b)
    site.b.world.faults = lambda _operation: Fault.THROTTLED

    answer = await press(site)

    assert (answer.status, answer.json["detail"]) == (503, "pay: too many calls")
    assert await shown(site) == WORKS
    await begin(site.b.hub, MERCHANT, "pay", PUBLIC)
    await settle(site.b)
    assert site.b.world.calls["pay", "probe"] == 3
    assert await shown(site) == WORKS
    [job] = await site.b.store.read(jobs_of_kind, MERCHANT, "probe")
    assert (job.error, job.attempts) == (None, 0)


@pytest.mark.req("R114")
async def test_who_takes_us_and_then_fails_at_something_is_failing(site: Site) -> None:
    await press(site, "shop")
    site.b.world.faults = lambda operation: Fault.BEFORE if operation == "changed_orders" else None
    await begin(site.b.hub, MERCHANT, "shop", PUBLIC)

    await settle(site.b)

    assert await shown(site, "shop") == {
        "state": "failing",
        "tested_at": "2026-11-30T16:00:00Z",
        "said": "Bogus takes us for shop of a world in memory",
        "do": "see what is paused, or the last trouble",
    }


@pytest.mark.req("R114", "R87")
async def test_who_takes_us_and_does_nothing_for_the_account_is_failing(site: Site) -> None:
    await press(site, "post")
    site.b.world.paused = {"buy"}
    place(site.b.world, "shop", cart(1001))
    await pass_time(site.b, timedelta(minutes=16))

    assert (await shown(site, "post"))["state"] == "failing"
    cookie = await site.log_in()
    assert (
        '<span class="tag failing">failing</span>'
        in (await site.ask("GET", "/connections", cookie=cookie)).text
    )


@pytest.mark.req("R114")
async def test_not_connected_and_reconnect_are_told_apart_and_cannot_be_tested_into_working(
    site: Site,
) -> None:
    class Consent:
        def consent_url(self, *, state: str, redirect_uri: str) -> str:
            return "https://vendor.test"

        async def complete(self, query: Any, *, redirect_uri: str) -> Token:
            raise AssertionError

        async def refresh(self, token: Token) -> Token:
            raise AssertionError

    site.change(MERCHANT, "shop", authorizer=Consent())
    refused = await press(site, "shop")
    assert (refused.status, refused.json["detail"]) == (
        409,
        "shop is not connected yet; authorize shop: on the page of connections, or as crossdock connect says",
    )
    assert (await shown(site, "shop"))["state"] == "not connected"
    assert site.b.world.calls["shop", "probe"] == 0

    row = TokenRow(keyring=site.b.store.keys, merchant=MERCHANT, connection="shop")
    await site.b.store.write(row.put, Token(access="a", refresh="r"), site.b.clock.now())
    assert (await shown(site, "shop"))["state"] == "untested"
    kept = await site.b.store.read(row.find)
    assert kept is not None
    now = site.b.clock.now()
    assert await site.b.store.write(row.claim, kept, owner="w1", now=now, until=now + timedelta(minutes=1))
    assert await site.b.store.write(row.mark_dead, kept, "w1")

    await press(site, "shop")

    assert (await shown(site, "shop"))["state"] == "reconnect"


@pytest.mark.req("R114")
@pytest.mark.parametrize(
    ("connection", "key", "status"), [("nothing", KEY, 404), ("pay", "no-such-key-000000", 401)]
)
async def test_who_may_not_or_names_another_connection_asks_nobody(
    site: Site, connection: str, key: str, status: int
) -> None:
    assert (await press(site, connection, key)).status == status
    assert site.b.world.calls["pay", "probe"] == 0


@pytest.mark.req("R114")
async def test_the_page_shows_the_state_in_its_colour_what_was_said_and_a_button(site: Site) -> None:
    cookie = await site.log_in()
    page = (await site.ask("GET", "/connections", cookie=cookie)).text
    assert page.count('<span class="tag untested">untested</span>') == 5
    assert page.count(">Test</button>") == 5
    site.b.world.locked_out = {"pay"}

    pressed = await site.ask("POST", "/connections/pay/test", cookie=cookie)

    assert (pressed.status, pressed.headers["Location"]) == (303, "/connections#pay")
    page = (await site.ask("GET", "/connections", cookie=cookie)).text
    assert page.count('<span class="tag refused">refused</span>') == 1
    assert (
        "Bogus does not accept the credentials (probe: answered 401), asked Mon 30 Nov 16:00:00 UTC." in page
    )
    assert "Correct the credentials in crossdock.yaml" in page
    assert 'class="tag works"' not in page


@pytest.mark.req("R114")
async def test_readiness_names_what_is_refused_silent_and_untested_one_by_one(site: Site) -> None:
    for connection, locked in (("pay", True), ("mail", True), ("shop", False)):
        site.b.world.locked_out = {connection} if locked else set()
        await press(site, connection)
    site.b.world.faults = lambda _operation: Fault.BEFORE
    await press(site, "post")

    told = (await site.ask("GET", "/api/v1/readiness", key=KEY)).json

    of_tests = [f for f in told["findings"] if f["kind"] in {"credentials", "silent", "untested"}]
    assert not told["ready"]
    assert [(f["kind"], f["where"], f["what"]) for f in of_tests] == [
        ("credentials", ["pay"], "pay: Bogus does not accept the credentials (probe: answered 401)"),
        ("silent", ["post"], "post: Bogus does not answer (does not answer)"),
        ("credentials", ["mail"], "mail: Bogus does not accept the credentials (probe: answered 401)"),
        ("untested", ["amz"], "connections that were not tested yet: nobody knows whether they work"),
    ]
    assert all(f["do"] for f in of_tests)


@pytest.mark.req("R114")
async def test_what_is_told_nothing_to_ask_stays_untested_is_no_fault_and_says_how_to_change_that(
    site: Site,
) -> None:
    """A tool of the merchant's own has nothing that every other has: crossdock.yaml says what only reads."""
    await press(site)
    assert (await shown(site))["state"] == "works"
    known = site.b.hub.connections(MERCHANT)
    told = replace(known.connectors["pay"], tested_by="mode")  # its settings say none
    site.b.hub.merchants[MERCHANT] = replace(known, connectors={**known.connectors, "pay": told})
    do = "say what may be asked of it that changes nothing (mode of pay in crossdock.yaml), or leave it untested"

    assert await shown(site) == {"state": "untested", "tested_at": None, "said": "", "do": do}
    refused = await press(site)
    assert (refused.status, refused.json["detail"]) == (409, f"pay cannot be tested: {do}")
    assert site.b.world.calls["pay", "probe"] == 1
    ready = (await site.ask("GET", "/api/v1/readiness", key=KEY)).json
    [untested] = [f["where"] for f in ready["findings"] if f["kind"] == "untested"]
    assert untested == ["shop", "amz", "post", "mail"]
