"""Parked work on the page of exceptions and in the API: shown, planned, tried again, each merchant's own."""

import pytest

from core.services.parked import parked_work
from tests.builders import MERCHANT
from tests.core.flow.parked import parked_fetch, parked_order
from tests.core.flow.play import settle
from tests.web.site import KEY, METRICS, OTHER_KEY, Site, fields_of
from tests.web.test_two_steps import text_of

pytestmark = [pytest.mark.case("F1"), pytest.mark.req("R68")]
PARKED, RETRY = "/api/v1/parked", "/api/v1/parked/retry"


async def test_the_api_lists_what_is_parked_and_tells_what_a_retry_will_do(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_fetch(site.b, monkeypatch)
    await parked_order(site.b, monkeypatch)

    shown = (await site.ask("GET", PARKED, key=KEY)).json
    [order], [job], [delivery] = shown["orders"], shown["jobs"], shown["deliveries"]
    assert (order["number"], order["step"], order["failure"]) == ("KK-7", "quote", "code")
    assert (job["kind"], job["subject"], job["error"]) == ("fetch", "shop:kk-8", "ZeroDivisionError")
    assert (delivery["connection"], delivery["topic"]) == ("shop", "order")
    assert shown["title"] == "Try 1 order, 1 job and 1 delivery again"
    assert shown["does"][0] == "Sends KK-7 on, each where it failed."


async def test_all_of_it_is_tried_again_by_one_call_and_under_a_key_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_fetch(site.b, monkeypatch)
    await parked_order(site.b, monkeypatch)
    stands = (await site.ask("GET", PARKED, key=KEY)).json["stands"]

    headers = {"Idempotency-Key": "all-again"}
    first = await site.ask("POST", RETRY, key=KEY, json={"stands": stands}, headers=headers)
    again = await site.ask("POST", RETRY, key=KEY, json={"stands": stands}, headers=headers)

    assert (first.status, first.json["orders"]) == (200, ["shop:kk-7"])
    assert first.json["jobs"] == [{"kind": "fetch", "subject": "shop:kk-8"}]
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")
    await settle(site.b)
    assert not await parked_work(site.b.hub, MERCHANT)


async def test_one_is_named_and_what_is_not_parked_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_order(site.b, monkeypatch)
    work = await parked_work(site.b.hub, MERCHANT)

    refused = await site.ask("POST", RETRY, key=KEY, json={"orders": ["KK-7", "KK-99"]})
    assert (refused.status, refused.json["detail"]) == (409, "not parked: KK-99; nothing was tried again")
    moved = await site.ask("POST", RETRY, key=KEY, json={"stands": "another"})
    assert (moved.status, moved.json["detail"]) == (
        409,
        "nothing was done: something else is parked since you looked; look again",
    )
    assert await parked_work(site.b.hub, MERCHANT) == work

    done = await site.ask("POST", RETRY, key=KEY, json={"orders": ["KK-7"]})
    assert done.json == {"orders": ["shop:kk-7"], "jobs": [], "deliveries": []}


async def test_another_merchant_sees_and_tries_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await parked_order(site.b, monkeypatch)
    work = await parked_work(site.b.hub, MERCHANT)

    assert (await site.ask("GET", PARKED, key=OTHER_KEY)).json["orders"] == []
    assert (await site.ask("POST", RETRY, key=OTHER_KEY, json={})).json["orders"] == []
    assert await parked_work(site.b.hub, MERCHANT) == work


async def test_one_button_tries_everything_again_after_it_said_what_that_does(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parked_fetch(site.b, monkeypatch)
    await parked_order(site.b, monkeypatch)
    cookie = await site.log_in()
    shown = await site.ask("GET", "/exceptions", cookie=cookie)
    assert "Needs attention: 1 order, 1 job and 1 delivery failed" in text_of(shown.text)

    plan = await site.ask("POST", "/exceptions", cookie=cookie, data={"action": "retry_parked"})
    assert "Sends KK-7 on, each where it failed." in text_of(plan.text)
    assert (await parked_work(site.b.hub, MERCHANT)).orders

    done = await site.ask(
        "POST", "/exceptions", cookie=cookie, data=fields_of(plan.text) | {"note": "mended"}
    )
    assert done.status == 303
    after = await site.ask("GET", done.headers["Location"], cookie=cookie)
    assert (after.status, "Done: Try" in after.text) == (200, True)
    await settle(site.b)
    assert not await parked_work(site.b.hub, MERCHANT)
    assert "Needs attention" not in text_of((await site.ask("GET", "/exceptions", cookie=cookie)).text)


@pytest.mark.parametrize("part", ["job", "delivery"])
async def test_one_job_or_delivery_has_a_button_of_its_own(
    site: Site, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    await parked_fetch(site.b, monkeypatch)
    await parked_order(site.b, monkeypatch)
    work = await parked_work(site.b.hub, MERCHANT)
    of, name = ("fetch", "shop:kk-8") if part == "job" else ("shop", work.deliveries[0].event_id)

    pressed = {"action": "retry_parked", "part": part, "of": of, "name": name}
    assert (await site.press("/exceptions", pressed)).status == 303
    await settle(site.b)

    left = await parked_work(site.b.hub, MERCHANT)
    assert ([o.number for o in left.orders], left.jobs, left.deliveries) == (["KK-7"], (), ())


async def test_the_metrics_count_it_by_kind(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await parked_fetch(site.b, monkeypatch)
    await parked_order(site.b, monkeypatch)

    told = (await site.ask("GET", "/metrics", key=METRICS)).text.splitlines()
    assert sorted(line for line in told if line.startswith("crossdock_parked{")) == [
        'crossdock_parked{kind="deliveries"} 1',
        'crossdock_parked{kind="jobs"} 1',
        'crossdock_parked{kind="orders"} 1',
    ]
