"""What a vendor does for nobody is shown, and tried again at once on a person's word, by program or by button (R87)."""

import re
from datetime import timedelta
from typing import Any

import pytest

from connectors.bogus.client import Effect
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import pass_time, settle
from tests.web.site import KEY, OTHER_KEY, Site

RESUME = "/api/v1/connections/post/resume"
BUTTON = '<form class="switch" method="post" action="/connections/post/resume"><button>Try again now</button></form>'
PAUSED = {
    "action": "labels",
    "since": "2026-11-30T16:15:00Z",
    "reason": "post: buy: the account is empty",
    "look_at": "2026-11-30T16:25:00Z",
    "waiting": 1,
}


async def empty_wallet(site: Site) -> None:
    """Have one order wait for its label since 16:15; it is 16:16."""
    place(site.b.world, "shop", Cart(number="KK-1001", lines=(("SOCKS-CHEF", 1, 1400),), ship_to=home()))
    site.b.world.paused = {"buy"}
    await pass_time(site.b, timedelta(minutes=16))


async def paused(site: Site, key: str = KEY) -> dict[str, Any]:
    """Return what is paused of each connection of which something is."""
    listed = (await site.ask("GET", "/api/v1/connections", key=key)).json["connections"]
    return {c["connection"]: c["paused"] for c in listed if c["paused"]}


async def bought(site: Site) -> tuple[str, int]:
    """Return where the order stands, and how many labels were bought for it."""
    await settle(site.b)
    state = await site.b.store.load(MERCHANT, "shop:kk-1001")
    assert state is not None
    return state.stage.value, site.b.world.effects[Effect.LABEL, "KK-1001/reno-1"]


@pytest.mark.req("R87")
async def test_after_the_wallet_is_filled_the_api_has_the_label_bought_at_once(site: Site) -> None:
    await empty_wallet(site)
    assert await paused(site) == {"post": [PAUSED]}
    site.b.world.paused = set()
    assert await bought(site) == ("ready", 0)

    answer = await site.ask("POST", RESUME, key=KEY)

    assert answer.status == 200
    assert [c["paused"] for c in answer.json["connections"] if c["connection"] == "post"] == [
        [{**PAUSED, "look_at": "2026-11-30T16:16:00Z"}]
    ]
    assert await bought(site) == ("shipped", 1)
    assert await paused(site) == {}
    again = await site.ask("POST", RESUME, key=KEY)
    assert (again.status, again.json["detail"]) == (409, "nothing of post is paused")


@pytest.mark.req("R87")
async def test_while_the_wallet_is_still_empty_one_more_call_is_made_and_the_pause_stands_on(
    site: Site,
) -> None:
    await empty_wallet(site)
    assert site.b.world.calls["post", "buy"] == 1

    assert (await site.ask("POST", RESUME, key=KEY)).status == 200

    assert await bought(site) == ("ready", 0)
    assert site.b.world.calls["post", "buy"] == 2
    assert await paused(site) == {"post": [{**PAUSED, "look_at": "2026-11-30T16:26:00Z"}]}


@pytest.mark.req("R87")
@pytest.mark.parametrize(
    ("connection", "key", "status", "says"),
    [
        ("shop", KEY, 409, "nothing of shop is paused"),
        ("nothing", KEY, 404, "no connection named 'nothing'; crossdock.yaml has shop, amz, pay, post, mail"),
        ("post", OTHER_KEY, 409, "nothing of post is paused"),
        ("post", "no-such-key-000000", 401, None),
    ],
)
async def test_who_may_not_or_names_another_connection_changes_nothing(
    site: Site, connection: str, key: str, status: int, says: str | None
) -> None:
    await empty_wallet(site)
    site.b.world.paused = set()

    refused = await site.ask("POST", f"/api/v1/connections/{connection}/resume", key=key)

    assert refused.status == status
    assert says in (None, refused.json["detail"])
    assert await bought(site) == ("ready", 0)
    assert await paused(site) == {"post": [PAUSED]}
    assert await paused(site, OTHER_KEY) == {}


@pytest.mark.req("R87")
async def test_the_page_of_connections_has_a_button_for_it_while_something_is_paused(site: Site) -> None:
    await empty_wallet(site)
    cookie, rival = await site.log_in(), await site.log_in(OTHER_KEY)
    shown = (await site.ask("GET", "/connections", cookie=cookie)).text
    assert shown.count("Try again now") == shown.count(BUTTON) == 1
    assert (
        "<dt>Paused: labels</dt><dd>since Mon 30 Nov 16:15:00 UTC: post: buy: the account is empty; 1 waits"
        in shown
    )
    assert "Try again now" not in (await site.ask("GET", "/connections", cookie=rival)).text
    site.b.world.paused = set()

    pressed = await site.press("/connections/post/resume", {})

    assert pressed.status == 303
    assert re.fullmatch(r"/connections\?done=[^#]+#post", pressed.headers["Location"])
    assert await bought(site) == ("shipped", 1)
    assert "Try again now" not in (await site.ask("GET", "/connections", cookie=cookie)).text


@pytest.mark.req("R87")
async def test_the_button_of_another_merchant_or_of_nobody_changes_nothing(site: Site) -> None:
    await empty_wallet(site)
    site.b.world.paused = set()

    another = await site.ask("POST", "/connections/post/resume", cookie=await site.log_in(OTHER_KEY))
    nobody = await site.ask("POST", "/connections/post/resume", cookie="a=b")

    assert (another.status, "nothing of post is paused" in another.text) == (409, True)
    assert (nobody.status, nobody.headers["Location"].partition("?")[0]) == (303, "/login")
    assert await bought(site) == ("ready", 0)
    assert await paused(site) == {"post": [PAUSED]}
