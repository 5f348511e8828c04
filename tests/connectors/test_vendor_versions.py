"""What a vendor changed up to the version that is pinned is known on both sides: connector and stand-in (R115)."""

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_client_schema,
    get_named_type,
    parse,
    validate,
    visit,
)

from connectors.shopify.client import DOCUMENTS
from connectors.shopify.settings import ShopifySettings
from core.mapping import MAPPINGS, load_mapping
from core.model.order import RiskLevel, TransactionKind, TransactionState
from sandbox.shopify.graph.run import schema as stand_in
from tests.connectors.amazon.test_orders import a_package, read, unshipped_with
from tests.connectors.odd_orders import Json, changed
from tests.connectors.test_odd_orders import from_shopify
from tests.contracts import contracts

pytestmark = pytest.mark.req("R115")

PINNED, BEFORE = "2026-10", "2026-07"
SHOPIFY: Json = json.loads((MAPPINGS / "shopify" / "sample.json").read_text()) | {"legacyResourceId": "5001"}
LOOKED_AT = {
    "OrderDisplayFulfillmentStatus": {"+FULFILLMENT_NOT_REQUIRED"},
    "InventorySetQuantitiesUserErrorCode": {"-ITEM_NOT_STOCKED_AT_LOCATION"},
    "OrderCancelPayload": {"+jobResult"},
    "Shop": {"+analyticsAnnotations"},
}
"""What differs between the two versions in what we use; docs/reference/vendor-versions.md says what was done about it."""


@cache
def shopify(version: str) -> GraphQLSchema:
    with gzip.open(contracts() / f"shopify/admin-graphql/admin_{version}.json.gz") as file:
        found = json.load(file)
    return build_client_schema(found.get("data", found), assume_valid=True)


class Named(Visitor):
    """Collects the types and fields that documents name, and those that their variables are made of."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info, self.types, self.fields = info, set[str](), set[tuple[str, str]]()

    def enter(self, node: Any, *_: Any) -> None:
        owner, output, given = self.info.get_parent_type(), self.info.get_type(), self.info.get_input_type()
        if node.kind == "field" and owner is not None:
            self.fields.add((owner.name, node.name.value))
        self.types |= {get_named_type(one).name for one in (output, given) if one is not None}


@cache
def named() -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Return every type that our documents name, inputs with all that is in them, and every (type, field)."""
    pinned, types, fields = shopify(PINNED), set[str](), set[tuple[str, str]]()
    for path in documents():
        info = TypeInfo(pinned)
        found = Named(info)
        visit(parse(path.read_text()), TypeInfoVisitor(info, found))
        types |= found.types
        fields |= found.fields
    left = list(types)
    while left:
        kind = pinned.type_map[left.pop()]
        inner = kind.fields.values() if isinstance(kind, GraphQLInputObjectType) else ()
        more = {get_named_type(field.type).name for field in inner} - types
        types |= more
        left += more
    return frozenset(types), frozenset(fields)


def documents() -> list[Path]:
    return sorted(DOCUMENTS.glob("*.graphql"))


def spelled(kind: GraphQLNamedType) -> set[str]:
    """Return what can be named of a type: its words, or its fields with their types and arguments."""
    if isinstance(kind, GraphQLEnumType):
        return set(kind.values)
    if isinstance(kind, GraphQLInputObjectType):
        return {f"{name}: {field.type}" for name, field in kind.fields.items()}
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return {
            f"{name}{sorted(f'{a}: {it.type}' for a, it in field.args.items()) or ''}: {field.type}"
            for name, field in kind.fields.items()
        }
    return set()


def test_nothing_that_we_name_changed_but_what_was_looked_at() -> None:
    new, old, found = shopify(PINNED), shopify(BEFORE), {}
    for name in named()[0] - {"QueryRoot", "Mutation"}:
        after, before = spelled(new.type_map[name]), spelled(old.type_map[name])
        differs = {f"+{one}" for one in after - before} | {f"-{one}" for one in before - after}
        if differs:
            found[name] = {re.split(r"[:\[]", one)[0] for one in differs}

    assert found == LOOKED_AT
    assert ShopifySettings(store="kendra-kookware.myshopify.com").api_version == PINNED


def test_every_document_fits_both_versions_and_names_nothing_deprecated() -> None:
    for path in documents():
        document = parse(path.read_text())
        assert [str(error) for v in (BEFORE, PINNED) for error in validate(shopify(v), document)] == [], (
            path.name
        )
    kinds = shopify(PINNED).type_map
    old = {
        f"{owner}.{field}"
        for owner, field in named()[1]
        if isinstance(kind := kinds[owner], GraphQLObjectType | GraphQLInterfaceType)
        and field in kind.fields
        and kind.fields[field].deprecation_reason
    }
    assert old == set()


def test_the_stand_in_has_the_words_that_the_pinned_version_has() -> None:
    words = stand_in().type_map["OrderDisplayFulfillmentStatus"]
    codes = stand_in().type_map["InventorySetQuantitiesUserErrorCode"]

    assert isinstance(words, GraphQLEnumType)
    assert isinstance(codes, GraphQLEnumType)
    assert "FULFILLMENT_NOT_REQUIRED" in words.values
    assert "ITEM_NOT_STOCKED_AT_LOCATION" not in codes.values


def words_of(name: str) -> list[str]:
    kind = shopify(PINNED).type_map[name]
    assert isinstance(kind, GraphQLEnumType)
    return sorted(kind.values)


KINDS = {
    "AUTHORIZATION": TransactionKind.AUTHORIZATION, "CAPTURE": TransactionKind.CAPTURE, "CHANGE": TransactionKind.REFUND,
    "EMV_AUTHORIZATION": TransactionKind.AUTHORIZATION, "REFUND": TransactionKind.REFUND, "SALE": TransactionKind.SALE,
    "SUGGESTED_REFUND": None, "VOID": TransactionKind.VOID,
}  # fmt: skip
STATES = {
    "AWAITING_RESPONSE": TransactionState.PENDING, "ERROR": TransactionState.FAILED, "FAILURE": TransactionState.FAILED,
    "PENDING": TransactionState.PENDING, "SUCCESS": TransactionState.SUCCEEDED, "UNKNOWN": TransactionState.PENDING,
}  # fmt: skip
RISKS = {
    "HIGH": RiskLevel.HIGH, "LOW": RiskLevel.LOW, "MEDIUM": RiskLevel.MEDIUM, "NONE": RiskLevel.NONE,
    "PENDING": RiskLevel.PENDING,
}  # fmt: skip
COUNTS = {
    "CANCELLED": False, "ERROR": False, "FAILURE": False, "OPEN": True, "PENDING": True, "SUCCESS": True,
}  # fmt: skip


async def test_every_kind_of_transaction_is_known_as_money_or_as_none() -> None:
    assert sorted(KINDS) == words_of("OrderTransactionKind")
    sample = {**SHOPIFY["transactions"][0], "id": "gid://shopify/OrderTransaction/77"}
    for word, kind in KINDS.items():
        order = await from_shopify(SHOPIFY | {"transactions": [sample | {"kind": word}]})
        assert order.unreadable is None
        assert [t.kind for t in order.transactions] == ([] if kind is None else [kind]), word


async def test_every_status_of_a_transaction_is_known() -> None:
    assert sorted(STATES) == words_of("OrderTransactionStatus")
    for word, state in STATES.items():
        order = await from_shopify(changed(SHOPIFY, ("transactions", 0, "status"), word))
        assert (order.unreadable, order.transactions[0].state) == (None, state), word


async def test_every_result_of_a_risk_assessment_is_known() -> None:
    assert sorted(RISKS) == words_of("RiskAssessmentResult")
    for word, risk in RISKS.items():
        order = await from_shopify(changed(SHOPIFY, ("risk", "assessments"), [{"riskLevel": word}]))
        assert (order.unreadable, order.risk) == (None, risk), word


async def test_every_status_of_a_fulfillment_counts_as_a_parcel_or_as_withdrawn() -> None:
    assert sorted(COUNTS) == words_of("FulfillmentStatus")
    one = {**SHOPIFY["fulfillments"][0], "trackingInfo": [{"company": "UPS", "number": "1ZX"}]}
    for word, counts in COUNTS.items():
        order = await from_shopify(SHOPIFY | {"fulfillments": [one | {"status": word}]})
        assert order.unreadable is None
        assert ([s.tracking for s in order.shipped], order.withdrawn) == (
            (["1ZX"], ()) if counts else ([], ("1ZX",))
        ), word


async def test_an_order_without_anything_to_fulfill_is_open_and_needs_nothing() -> None:
    order = await from_shopify(SHOPIFY | {"displayFulfillmentStatus": "FULFILLMENT_NOT_REQUIRED"})

    assert (order.unreadable, order.state) == (None, "open")


def amazons() -> Json:
    model: Json = json.loads(
        (contracts() / "amazon/models-shared/orders-api-model/orders_2026-01-01.json").read_text()
    )
    definitions: Json = model["definitions"]
    return definitions


ORDER_STATES = {
    "CANCELLED": "cancelled", "PARTIALLY_SHIPPED": "open", "PENDING": "pending", "PENDING_AVAILABILITY": "pending",
    "SHIPPED": "shipped", "UNFULFILLABLE": "cancelled", "UNSHIPPED": "open",
}  # fmt: skip


def test_every_status_of_an_order_of_amazon_is_known() -> None:
    assert sorted(ORDER_STATES) == sorted(amazons()["FulfillmentStatus"]["enum"])
    for word, state in ORDER_STATES.items():
        told = unshipped_with()
        told["fulfillment"]["fulfillmentStatus"] = word
        assert load_mapping("amazon/order")(told)["status"] == state, word


def test_every_status_of_a_package_of_amazon_counts_or_is_withdrawn() -> None:
    words = amazons()["PackageStatus"]["properties"]["status"]["enum"]
    assert sorted(words) == ["CANCELLED", "DELIVERED", "IN_TRANSIT", "PENDING", "SHIPPED", "UNDELIVERABLE"]
    for word in words:
        order = read(unshipped_with(a_package(word))).order
        numbers = ["1Z0000000000000001"]
        assert ([s.tracking for s in order.shipped], list(order.withdrawn)) == (
            ([], numbers) if word == "CANCELLED" else (numbers, [])
        ), word
