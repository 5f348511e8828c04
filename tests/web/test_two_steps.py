"""Nothing is done by one press: the plan first, then the deed, once, on what was seen; and what came of it."""

import html
import re
from datetime import timedelta

import pytest

from core.domain.commit import OrderCommit
from core.model.actions import Action
from core.model.facts import Noted
from core.store.orders import facts_of
from core.store.switches import accepted_actions, set_switch
from simulation.shoppers import place
from tests.builders import MERCHANT
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_red_team import labels
from tests.core.flow.test_waiting import ORDER, configured
from tests.core.flow.test_whole_way import GRACE, KARA
from tests.stored import list_stock
from tests.web.site import KEY, OTHER_KEY, Site, fields_of
from tests.web.test_exceptions import risky

PAGE = "/orders/KK-1001"


def text_of(page: str) -> str:
    """Return a page as people read it."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.req("R113")
async def test_release_shows_what_it_buys_then_does_it_and_leads_to_what_was_done_and_the_way_back(
    site: Site,
) -> None:
    configured(site.b, tell="scan")
    order_id = await risky(site)
    await pass_time(site.b, GRACE)
    cookie = await site.log_in(KEY)
    form = {"order": order_id, "action": "release", "of": "risk"}
    before = await site.b.store.read(facts_of, MERCHANT, order_id)

    plan = await site.ask("POST", "/exceptions", cookie=cookie, data=form)
    assert plan.status == 200
    assert "Buys Tortoise Ground for about 7.00 USD from reno, in box M." in text_of(plan.text)
    assert await site.b.store.read(facts_of, MERCHANT, order_id) == before

    word = fields_of(plan.text) | {"note": "I called her"}
    answer = await site.ask("POST", "/exceptions", cookie=cookie, data=word)
    assert answer.status == 303
    await settle(site.b)
    done = await site.ask("GET", answer.headers["Location"], cookie=cookie)
    shown = text_of(done.text)
    for words in (
        "Released: risk. I called her kendra",
        "Label bought: Tortoise Ground 7.00 USD",
        "the first scan by Tortoise",
    ):
        assert words in shown
    assert "Void label" in shown
    assert "Back to the list" in shown
    assert 'href="/exceptions"' in done.text


@pytest.mark.req("R113")
async def test_a_plan_that_is_sent_twice_is_done_once(site: Site) -> None:
    order_id = await risky(site)
    cookie = await site.log_in(KEY)
    form = {"action": "release", "of": "risk"}
    word = fields_of((await site.ask("POST", f"/orders/{order_id}", cookie=cookie, data=form)).text)

    first = await site.ask("POST", f"/orders/{order_id}", cookie=cookie, data=word)
    again = await site.ask("POST", f"/orders/{order_id}", cookie=cookie, data=word)

    assert (first.status, again.status) == (303, 409)
    facts = await site.b.store.read(facts_of, MERCHANT, order_id)
    assert [f.actor for f in facts if f.kind == "released"] == ["key:kendra"]


@pytest.mark.req("R113")
async def test_a_page_that_is_too_old_is_refused_with_what_changed_and_what_it_would_do_now(
    site: Site,
) -> None:
    order_id = await risky(site)
    cookie, path = await site.log_in(KEY), f"/orders/{order_id}"
    word = fields_of((await site.ask("POST", path, cookie=cookie, data={"action": "hold"})).text)
    noted = Noted(at=site.b.clock.now(), text="the channel changed its mind")
    await site.b.store.commit(
        OrderCommit(merchant=MERCHANT, order_id=order_id, at=site.b.clock.now(), happened=(noted,))
    )

    stale = await site.ask("POST", path, cookie=cookie, data=word | {"note": "keep this"})

    assert stale.status == 409
    for words in ("Nothing was done: it changed since you looked", "the channel changed its mind"):
        assert words in text_of(stale.text)
    assert 'value="keep this"' in stale.text
    kinds = [f.kind for f in await site.b.store.read(facts_of, MERCHANT, order_id)]
    assert "hold_asked" not in kinds
    assert (await site.ask("POST", path, cookie=cookie, data=fields_of(stale.text))).status == 303


@pytest.mark.req("R113")
async def test_a_plan_of_another_form_or_person_or_with_a_longer_note_than_is_kept_does_nothing(
    site: Site,
) -> None:
    order_id = await risky(site)
    cookie, path = await site.log_in(KEY), f"/orders/{order_id}"
    word = fields_of((await site.ask("POST", path, cookie=cookie, data={"action": "hold"})).text)
    before = await site.b.store.read(facts_of, MERCHANT, order_id)

    for sent, who in (
        (word | {"action": "reject"}, cookie),
        (word | {"confirm": "forged"}, cookie),
        (word | {"note": "x" * 301}, cookie),
        (word, await site.log_in(OTHER_KEY)),
    ):
        answer = await site.ask("POST", path, cookie=who, data=sent)
        assert answer.status in {404, 409}, answer.text
    site.b.clock.move_to(site.b.clock.now() + timedelta(hours=2))
    assert (await site.ask("POST", path, cookie=cookie, data=word)).status == 409
    assert await site.b.store.read(facts_of, MERCHANT, order_id) == before


@pytest.mark.req("R112")
async def test_page_list_and_api_say_the_same_of_what_an_order_waits_for(site: Site) -> None:
    order_id = await risky(site)
    cookie = await site.log_in(KEY)

    told = (await site.ask("GET", f"/api/v1/orders/{order_id}", key=KEY)).json["waits_for"]
    [listed] = (await site.ask("GET", "/api/v1/orders", key=KEY)).json["orders"]

    assert told == {
        "what": "risk: high risk",
        "until": None,
        "do": "Look at the payment, then release the order or reject it.",
    }
    assert listed["waits_for"] == told
    for path in (f"/orders/{order_id}", "/exceptions"):
        shown = text_of((await site.ask("GET", path, cookie=cookie)).text)
        assert told["what"] in shown
        assert told["do"] in shown
    assert told["what"] in text_of((await site.ask("GET", "/orders", cookie=cookie)).text)


@pytest.mark.req("R113")
async def test_the_api_tells_what_may_be_asked_and_is_refused_on_an_old_version(site: Site) -> None:
    order_id = await risky(site)

    told = (await site.ask("GET", f"/api/v1/orders/{order_id}/actions?ask_rates=true", key=KEY)).json
    by = {(a["action"], a["of"]): a for a in told["actions"]}
    release = by["release", "risk"]
    body = {"reason": "risk", "note": "fine", "version": told["version"]}
    done = await site.ask("POST", f"/api/v1/orders/{order_id}/release", key=KEY, json=body)
    again = await site.ask(
        "POST", f"/api/v1/orders/{order_id}/hold", key=KEY, json={"version": told["version"]}
    )

    assert release["refused"] is None
    assert release["does"][0] == (
        "At 2026-11-30 16:15 UTC, when its grace is over: Buys Tortoise Ground for about 7.00 USD from reno, in box M."
    )
    assert release["costs"] == [{"what": "label", "minor": 700, "currency": "USD", "about": True}]
    assert by["retry", ""]["refused"] == "the order is not parked"
    assert (done.status, again.status) == (200, 409)
    assert again.json["detail"] == "nothing was done: the order moved on since you looked; look at it again"


@pytest.mark.req("R113")
async def test_buy_label_says_on_the_page_and_by_the_api_why_it_may_not(site: Site) -> None:
    now = site.b.clock.now()
    await site.b.store.write(
        set_switch, MERCHANT, "post", Action.LABELS.value, on=False, actor="person:kendra", now=now
    )
    place(site.b.world, "shop", KARA)
    await pass_time(site.b, GRACE)
    why = "no label is bought: labels of post are not accepted."
    before = await site.b.store.read(facts_of, MERCHANT, ORDER)

    page = await site.ask("POST", PAGE, cookie=await site.log_in(KEY), data={"action": "label"})
    by_api = await site.ask("POST", f"/api/v1/orders/{ORDER}/label", key=KEY, json={})

    assert (page.status, why in text_of(page.text)) == (409, True)
    assert (by_api.status, by_api.json["detail"].startswith(why)) == (409, True)
    assert (await site.b.store.read(facts_of, MERCHANT, ORDER), labels(site.b)) == (before, [])


@pytest.mark.req("R113")
async def test_a_switch_says_what_it_starts_and_is_thrown_on_the_second_press(site: Site) -> None:
    cookie = await site.log_in(KEY)
    form = {"action": "labels", "to": "off"}

    plan = await site.ask("POST", "/connections/post", cookie=cookie, data=form)
    assert "Buys no label at post from the next step of every order on; orders wait." in text_of(plan.text)
    assert ("post", "labels") in await site.b.store.read(accepted_actions, MERCHANT)

    answer = await site.press("/connections/post", form)
    done = await site.ask("GET", answer.headers["Location"], cookie=cookie)
    assert "Done: Stop Buy labels: post" in text_of(done.text)
    assert ("post", "labels") not in await site.b.store.read(accepted_actions, MERCHANT)

    on = await site.ask("POST", "/connections/post", cookie=cookie, data=form | {"to": "on"})
    assert "Buys labels at post: 0 orders are ready to ship now, and each that comes." in text_of(on.text)


@pytest.mark.req("R113")
async def test_goods_are_received_on_the_page_once_however_often_the_plan_is_sent(site: Site) -> None:
    cookie = await site.log_in(KEY)
    form = {"do": "receive", "sku": "CHEF-8", "location": "reno", "units": "3"}

    plan = await site.ask("POST", "/stock", cookie=cookie, data=form)
    word = fields_of(plan.text) | {"note": "delivery 77"}
    first = await site.ask("POST", "/stock", cookie=cookie, data=word)
    again = await site.ask("POST", "/stock", cookie=cookie, data=word)

    assert "CHEF-8 at reno: 14 on hand become 17." in text_of(plan.text)
    assert (first.status, again.status) == (303, 409)
    [row] = [
        r for r in await site.b.store.read(list_stock, MERCHANT) if (r.sku, r.location) == ("CHEF-8", "reno")
    ]
    assert row.on_hand == 17
    for wrong, status in (({"sku": "NOPE"}, 404), ({"units": "-1"}, 422), ({"location": "mars"}, 404)):
        assert (await site.ask("POST", "/stock", cookie=cookie, data=form | wrong)).status == status


@pytest.mark.req("R113")
async def test_a_link_says_what_becomes_of_the_quantity_and_that_the_name_says_otherwise(site: Site) -> None:
    await settle(site.b)
    form = {"do": "accept", "connection": "amz", "listing": "KK-SOCKS-2PK", "of": "1 x SOCKS-CHEF"}

    plan = text_of((await site.ask("POST", "/links", cookie=await site.log_in(KEY), data=form)).text)

    for words in (
        "One KK-SOCKS-2PK sold at amz takes 1 x SOCKS-CHEF (until now 2 x SOCKS-CHEF).",
        "Writes its quantity: 8 becomes 16.",
        "Careful: its name says a pack of 2, and the link says 1 x SOCKS-CHEF.",
        "The way back: Link it again as it was: 2 x SOCKS-CHEF.",
    ):
        assert words in plan, plan
