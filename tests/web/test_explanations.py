"""Why an order stands as it stands, and how it would go under another file, over the API (S30)."""

import io
import json
from typing import Any

import pytest

from core.store.orders import facts_of
from tests.builders import MERCHANT
from tests.core.flow.play import settle
from tests.core.flow.ruled import FILE, use
from tests.web.site import KEY, OTHER_KEY, Site
from tests.web.test_annotations import asked, sold
from tests.web.test_api import API, ORDER

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R75")]

HOLD = """
- id: hold-all
  when: order.verified
  if: order.units >= 1
  then: [{hold: {reason: "all are held"}}]
"""
OTHER = FILE + "  - {id: tag-all, when: order.received, then: [{tag: all}]}\n"
REPLAY = f"/orders/{ORDER}/replay"


async def told(site: Site) -> int:
    return len(await site.b.store.read(facts_of, MERCHANT, ORDER))


async def test_an_explanation_says_who_was_asked_what_holds_and_where_units_lie(site: Site) -> None:
    use(site.b, HOLD)
    await sold(site, 1001)

    found = await asked(site, "GET", f"/orders/{ORDER}/explanation")

    rules = [(one["rule"], one["where"], one["matched"], one["values"]) for one in found["trace"]["asked"]]
    assert rules == [("hold-all", "crossdock.yaml:15:5", True, {"order.units": 1})]
    assert [(hold["reason"], hold["releasable"], hold["rules"]) for hold in found["holds"]] == [
        ("by_rule", True, {"hold-all": "all are held"})
    ]
    assert [(unit["location"], unit["units"]) for unit in found["units"]] == [("reno", 1)]
    assert found["preferred"][0]["location"] == "reno"
    assert found["trace"]["not_compared"] == []


async def test_a_replay_says_what_differs_under_another_file_and_changes_nothing(site: Site) -> None:
    use(site.b, HOLD)
    await sold(site, 1001)
    before = await told(site)

    found = await asked(site, "POST", REPLAY, {"config": OTHER})
    await settle(site.b)

    differs = [(one["kind"], one["of"], one["comes"]) for one in found["differences"]]
    assert differs == [
        ("rule", "hold-all", False),
        ("rule", "tag-all", True),
        ("hold", "hold-all", False),
        ("tag", "all", True),
    ]
    assert [one["what"] for one in found["trace"]["not_compared"]] == [
        "it was held here, and would have gone on: its rates, label and way then"
    ]
    assert await told(site) == before


async def test_a_file_that_is_wrong_is_answered_with_each_problem_where_it_stands(site: Site) -> None:
    await sold(site, 1001)
    wrong = OTHER.replace("order.received", "order.recieved")

    answer = await site.ask("POST", f"{API}{REPLAY}", key=KEY, json={"config": wrong})

    assert answer.status == 422
    [problem] = answer.json["errors"]
    assert problem["where"].startswith("crossdock.yaml:15:")
    assert "order.received" in problem["what"]


async def test_a_file_of_another_merchant_and_one_that_is_too_large_are_refused(site: Site) -> None:
    await sold(site, 1001)
    rival = await site.ask(
        "POST",
        f"{API}{REPLAY}",
        key=KEY,
        json={"config": OTHER.replace("merchant: kendra", "merchant: rival")},
    )
    text = json.dumps({"config": "#" * 1_048_577}).encode()
    large = await site.ask("POST", f"{API}{REPLAY}", key=KEY, data=io.BytesIO(text))

    assert (rival.status, large.status) == (422, 413)


async def test_a_text_reads_nothing_of_the_environment_of_the_hub(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", "a secret that nobody may read")
    await sold(site, 1001)
    text = OTHER.replace("id: tag-all", 'id: tag-all, name: "${PLANTED}"')

    answer = await site.ask("POST", f"{API}{REPLAY}", key=KEY, json={"config": text})

    assert "a secret that nobody may read" not in answer.text


async def test_another_merchants_order_cannot_be_explained(site: Site) -> None:
    await sold(site, 1001)

    for method, path in (("GET", f"/orders/{ORDER}/explanation"), ("POST", REPLAY)):
        answer: Any = await site.ask(
            method, f"{API}{path}", key=OTHER_KEY, json={} if method == "POST" else None
        )
        assert answer.status == 404


async def test_a_sku_is_explained_by_its_counts_and_the_rule_of_its_buffer(site: Site) -> None:
    found = await asked(site, "GET", "/stock/SOCKS-CHEF/explanation")

    assert found["available"] == 20
    assert [(b["connection"], b["units"], b["pattern"]) for b in found["buffers"]] == [
        ("amz", 4, "SOCKS-*"),
        ("shop", 2, "SOCKS-*"),
    ]
    whys = {one["connection"]: one["why"] for one in found["listings"]}
    assert whys["amz"].startswith("SOCKS-CHEF: 20 available less 4 of buffer, 2 in one: 8")


async def test_the_page_of_an_order_leads_to_why_it_stands_as_it_stands(site: Site) -> None:
    use(site.b, HOLD)
    await sold(site, 1001)
    cookie = await site.log_in()

    order = await site.ask("GET", f"/orders/{ORDER}", cookie=cookie)
    why = await site.ask("GET", f"/orders/{ORDER}/why", cookie=cookie)

    assert '/why">Why</a>' in order.text
    assert (why.status, "all are held" in why.text) == (200, True)
    assert "hold-all <small>crossdock.yaml:15:5</small>" in why.text
    assert "order.units = 1" in why.text
    assert "Operators and owners release it." in why.text


async def test_an_order_of_a_connector_that_no_day_knows_is_not_captured_and_nothing_is_changed(
    site: Site,
) -> None:
    await sold(site, 1001)
    before = await told(site)

    refused = await site.ask("GET", f"{API}/orders/{ORDER}/capture", key=KEY)
    missing = await site.ask("GET", f"{API}/orders/shop:none/capture", key=KEY)

    assert refused.status == 404
    assert refused.json["detail"] == (
        f"no day of {ORDER}: a day has orders of shopify and amazon, and this one is of bogus"
    )
    assert missing.status == 404
    assert await told(site) == before
