"""Notices on the page of exceptions and in the API: shown once, seen once, each merchant's own (R95)."""

import pytest

from simulation.shoppers import Cart, place
from tests.builders import home
from tests.core.flow.play import pass_time
from tests.core.flow.test_whole_way import GRACE
from tests.web.site import KEY, OTHER_KEY, Site

METHOD = "<Overnight> & more"
NOTICE = {"kind": "unlisted_method", "subject": METHOD}
OPEN = {
    **NOTICE,
    "text": (
        "Shipping method '<Overnight> & more' is not in crossdock.yaml: its orders go without promise, "
        "by the cheapest rate. Name it under sla.promise."
    ),
    "since": "2026-11-30T16:15:00Z",
}


async def overnight(site: Site) -> None:
    cart = Cart(number="KK-1004", lines=(("SOCKS-CHEF", 1, 2400),), ship_to=home(), method=METHOD)
    place(site.b.world, "shop", cart)
    await pass_time(site.b, GRACE)


@pytest.mark.req("R95")
async def test_the_api_lists_a_notice_until_it_is_seen(site: Site) -> None:
    await overnight(site)
    assert (await site.ask("GET", "/api/v1/notices", key=KEY)).json == {"notices": [OPEN]}
    seen = await site.ask("POST", "/api/v1/notices/seen", key=KEY, json=NOTICE)
    assert (seen.status, seen.json) == (200, {"notices": []})
    again = await site.ask("POST", "/api/v1/notices/seen", key=KEY, json=NOTICE)
    assert (again.status, again.json) == (200, {"notices": []})


@pytest.mark.req("R95")
async def test_the_page_of_exceptions_shows_a_notice_until_its_button_is_pressed(site: Site) -> None:
    await overnight(site)
    cookie = await site.log_in(KEY)
    shown = (await site.ask("GET", "/exceptions", cookie=cookie)).text
    assert shown.count("Shipping method &#39;&lt;Overnight&gt; &amp; more&#39; is not in crossdock.yaml") == 1
    answer = await site.ask("POST", "/exceptions", cookie=cookie, data={"action": "seen", **NOTICE})
    assert (answer.status, answer.headers["Location"]) == (303, "/exceptions")
    assert "Shipping method" not in (await site.ask("GET", "/exceptions", cookie=cookie)).text


@pytest.mark.req("R95")
async def test_another_merchant_neither_sees_nor_ends_it(site: Site) -> None:
    await overnight(site)
    assert (await site.ask("GET", "/api/v1/notices", key=OTHER_KEY)).json == {"notices": []}
    refused = await site.ask("POST", "/api/v1/notices/seen", key=OTHER_KEY, json=NOTICE)
    assert refused.status == 404
    assert refused.json["detail"] == "no notice 'unlisted_method' of '<Overnight> & more'"
    assert (await site.ask("GET", "/api/v1/notices", key=KEY)).json == {"notices": [OPEN]}


async def test_without_a_subject_nothing_is_seen(site: Site) -> None:
    await overnight(site)
    refused = await site.ask("POST", "/api/v1/notices/seen", key=KEY, json={"kind": "unlisted_method"})
    assert refused.status == 422
    assert (await site.ask("GET", "/api/v1/notices", key=KEY)).json == {"notices": [OPEN]}
