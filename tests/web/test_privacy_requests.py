"""Privacy requests in the API and on their page: each with its end, and each merchant's own (R66)."""

import pytest

from core.jobs.notifications import delivery_of
from core.model.notification import Notification, NotificationKind
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import settle
from tests.web.site import KEY, OTHER_KEY, Site

EVENT = {"connection": "shop", "event": "e1"}
OPEN = {
    **EVENT,
    "kind": "export_person",
    "received_at": "2026-11-30T16:00:00Z",
    "answer_by": "2026-12-30T16:00:00Z",
    "overdue": False,
    "orders": ["5001"],
    "state": "open",
    "result": "",
    "ended_at": None,
    "ended_by": None,
}
ANSWERED = {
    **OPEN,
    "state": "done",
    "result": "answered: by letter",
    "ended_at": "2026-11-30T16:00:00Z",
    "ended_by": "key:kendra",
}


async def asked(site: Site, kind: NotificationKind = NotificationKind.PERSON_EXPORT) -> None:
    """Have a shopper ask through the shop."""
    notification = Notification(event_id="e1", kind=kind, topic=kind.value, subject="7", orders=("5001",))
    delivery = delivery_of("shop", notification, b"{}", site.b.clock.now())
    await site.b.store.deliver(MERCHANT, "shop", [delivery], now=site.b.clock.now())
    await settle(site.b)


@pytest.mark.req("R66")
async def test_a_question_is_open_until_a_person_says_that_it_was_answered(site: Site) -> None:
    await asked(site)
    path = "/api/v1/privacy-requests"
    assert (await site.ask("GET", path, key=KEY)).json == {"requests": [OPEN], "after": None}

    body = {**EVENT, "note": "by letter"}
    answered = await site.ask("POST", f"{path}/answered", key=KEY, json=body)
    assert (answered.status, answered.json) == (200, ANSWERED)
    again = await site.ask("POST", f"{path}/answered", key=KEY, json=body)
    assert (again.status, again.json["detail"]) == (409, "it has ended already: answered: by letter")
    ended = await site.ask("GET", path, key=KEY, params={"state": "done"})
    assert ended.json == {"requests": [ANSWERED], "after": None}


@pytest.mark.req("R66")
async def test_the_page_shows_a_question_and_its_button_asks_before_it_ends_it(site: Site) -> None:
    await asked(site)
    page = (await site.ask("GET", "/privacy", cookie=await site.log_in())).text
    assert "tell a shopper what is known of them" in page
    assert page.count("Mark as answered") == 1

    done = await site.press("/privacy", EVENT, note="by letter")
    assert done.status == 303
    shown = (await site.ask("GET", done.headers["Location"], cookie=await site.log_in())).text
    assert "answered: by letter" in shown
    assert '<button class="quiet small">Mark as answered' not in shown


async def test_what_the_hub_ends_itself_is_not_for_a_person_to_mark(site: Site) -> None:
    await asked(site, NotificationKind.PERSON_REDACT)

    answer = await site.ask("POST", "/api/v1/privacy-requests/answered", key=KEY, json=EVENT)

    assert (answer.status, answer.json["detail"]) == (
        409,
        "the hub itself ends a request to forget a shopper",
    )


@pytest.mark.req("R66")
async def test_another_merchant_neither_sees_nor_ends_a_request(site: Site) -> None:
    await asked(site)
    path = "/api/v1/privacy-requests"
    assert (await site.ask("GET", path, key=OTHER_KEY)).json == {"requests": [], "after": None}
    assert (await site.ask("POST", f"{path}/answered", key=OTHER_KEY, json=EVENT)).status == 404
    assert (await site.ask("GET", path, key=KEY)).json == {"requests": [OPEN], "after": None}


@pytest.mark.req("R66")
async def test_whom_forgetting_a_shop_would_forget_is_listed_and_nobody_is_forgotten(site: Site) -> None:
    path = "/api/v1/connections/shop/redaction"
    found = await site.ask("GET", path, key=KEY)
    assert found.json == {"connection": "shop", "count": 0, "orders": []}
    assert (await site.ask("GET", "/api/v1/connections/none/redaction", key=KEY)).status == 404


@pytest.mark.req("R66")
async def test_what_is_known_of_the_shopper_who_asks_is_a_file_of_the_page(site: Site) -> None:
    place(
        site.b.world,
        "shop",
        Cart(number="5001", lines=(("SOCKS-CHEF", 1, 2400),), ship_to=home(name="Kara Kline")),
    )
    place(
        site.b.world,
        "shop",
        Cart(number="5002", lines=(("SOCKS-CHEF", 1, 2400),), ship_to=home(name="Kim Kent")),
    )
    await settle(site.b)
    await asked(site)

    answer = await site.ask("POST", "/privacy", cookie=await site.log_in(), data={**EVENT, "do": "export"})

    assert answer.headers["Content-Disposition"] == 'attachment; filename="what-is-known.json"'
    assert len(answer.json["orders"]) == 1
    assert "Kara Kline" in answer.text
    assert "Kim Kent" not in answer.text
