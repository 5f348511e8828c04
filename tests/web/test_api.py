"""The API over real HTTP: it answers as its own description says, and wrong requests are told where they are wrong."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator

from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, home
from tests.core.flow.play import pass_time, settle
from tests.stored import jobs_of_kind, list_stock
from tests.web.site import KEY, METRICS, Site, a_notification

API = "/api/v1"
ORDER = "shop:kk-1001"


def cart(number: int) -> Cart:
    return Cart(
        number=f"KK-{number}", lines=(("SOCKS-CHEF", 1, 2797),), ship_to=home(), email="kara@example.test"
    )


async def shipped(site: Site) -> None:
    """Have one order on its way, with a label."""
    place(site.b.world, "shop", cart(1001))
    await pass_time(site.b, timedelta(minutes=16))


async def described(site: Site) -> Any:
    answer = await site.ask("GET", f"{API}/openapi.json")
    assert answer.status == 200
    return answer.json


async def problem_of(
    site: Site, method: str, path: str, status: int, *, params: Any = None, body: bytes | None = None
) -> Any:
    answer = await site.ask(method, API + path, key=KEY, params=params, data=body)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json"), (
        answer.text
    )
    told = answer.json
    assert told["status"] == status
    assert told["type"] == "about:blank"
    assert told["title"]
    assert told["detail"]
    return told


REFUSED = {
    ("get", "/go-live/documents/{id}/listings"): 404,
    ("post", "/orders/{order}/release"): 409,
    ("post", "/orders/{order}/reject"): 409,
    ("post", "/orders/{order}/label"): 409,
    ("post", "/orders/{order}/retry"): 409,
    ("post", "/orders/{order}/hold"): 409,
    ("post", "/orders/{order}/void"): 409,
    ("get", "/metrics"): 401,
    ("post", "/notices/seen"): 404,
    ("get", "/runs/{run}"): 404,
    ("get", "/orders/{order}/capture"): 404,
    ("post", "/runs/{run}/retry"): 404,
    ("post", "/privacy-requests/answered"): 404,
    ("get", "/go-live/accepted/{id}"): 404,
    ("get", "/go-live/accepted/{id}/undo"): 404,
    ("post", "/go-live/undo"): 404,
    ("post", "/connections/{connection}/brake"): 409,
    ("post", "/connections/{connection}/resume"): 409,
    ("post", "/orders/release"): 200,
    ("post", "/users/{user}/role"): 404,
    ("post", "/users/{user}/rename"): 404,
    ("post", "/users/{user}/reset"): 404,
    ("post", "/users/{user}/remove"): 404,
    ("post", "/invitations/{id}/cancel"): 404,
    ("post", "/sessions/{id}/end"): 404,
}
"""What is answered where an example, sent as it stands, asks for what is not there."""


async def test_every_endpoint_takes_its_example_and_answers_as_its_schema_says(site: Site) -> None:
    page = await described(site)
    await shipped(site)
    await site.notify(f"/webhooks/{MERCHANT}/shop", a_notification())

    for path, methods in page["paths"].items():
        for method, operation in methods.items():
            named = {p["name"]: p["example"] for p in operation["parameters"] if p["in"] == "path"}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            place = path.format(**named | ({"order": ORDER} if "order" in named else {}))
            answer = await site.ask(method, place, key=KEY, json=body.get("example"))
            which = (method, path.removeprefix(API))
            assert answer.status == REFUSED.get(which, 200), (which, answer.text)
            content = operation["responses"][str(answer.status)]["content"]
            kind = answer.headers["Content-Type"].partition(";")[0]
            if kind in ("application/json", "application/problem+json"):
                schema = content[kind]["schema"] | {"components": page["components"]}
                Draft202012Validator(schema).validate(answer.json)
            else:
                assert kind in content


async def test_orders_are_paged_by_key_and_each_is_shown_once_whatever_arrives_meanwhile(site: Site) -> None:
    for number in range(1001, 1008):
        place(site.b.world, "shop", cart(number))
        await settle(site.b)
        site.b.clock.move_to(site.b.clock.now() + timedelta(seconds=1))
    seen: list[str] = []
    after: str | None = None
    page: Any = None
    for _ in range(9):
        params = {"limit": "2"} | ({"after": after} if after else {})
        page = (await site.ask("GET", f"{API}/orders", key=KEY, params=params)).json
        seen += [o["number"] for o in page["orders"]]
        after = page["after"]
        if len(seen) == 2:
            place(site.b.world, "shop", cart(2001))
            await settle(site.b)
        if after is None:
            break

    assert seen == [f"KK-{number}" for number in range(1007, 1000, -1)]
    assert page["counts"] == {"ready": 8}


async def test_deliveries_are_paged_by_key(site: Site) -> None:
    for number in range(5):
        await site.notify(f"/webhooks/{MERCHANT}/shop", a_notification(f"a/b:{number}", subject=str(number)))
    first = (await site.ask("GET", f"{API}/deliveries", key=KEY, params={"limit": "3"})).json
    # The cursor is sent as it came, its plus sign not escaped.
    rest = (await site.ask("GET", f"{API}/deliveries?limit=3&after={first['after']}", key=KEY)).json

    ids = [d["event_id"] for d in (*first["deliveries"], *rest["deliveries"])]
    assert ids == ["a/b:4", "a/b:3", "a/b:2", "a/b:1", "a/b:0"]
    assert rest["after"] is None


async def test_a_delivery_whose_id_has_slashes_can_be_replayed(site: Site) -> None:
    await site.notify(f"/webhooks/{MERCHANT}/shop", a_notification("w1:orders/create:5"))
    path = f"{API}/deliveries/shop/{quote('w1:orders/create:5', safe='')}/replay"
    from yarl import URL

    answer = await site.http.post(
        URL(site.url + path, encoded=True), headers={"Authorization": f"Bearer {KEY}"}
    )

    assert await answer.json() == {"event_id": "w1:orders/create:5"}
    [job] = await site.b.store.read(jobs_of_kind, MERCHANT, "fetch")
    assert job.requests == 2


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"stage": "nowhere"}, "stage"),
        ({"limit": "abc"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"limit": "-5"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"after": "broken"}, "after"),
        ({"after": "2026-11-30/x"}, "after"),
        ({"after": "2026-11-30T10:00:00+00:00/"}, "after"),
    ],
)
async def test_a_wrong_query_parameter_is_422_and_named(
    site: Site, params: dict[str, str], where: str
) -> None:
    told = await problem_of(site, "GET", "/orders", 422, params=params)

    assert [e["where"] for e in told["errors"]] == [where]


@pytest.mark.parametrize(
    "params", [{"after": "2026-11-30T10:00:00+00:00/x"}, {"state": "lost"}, {"limit": "x"}]
)
async def test_a_wrong_question_about_deliveries_is_422(site: Site, params: dict[str, str]) -> None:
    told = await problem_of(site, "GET", "/deliveries", 422, params=params)

    assert [e["where"] for e in told["errors"]] == list(params)


async def test_an_unknown_query_parameter_is_422_and_the_known_ones_are_named(site: Site) -> None:
    told = await problem_of(site, "GET", "/orders", 422, params={"stagee": "ready"})
    none = await problem_of(site, "GET", "/connections", 422, params={"x": "1"})

    assert told["detail"] == (
        "unknown query parameter 'stagee'; there is stage, hold, connection, tag, assignee, text, after, limit"
    )
    assert none["detail"] == "unknown query parameter 'x'; there is none"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"lines": [{"sku": "CHEF-8", "location": "reno", "units": -1}]}', "lines/0/units"),
        (b'{"lines": [{"sku": "CHEF-8", "location": "reno", "units": 1.5}]}', "lines/0/units"),
        (b'{"lines": [{"sku": "CHEF-8", "location": "reno"}]}', "lines/0/units"),
        (b'{"lines": [], "more": 1}', "more"),
        (b"{}", "lines"),
        (b"", "lines"),
        (b"no json", ""),
        (b"\xff\xfe", ""),
        (b"[1]", ""),
    ],
)
async def test_a_wrong_body_is_422_says_where_and_changes_nothing(
    site: Site, body: bytes, where: str
) -> None:
    before = await site.b.store.read(list_stock, MERCHANT)

    told = await problem_of(site, "POST", "/stock/count", 422, body=body)

    assert [e["where"] for e in told["errors"]] == [where]
    assert await site.b.store.read(list_stock, MERCHANT) == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/nothing", None),
        ("GET", "/orders/KK-9", None),
        ("GET", "/orders/KK-9/facts", None),
        ("POST", "/orders/KK-9/retry", b"{}"),
        ("POST", "/connections/nothing/accept", b"{}"),
        ("POST", "/deliveries/shop/e404/replay", b""),
        ("PUT", "/listings/nothing/CHEF-8/link", b'{"of": {"CHEF-8": 1}}'),
        ("PUT", "/listings/shop/CHEF-8/link", b'{"of": {"NO-SUCH": 1}}'),
        ("POST", "/stock/count", b'{"lines": [{"sku": "CHEF-8", "location": "mars", "units": 1}]}'),
        ("POST", "/stock/count", b'{"lines": [{"sku": "NO-SUCH", "location": "reno", "units": 1}]}'),
        ("GET", "/orders/KK-9/labels/reno-1", None),
    ],
)
async def test_what_is_not_there_is_404(site: Site, method: str, path: str, body: bytes | None) -> None:
    await problem_of(site, method, path, 404, body=body)


async def test_a_method_that_a_path_does_not_know_is_405(site: Site) -> None:
    answer = await site.ask("DELETE", f"{API}/orders", key=KEY)

    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert (answer.json["title"], answer.json["detail"]) == (
        "Method Not Allowed",
        "DELETE is not offered here; there is GET, HEAD, OPTIONS",
    )


async def test_a_body_over_the_cap_is_413(site: Site) -> None:
    import io

    big = io.BytesIO(b"x" * (1024 * 1024 + 1))
    assert (await site.ask("POST", f"{API}/stock/count", key=KEY, data=big)).status == 413


async def test_a_hold_is_released_once_and_only_where_a_person_may(site: Site) -> None:
    place(site.b.world, "shop", cart(1001))
    await settle(site.b)

    told = await problem_of(site, "POST", f"/orders/{ORDER}/release", 409, body=b'{"reason": "risk"}')

    assert told["detail"] == "the order is not held by 'risk'; it is held by nothing"


@pytest.mark.req("S18")
async def test_the_label_is_given_to_its_merchant_alone(site: Site) -> None:
    await shipped(site)
    [parcel] = (await site.ask("GET", f"{API}/orders/{ORDER}", key=KEY)).json["parcels"]

    answer = await site.ask("GET", f"{API}/orders/{ORDER}/labels/{parcel['parcel_id']}", key=KEY)

    assert answer.status == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(answer.body) > 0


@pytest.mark.req("R87")
async def test_a_stopped_action_is_not_done_and_goes_on_when_it_is_accepted_again(site: Site) -> None:
    stopped = await site.ask("POST", f"{API}/connections/post/stop", key=KEY, json={"actions": ["labels"]})
    [post] = [c for c in stopped.json["connections"] if c["connection"] == "post"]
    assert post["accepted"] == []
    await shipped(site)
    view = (await site.ask("GET", f"{API}/orders/{ORDER}", key=KEY)).json
    assert (view["stage"], site.b.world.calls["post", "buy"]) == ("ready", 0)

    await site.ask("POST", f"{API}/connections/post/accept", key=KEY, json={"actions": ["labels"]})
    await settle(site.b)

    view = (await site.ask("GET", f"{API}/orders/{ORDER}", key=KEY)).json
    assert (view["stage"], site.b.world.calls["post", "buy"]) == ("shipped", 1)


async def test_health_is_told_to_everybody_and_figures_to_a_monitor_and_neither_names_anybody(
    site: Site,
) -> None:
    await shipped(site)

    assert (await site.ask("GET", "/healthz")).json == {"ok": True}
    assert (await site.ask("GET", "/readyz")).json == {"ok": True, "merchants": 2}
    figures = (await site.ask("GET", "/metrics", key=METRICS)).text
    assert 'crossdock_orders{stage="shipped"} 1' in figures
    assert MERCHANT not in figures


async def test_a_hub_without_a_file_or_a_database_is_not_ready(site: Site) -> None:
    site.b.hub.merchants.clear()
    assert (await site.ask("GET", "/readyz")).status == 503
