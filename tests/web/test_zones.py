"""The merchant says how near each location is: stored whole or not at all, and each merchant's own."""

from typing import Any

import pytest

from tests.web.site import KEY, OTHER_KEY, Site

TOLD = {
    "reno": {"near": ["US-NV", "US-OR"], "mid": ["US-IL"], "far": ["US"], "canada": ["CA"]},
    "easton": {"near": ["US-PA"], "mid": ["US-IL"], "far": ["US"], "canada": ["CA"]},
}


async def zones(site: Site, key: str = KEY) -> Any:
    return (await site.ask("GET", "/api/v1/zones", key=key)).json["zones"]


async def put(site: Site, table: Any) -> tuple[int, Any]:
    answer = await site.ask("PUT", "/api/v1/zones", key=KEY, json={"zones": table})
    return answer.status, answer.json


async def test_a_table_is_told_shown_and_replaced_and_another_merchants_stays(site: Site) -> None:
    assert await zones(site) == {}
    assert await put(site, TOLD) == (200, {"zones": TOLD})
    shown = await zones(site)
    assert shown == TOLD
    assert list(shown["reno"]) == ["near", "mid", "far", "canada"]
    assert await zones(site, OTHER_KEY) == {}
    assert await put(site, {"reno": {"all": ["us-or", ""]}}) == (
        200,
        {"zones": {"reno": {"all": ["US-OR", ""]}}},
    )
    assert await zones(site) == {"reno": {"all": ["US-OR", ""]}}


async def test_a_location_that_the_file_does_not_name_is_refused_and_nothing_is_stored(site: Site) -> None:
    await put(site, TOLD)
    status, said = await put(site, {"reno": {"near": ["US"]}, "rheno": {"near": ["US"]}})
    assert (status, said["detail"]) == (404, "no location 'rheno'; crossdock.yaml has reno, easton")
    assert await zones(site) == TOLD


@pytest.mark.parametrize(
    ("table", "where", "what"),
    [
        (
            {"reno": {"near": ["US-OR"], "far": ["us-or"]}},
            "zones/reno",
            "Value error, 'US-OR' stands twice: in near and in far; keep one",
        ),
        (
            {"reno": {"near": ["CA", "CA"]}},
            "zones/reno",
            "Value error, 'CA' stands twice: in near and in near; keep one",
        ),
        (
            {"easton": {"near": ["USA-OR"]}},
            "zones/easton/near/0",
            "Value error, 'USA-OR' is no COUNTRY or COUNTRY-STATE, as in CA or US-OR",
        ),
        ({"easton": {"": ["US"]}}, "zones/easton//[key]", "String should have at least 1 character"),
    ],
)
async def test_a_prefix_twice_at_a_location_or_none_at_all_is_refused_and_nothing_is_stored(
    site: Site, table: Any, where: str, what: str
) -> None:
    await put(site, TOLD)
    status, said = await put(site, table)
    assert (status, said["errors"]) == (422, [{"where": where, "what": what}])
    assert await zones(site) == TOLD


async def test_without_a_key_nothing_is_told(site: Site) -> None:
    answer = await site.ask("PUT", "/api/v1/zones", json={"zones": TOLD})
    assert answer.status == 401
    assert await zones(site) == {}
