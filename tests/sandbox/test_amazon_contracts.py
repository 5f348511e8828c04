"""The judge of Amazon's models, held against Amazon's own examples and against wrong ones."""

import json
from typing import Any

import pytest

from tests.contracts import contracts
from tests.contracts_amazon import check_notification, check_request, check_response, operations

WITH_EXAMPLES = ("orders_2026-01-01", "ordersV0", "listingsItems_2021-08-01", "notifications", "sellers")
ITEM = "/listings/2021-08-01/items/A1KENDRA/KK-SOCKS%2F2"
PATCH: dict[str, Any] = {
    "productType": "PRODUCT",
    "patches": [
        {"op": "replace", "path": "/attributes/fulfillment_availability", "value": [{"quantity": 1}]}
    ],
}


@pytest.mark.parametrize("model", WITH_EXAMPLES)
def test_amazons_valid_examples_pass(model: str) -> None:
    file = contracts() / "amazon" / "cases" / f"{model}.json"
    cases = json.loads(file.read_text(encoding="utf-8"))["cases"]
    known = operations(model)
    valid = [case for case in cases if case["schema_check"] == "valid" and case["operationId"] in known]
    for case in valid:
        check_response(model, case["operationId"], case["status"], case["response"])

    assert valid or model == "sellers"


def test_an_unknown_field_a_missing_one_and_an_unknown_status_are_refused() -> None:
    with pytest.raises(AssertionError, match="unexpected"):
        check_response("feeds_2021-06-30", "createFeed", 202, {"feedId": "1", "extra": True})
    with pytest.raises(AssertionError, match="feedId"):
        check_response("feeds_2021-06-30", "createFeed", 202, {})
    with pytest.raises(AssertionError, match="never answers 418"):
        check_response("feeds_2021-06-30", "createFeed", 418, {})
    with pytest.raises(AssertionError, match="has no body"):
        check_response("ordersV0", "confirmShipment", 204, {"a": 1})


def test_a_request_names_its_operation() -> None:
    query = [("marketplaceIds", "ATVPDKIKX0DER"), ("includedData", "issues")]
    assert check_request("listingsItems_2021-08-01", "PATCH", ITEM, query, PATCH) == "patchListingsItem"


@pytest.mark.parametrize(
    ("query", "body", "words"),
    [
        ({}, PATCH, "needs the query parameter marketplaceIds"),
        ({"marketplaceIds": "X", "mode": "TRY"}, PATCH, "TRY"),
        ({"marketplaceIds": "X", "colour": "red"}, PATCH, "no query parameter colour"),
        ({"marketplaceIds": "X"}, None, "needs a body"),
        ({"marketplaceIds": "X"}, {"productType": "PRODUCT"}, "patches"),
        ({"marketplaceIds": "X"}, {**PATCH, "sku": "1"}, "unexpected"),
        ({"marketplaceIds": "X"}, {**PATCH, "patches": [{"op": "move", "path": "/x"}]}, "move"),
    ],
)
def test_a_wrong_request_is_refused(query: dict[str, str], body: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        check_request("listingsItems_2021-08-01", "PATCH", ITEM, query, body)


def test_what_the_sdk_adds_is_tolerated() -> None:
    query = [(name, "ATVPDKIKX0DER") for name in ("MarketplaceId", "MarketplaceIds", "marketplace_ids")]
    path = "/orders/2026-01-01/orders/112-1"
    assert check_request("orders_2026-01-01", "GET", path, query) == "getOrder"
    body = {"contentType": "text/plain", "path": "/x", "MarketplaceIds": ["X"]}
    path = "/feeds/2021-06-30/documents"
    assert check_request("feeds_2021-06-30", "POST", path, (), body) == "createFeedDocument"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maxResultsPerPage", "many"),
        ("lastUpdatedAfter", "2026-11-30T00:00:00"),
        ("includedData", "BUYER,ALL"),
    ],
)
def test_a_parameter_of_another_type_is_refused(name: str, value: str) -> None:
    with pytest.raises(AssertionError, match=name):
        check_request("orders_2026-01-01", "GET", "/orders/2026-01-01/orders", {name: value})


def test_an_unknown_path_is_refused() -> None:
    with pytest.raises(AssertionError, match="no operation GET /orders/v1"):
        check_request("orders_2026-01-01", "GET", "/orders/v1")


def test_a_notification_without_its_summary_is_refused() -> None:
    with pytest.raises(AssertionError, match="Payload"):
        check_notification({"NotificationVersion": "1.0"})
