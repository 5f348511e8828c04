"""The description of the API is whole: every route, every answer, one name for one thing; HEAD and OPTIONS answer."""

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import create_model

from core.store.labels import labels_of
from tests.builders import MERCHANT
from tests.web.site import KEY, PUBLIC, Site, a_notification
from tests.web.test_api import API, ORDER, described, shipped
from web.api.endpoint import Answer, Call, Endpoint
from web.api.openapi import describe
from web.app import ENDPOINTS


def operations(page: Any) -> dict[tuple[str, str], Any]:
    """Return every operation by method and path."""
    return {(m, path): told for path, methods in page["paths"].items() for m, told in methods.items()}


def paths_of(site: Site) -> set[tuple[str, str]]:
    """Return (method, path) of everything that is served and is no page of the console."""
    return {
        (r.method.lower(), r.resource.canonical)
        for r in site.app.router.routes()
        if r.resource is not None
        and (
            r.resource.canonical.startswith(API)
            or r.resource.canonical in ("/healthz", "/readyz", "/metrics")
        )
    }


async def test_the_description_is_openapi_3_1_and_says_where_the_api_is(site: Site) -> None:
    page = await described(site)

    assert page["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(page).validate()
    assert page["servers"] == [{"url": PUBLIC}]


async def test_it_names_every_route_and_nothing_else(site: Site) -> None:
    served, named = paths_of(site), set(operations(await described(site)))

    assert {(m, p) for m, p in served if m != "head"} == named
    # HEAD answers wherever GET does.
    assert {p for m, p in served if m == "head"} == {p for m, p in served if m == "get"}


async def test_each_operation_has_a_name_of_its_own_that_a_program_can_speak(site: Site) -> None:
    names = [told["operationId"] for told in operations(await described(site)).values()]

    assert len(names) == len(set(names)) == 91
    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name)] == []


async def test_no_two_schemas_have_one_title_and_every_reference_leads_somewhere(site: Site) -> None:
    page = await described(site)
    schemas = page["components"]["schemas"]
    titles = [schema.get("title", name) for name, schema in schemas.items()]

    assert sorted(titles) == sorted(set(titles))
    assert sorted(name for name in schemas if not re.fullmatch(r"[A-Za-z]+", name)) == []
    named = {r.removeprefix("#/components/schemas/") for r in references(page)}
    assert named - set(schemas) == set()
    assert set(schemas) - named == set()


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [r for child in node.values() for r in references(child)]
    return [r for child in node for r in references(child)] if isinstance(node, list) else []


def test_two_shapes_of_one_name_are_refused_before_anything_is_served() -> None:
    async def run(_call: Call) -> Answer:
        raise AssertionError

    ours, theirs = (
        create_model("Alike", __base__=Answer, a=int),
        create_model("Alike", __base__=Answer, b=str),
    )
    endpoints = [
        Endpoint(name=f"show{n}", method="GET", path=f"/{n}", summary=n, gives=shape, run=run)
        for n, shape in (("one", ours), ("two", theirs))
    ]

    with pytest.raises(ValueError, match="two shapes of the API are called Alike"):
        describe(endpoints, url=PUBLIC)


async def test_every_operation_says_what_it_answers_when_it_goes_wrong(site: Site) -> None:
    for (method, path), told in operations(await described(site)).items():
        wanted = {"401", "403", "404", "422"} if told.get("security") != [] else set()
        wanted |= {"400", "409", "413", "502", "503"} if method != "get" else set()
        wanted |= {"401"} if path == "/metrics" else set()
        assert set(told["responses"]) == {"200", "default", *wanted}, (method, path)
        for status, answer in told["responses"].items():
            if status != "200":
                assert list(answer["content"]) == ["application/problem+json"]


async def test_every_example_fits_the_schema_beside_it(site: Site) -> None:
    page = await described(site)
    checked = 0
    for which, told in operations(page).items():
        contents = [told.get("requestBody", {}), *told["responses"].values()]
        for content in (c for part in contents for c in part.get("content", {}).values() if "example" in c):
            schema = content["schema"] | {"components": page["components"]}
            Draft202012Validator(schema).validate(content["example"])
            checked += 1
        for parameter in (p for p in told["parameters"] if "example" in p):
            Draft202012Validator(parameter["schema"]).validate(parameter["example"])
        needs = [told["requestBody"]] if told.get("requestBody", {}).get("required") else []
        assert all("example" in body["content"]["application/json"] for body in needs), which
    assert checked > 200


async def test_every_changing_operation_takes_an_idempotency_key(site: Site) -> None:
    without = [
        told["operationId"]
        for (method, _), told in operations(await described(site)).items()
        if method != "get" and not any(p["name"] == "Idempotency-Key" for p in told["parameters"])
    ]

    # These only ask; whom, or under which file, stands in a body: no address may name a person.
    assert without == [endpoint.name for endpoint in ENDPOINTS if endpoint.asks]
    assert without == ["replayOrder", "planForgetPerson", "exportPerson"]


def test_every_field_that_has_words_beside_it_shows_them() -> None:
    schemas = describe(ENDPOINTS, url=PUBLIC)["components"]["schemas"]

    assert schemas["OrderView"]["properties"]["not_sendable"]["description"] == (
        "Messages that the mail server refused for good."
    )
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


# --- HEAD and OPTIONS ---


async def test_head_answers_as_get_does_without_a_body_everywhere(site: Site) -> None:
    await shipped(site)
    cookie = await site.log_in()
    [parcel] = (await site.ask("GET", f"{API}/orders/{ORDER}", key=KEY)).json["parcels"]
    pages = ["/login", "/orders", f"/orders/{ORDER}", "/connections", "/stock", "/deliveries", "/links", "/go-live",
             "/exceptions", "/privacy", "/runs", "/healthz", "/readyz", "/metrics"]  # fmt: skip
    named = {
        "order": ORDER,
        "parcel": parcel["parcel_id"],
        "id": "3f0c9a1b2d4e",
        "connection": "shop",
        "sku": "CHEF-8",
        "run": "r1",
    }
    api = [path.format(**named) for method, path in sorted(paths_of(site)) if method == "get" and API in path]

    for path, who in [*((p, {"cookie": cookie}) for p in pages), *((p, {"key": KEY}) for p in api)]:
        head, get = await site.ask("HEAD", path, **who), await site.ask("GET", path, **who)
        assert (path, head.status, head.body) == (path, get.status, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
        assert "Content-Length" in head.headers


async def test_the_head_of_a_label_is_no_print(site: Site) -> None:
    await shipped(site)
    path = f"{API}/orders/{ORDER}/labels/reno-1"

    for method in ("HEAD", "GET", "HEAD"):
        assert (await site.ask(method, path, key=KEY)).status == 200

    [label] = await site.b.store.read(labels_of, site.b.store.keys, MERCHANT, ORDER)
    assert label.printed == 1


OFFERED = {
    "/orders": "GET, HEAD, OPTIONS",
    "/orders/shop:kk-1001/release": "POST, OPTIONS",
    "/listings/shop/CHEF-8/link": "DELETE, PUT, OPTIONS",
    "/orders/shop:kk-1001/labels/reno-1": "GET, HEAD, OPTIONS",
}


async def test_options_says_what_a_path_offers_and_another_method_is_refused_with_it(site: Site) -> None:
    for path, allow in OFFERED.items():
        options = await site.ask("OPTIONS", API + path, key=KEY)
        patch = await site.ask("PATCH", API + path, key=KEY)

        assert (options.status, options.headers["Allow"], options.body) == (204, allow, b"")
        assert (patch.status, patch.headers["Allow"]) == (405, allow)
        assert patch.headers["Content-Type"] == "application/problem+json"


async def test_a_head_without_a_key_is_401_and_leads_a_browser_to_the_log_in(site: Site) -> None:
    assert (await site.ask("HEAD", f"{API}/orders")).status == 401
    page = await site.ask("HEAD", "/stock", cookie="a=b")
    assert (page.status, page.headers["Location"]) == (303, "/login?next=/stock")


# --- what a stranger's program stumbles over ---


WRONG: tuple[tuple[str, str, bytes | None, int, str, Any], ...] = (
        ("GET", "/orders?limit=1&limit=2", None, 422, "the query parameter 'limit' comes more than once",
         [{"where": "limit", "what": "it comes more than once"}]),
        ("GET", "/orders?hold=nobody_knows", None, 422, "the query does not fit its schema", ["hold"]),
        ("GET", "/orders?stage=", None, 422, "the query does not fit its schema", ["stage"]),
        ("GET", "/orders?connection=ghost", None, 404,
         "no connection named 'ghost'; crossdock.yaml has shop, amz, pay, post, mail", None),
        ("GET", "/deliveries?connection=ghost", None, 404,
         "no connection named 'ghost'; crossdock.yaml has shop, amz, pay, post, mail", None),
        ("GET", "/stock?sku=CHEF-8", None, 422, "unknown query parameter 'sku'; there is after, limit",
         [{"where": "sku", "what": "unknown; there is after, limit"}]),
        ("POST", "/stock/receive", b'{"lines": [], "note": "x"}', 422, "the body does not fit its schema",
         [{"where": "note", "what": "unknown field"}]),
        ("POST", "/stock/receive", b'{"lines": [{"sku": "A", "location": "reno", "units": 1, "n": 2}]}', 422,
         "the body does not fit its schema", [{"where": "lines/0/n", "what": "unknown field"}]),
        ("POST", "/orders/shop:1/retry", b'{"why": "x"}', 422, "the body does not fit its schema",
         [{"where": "why", "what": "unknown field"}]),
        ("POST", "/links/undo", b"[]", 422, "the body does not fit its schema", [""]),
        ("GET", "/nowhere", None, 404,
         "there is no /api/v1/nowhere; /api/v1/openapi.json names every path of the API", None),
)  # fmt: skip


async def test_a_wrong_request_is_told_what_is_wrong_and_where(site: Site) -> None:
    for method, path, body, status, detail, errors in WRONG:
        answer = await site.ask(method, API + path, key=KEY, data=body)

        assert (path, answer.status, answer.headers["Content-Type"]) == (
            path,
            status,
            "application/problem+json",
        )
        told = answer.json
        assert (told["type"], told["status"], told["detail"]) == ("about:blank", status, detail)
        if errors and isinstance(errors[0], str):
            assert [e["where"] for e in told["errors"]] == errors
        else:
            assert told.get("errors") == errors


async def test_a_fault_of_ours_is_a_problem_that_says_nothing_of_it_and_stands_in_the_log(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise LookupError("planted-secret")

    monkeypatch.setattr(site.b.store, "read", fail)
    answer = await site.ask("GET", "/readyz")

    assert (answer.status, answer.headers["Content-Type"]) == (500, "application/problem+json")
    assert answer.json["detail"] == "a fault of ours; the log of the hub says more"
    assert "planted-secret" not in answer.text
    assert "GET /readyz: a fault of ours" in site.log.getvalue()


async def test_an_instant_with_another_offset_is_the_same_instant(site: Site) -> None:
    for number in ("1", "2", "3"):
        await site.notify(f"/webhooks/{MERCHANT}/shop", a_notification(number))
    first = (await site.ask("GET", f"{API}/deliveries", key=KEY, params={"limit": "1"})).json
    after = first["after"]
    assert after.startswith("2026-11-30T16:00:00+00:00/")
    elsewhere = after.replace("16:00:00+00:00", "08:00:00-08:00")

    same = (await site.ask("GET", f"{API}/deliveries", key=KEY, params={"after": after})).json
    other = (await site.ask("GET", f"{API}/deliveries", key=KEY, params={"after": elsewhere})).json

    assert [d["event_id"] for d in same["deliveries"]] == ["2", "1"]
    assert other == same


def test_the_page_of_the_api_names_every_status_that_is_described() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    described = {
        status
        for methods in describe(ENDPOINTS, url=PUBLIC)["paths"].values()
        for told in methods.values()
        for status in told["responses"]
    }

    assert {s for s in described if not re.search(rf"^\| .*\b{s}\b.* \|", page, re.MULTILINE)} == {
        "200",
        "default",
    }
