"""What a foreign program sends that no shelf, parcel or form can hold: refused where it stands, and nothing changes."""

import json
from typing import Any

import pytest

from core.model.products import Product
from core.services.product_mistakes import mistakes_in
from core.store.products import list_products
from tests.builders import MERCHANT
from tests.stored import list_stock
from tests.web.site import KEY, Site

API = "/api/v1"


async def refused(site: Site, method: str, path: str, body: bytes, status: int = 422) -> Any:
    """Send a body that is refused, and return what is told; neither stock nor products may have changed."""
    before = [await site.b.store.read(list_stock, MERCHANT), await site.b.store.read(list_products, MERCHANT)]
    answer = await site.ask(method, API + path, key=KEY, data=body)
    after = [await site.b.store.read(list_stock, MERCHANT), await site.b.store.read(list_products, MERCHANT)]
    assert (answer.status, after) == (status, before), answer.text
    return answer.json


@pytest.mark.parametrize(
    ("units", "what"),
    [
        ("99999999999999999999", "Input should be less than or equal to 1000000000"),
        ("9223372036854775808", "Input should be less than or equal to 1000000000"),
        ("1000000001", "Input should be less than or equal to 1000000000"),
        ("true", "Input should be a valid integer"),
        ('"1"', "Input should be a valid integer"),
        ("1.0", "Input should be a valid integer"),
        ("null", "Input should be a valid integer"),
    ],
)
async def test_units_are_whole_numbers_that_a_shelf_can_hold(site: Site, units: str, what: str) -> None:
    for path in ("/stock/receive", "/stock/count"):
        body = f'{{"lines": [{{"sku": "SOCKS-CHEF", "location": "reno", "units": {units}}}]}}'

        told = await refused(site, "POST", path, body.encode())

        assert told["errors"] == [{"where": "lines/0/units", "what": what}]


async def test_a_field_that_comes_twice_is_refused_for_nobody_knows_which_is_meant(site: Site) -> None:
    line = b'{"sku": "SOCKS-CHEF", "location": "reno", "units": 1, "units": 5}'

    told = await refused(site, "POST", "/stock/receive", b'{"lines": [%s]}' % line)

    assert told["detail"] == "the field 'units' comes more than once"
    assert told["errors"] == [{"where": "units", "what": "it comes more than once"}]


GOOD: dict[str, Any] = {"sku": "NEW-1", "title": "New", "weight_g": 5, "size_mm": [1, 2, 3]}
GRAMS = "whole grams are wanted, from 1 to 1000000"
SIDES = "length, width and height in whole millimetres are wanted, each from 1 to 10000"
BLANKS = "blanks at its ends, line breaks and invisible characters are no part of it"
TARIFF = "a tariff code of 6 to 10 figures is wanted, as in 6302.60"
ODD_PRODUCTS: tuple[tuple[str, Any, str], ...] = (
    ("weight_g", -5, GRAMS),
    ("weight_g", 0, GRAMS),
    ("weight_g", 10**20, GRAMS),
    ("size_mm", [0, 0, 0], SIDES),
    ("size_mm", [1, 2, -3], SIDES),
    ("size_mm", [1, 2, 10**20], SIDES),
    ("sku", "", "this must not be empty"),
    ("sku", " NEW-1", BLANKS),
    ("sku", "NEW-1\n", BLANKS),
    ("title", "  ", "this must not be empty"),
    ("origin", "USA", "'USA' is no country code; write US"),
    ("origin", "us", "'us' is no country code; write US"),
    ("origin", "XX", "'XX' is no country code; write two capital letters, as in US"),
    ("hs", "abc", TARIFF),
    ("hs", "12", TARIFF),
)


async def test_a_product_that_no_parcel_can_hold_and_no_customs_form_declare_is_refused(site: Site) -> None:
    for field, value, what in ODD_PRODUCTS:
        body = json.dumps({"products": [GOOD | {"sku": "NEW-2"}, GOOD | {field: value}]}).encode()

        told = await refused(site, "PUT", "/products", body)

        assert told["errors"] == [{"where": f"products/1/{field}", "what": what}], (field, value)


async def test_a_product_named_twice_in_one_request_is_refused(site: Site) -> None:
    told = await refused(site, "PUT", "/products", json.dumps({"products": [GOOD, GOOD]}).encode())

    assert told["errors"] == [{"where": "products/1/sku", "what": "it comes more than once"}]


@pytest.mark.parametrize(
    "hs", ["821192", "8211.92", "8211 92", "8211.92.9030", "8211.92.90.30", "82119290", None]
)
def test_tariff_codes_are_written_with_points_or_without(hs: str | None) -> None:
    product = Product(
        sku="CHEF-8", title="Chef's knife", weight_g=1, size_mm=(1, 1, 10_000), hs=hs, origin="XK"
    )

    assert mistakes_in([product]) == []


async def test_a_listing_holds_no_more_units_than_can_be_linked_by_file(site: Site) -> None:
    told = await refused(site, "PUT", "/listings/shop/X/link", b'{"of": {"SOCKS-CHEF": 10001}}', 409)

    assert told["detail"] == "a listing holds at most 10000 units of each of its SKUs"


async def test_another_method_is_told_every_method_that_there_is(site: Site) -> None:
    answer = await site.ask("PATCH", f"{API}/stock", key=KEY)

    assert answer.json["detail"] == "PATCH is not offered here; there is GET, HEAD, OPTIONS"
