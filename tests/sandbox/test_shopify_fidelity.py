"""Every parameter that Shopify's schema names is honoured, refused by name, or listed with its reason (R110)."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
)

from sandbox.fidelity import Fidelity
from sandbox.shopify.fidelity import OPERATIONS, ROOTS, TOPIC
from sandbox.shopify.graph import queries
from sandbox.shopify.graph.filters import FILTERS
from sandbox.shopify.graph.listed import LISTED
from sandbox.shopify.graph.offered import FILE, missing
from sandbox.shopify.graph.run import run, schema
from sandbox.shopify.webhooks import TOPICS
from tests.contracts import contracts
from tests.sandbox.shopify_stand import Json, Stand, kim, opened
from tests.sandbox.shopify_vendor import vendors, written

pytestmark = pytest.mark.req("R110")
ROWS = {row.operation: row for row in OPERATIONS}
OFFERED = sorted(
    f"{kind.name}.{name}"
    for kind in schema().type_map.values()
    if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
    for name, it in kind.fields.items()
    if kind.name in ROOTS or it.args
)


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with opened() as stand:
        yield stand


def row_of(field: str) -> Fidelity:
    kind, _, name = field.partition(".")
    return ROWS[name if kind in ROOTS else field]


def named(key: str, parameter: Any, row: Fidelity) -> Iterator[str]:
    """What the vendor names of one parameter: fields of inputs, and values of enums of which some are refused."""
    yield key
    kind = get_named_type(parameter.type)
    if key in row.refused:
        return
    if isinstance(kind, GraphQLInputObjectType):
        for name, inner in kind.fields.items():
            yield from named(f"{key}.{name}", inner, row)
    elif isinstance(kind, GraphQLEnumType) and kind.name in missing() and kind.name != TOPIC:
        yield from (f"{key}={name}" for name in kind.values)


def documented(description: str) -> set[str]:
    """The filters in the table of a `query` argument, or those that its text shows."""
    table = set(re.findall(r"^\| ([\w.{}]+) \| (?:\w+) \|", description, re.MULTILINE)) - {"name"}
    named_name = re.search(r"^\| name \| string \|", description, re.MULTILINE)
    table |= {"name"} if named_name else set()
    return table or set(re.findall(r"(\w+):[<>=]*'", description))


def the_vendors(field: str) -> Any:
    kind, _, name = field.partition(".")
    theirs = vendors().type_map[kind]
    assert isinstance(theirs, GraphQLObjectType | GraphQLInterfaceType)
    return theirs.fields[name]


@pytest.mark.parametrize("field", OFFERED)
def test_each_parameter_of_an_offered_field_is_in_one_of_the_three(field: str) -> None:
    row = row_of(field)
    arguments = the_vendors(field).args
    theirs = {name for key, argument in arguments.items() for name in named(key, argument, row)}
    if "query" in arguments and "query" not in row.refused:
        theirs |= {f"query:{name}" for name in documented(arguments["query"].description)}

    assert row.honoured | row.refused | set(row.listed) == theirs
    assert not row.honoured & row.refused
    assert not (row.honoured | row.refused) & set(row.listed)


def test_the_table_of_filters_is_read_out_of_the_vendors_words() -> None:
    orders = documented(the_vendors("QueryRoot.orders").args["query"].description)

    assert {"default", "tag", "tag_not", "sku", "test", "risk_level", "customer_id", "name"} < orders
    assert len(orders) == 41
    assert documented(the_vendors("Order.fulfillments").args["query"].description) == {
        "created_at",
        "updated_at",
    }


def test_what_is_not_offered_is_named_whole() -> None:
    assert FILE.read_text(encoding="utf-8") == written()


def test_each_root_field_topic_and_directive_of_the_vendor_has_a_row() -> None:
    roots = {name for root in ROOTS for name in vendors().type_map[root].fields}  # type: ignore[attr-defined]
    topics = vendors().type_map[TOPIC]
    assert isinstance(topics, GraphQLEnumType)

    assert {name for name in roots if name not in ROWS} == set()
    assert {
        name for name in topics.values if name not in TOPICS and f"webhook topic {name}" not in ROWS
    } == set()
    assert {f"@{one.name}" for one in vendors().directives} - {
        "@deprecated",
        "@specifiedBy",
        "@oneOf",
    } <= set(ROWS)
    assert len(ROWS) == len(OPERATIONS)


def test_each_reason_is_of_a_parameter_that_is_offered() -> None:
    for field, reasons in LISTED.items():
        assert set(reasons) == set(row_of(field).listed), field


def test_every_search_has_its_filters_and_every_key_its_order() -> None:
    searched = {field for field in OFFERED if "query" in row_of(field).honoured}
    keys: dict[str, Mapping[str, Any]] = {
        "OrderSortKeys": queries.ORDER_KEYS, "ProductVariantSortKeys": queries.VARIANT_KEYS,
        "LocationSortKeys": queries.LOCATION_KEYS, "WebhookSubscriptionSortKeys": queries.SUBSCRIPTION_KEYS,
    }  # fmt: skip

    assert searched == set(FILTERS)
    for name, known in keys.items():
        kind = schema().type_map[name]
        assert isinstance(kind, GraphQLEnumType)
        assert set(kind.values) == set(known)


def refusals() -> Iterator[tuple[str, str, str]]:
    """Whatever is not offered, with the operation and the field that ask for it."""
    for root, word in (("QueryRoot", "query"), ("Mutation", "mutation")):
        yield from ((f"{root}.{name}", word, name) for name in sorted(missing()[root]))
    for name in sorted(missing()["Order"]):
        yield f"Order.{name}", "query", f'order(id: "gid://shopify/Order/1") {{ {name} }}'
    for field in OFFERED:
        kind, _, name = field.partition(".")
        word = "mutation" if kind == "Mutation" else "query"
        for key in sorted(missing().get(field, ())):
            body = f"{name}({key}: null) {{ __typename }}"
            yield (
                f"{field}({key}:)",
                word,
                body if kind in ROOTS else f"nodes(ids: []) {{ ... on {kind} {{ {body} }} }}",
            )
        if kind in ROOTS:
            for key, argument in schema().type_map[kind].fields[name].args.items():  # type: ignore[attr-defined]
                for what, value in values(argument):
                    yield what, word, f"{name}({key}: {value}) {{ __typename }}"


def values(argument: Any) -> Iterator[tuple[str, str]]:
    """Each value of an enum, or field of an input, that is not offered, with a value that has it."""
    kind = get_named_type(argument.type)
    if isinstance(kind, GraphQLEnumType):
        many = str(argument.type).startswith("[")
        for name in sorted(missing().get(kind.name, ())):
            yield f"{kind.name}.{name}", f"[{name}]" if many else name
    elif isinstance(kind, GraphQLInputObjectType):
        for name in sorted(missing().get(kind.name, ())):
            yield f"{kind.name}.{name}", f"{{{name}: null}}"
        for name, inner in kind.fields.items():
            yield from ((what, f"{{{name}: {value}}}") for what, value in values(inner))


async def test_whatever_is_not_offered_is_refused_by_its_name_and_nothing_is_done(stand: Stand) -> None:
    stand.place()
    before, every = stand.shop.books(), list(refusals())
    chunks = [
        (word, asked[start : start + 20])
        for word in ("query", "mutation")
        for asked in [[(name, body) for name, operation, body in every if operation == word]]
        for start in range(0, len(asked), 20)
    ]

    for word, asked in chunks:
        fields = " ".join(f"f{place}: {body}" for place, (_name, body) in enumerate(asked))
        answer = run(stand.shop, {"query": f"{word} {{ {fields} }}"}, frozenset({"*"}))
        assert "data" not in answer
        told = {error["message"].split(" ")[0]: error["extensions"]["code"] for error in answer["errors"]}
        assert [name for name, _body in asked if told.get(name) != "NOT_OFFERED_HERE"] == []

    assert sum(len(asked) for _word, asked in chunks) == len(every) > 1000
    assert stand.shop.books() == before


async def test_what_stands_in_variables_is_refused_as_well(stand: Stand) -> None:
    order = stand.place(**kim())
    hold = """mutation H($id: ID!, $hold: FulfillmentOrderHoldInput!) { fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) {
      userErrors { message } } }"""
    asked = stand.shop.orders[int(order.rsplit("/", 1)[1])].fulfillment_orders[0]
    spec = {
        "reason": "OTHER",
        "fulfillmentOrderLineItems": [{"id": "gid://shopify/FulfillmentOrderLineItem/1", "quantity": 1}],
    }

    _status, answer = await stand.post(
        hold, {"id": f"gid://shopify/FulfillmentOrder/{asked.id}", "hold": spec}
    )

    message = "FulfillmentOrderHoldInput.fulfillmentOrderLineItems is not offered here: Shopify has it, this stand-in does not play it."
    assert [error["message"] for error in answer["errors"]] == [message]
    assert asked.holds == []


async def test_an_argument_that_a_resolver_does_not_look_at_never_passes(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LISTED, "QueryRoot.locations", {})
    headers = {"X-Shopify-Access-Token": stand.token}
    query = {"query": "{ locations(first: 1, includeLegacy: true) { nodes { id } } }"}

    async with stand.http.post(
        f"{stand.url}/admin/api/2026-10/graphql.json", json=query, headers=headers
    ) as answer:
        assert answer.status == 500


async def test_the_directive_against_doubles_is_refused_where_no_mutation_takes_it(stand: Stand) -> None:
    text = 'mutation { webhookSubscriptionDelete(id: "gid://shopify/WebhookSubscription/1") @idempotent(key: "a") { userErrors { message } } }'

    _status, answer = await stand.post(text)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_what_directives_leave_out_is_neither_answered_nor_paid_for(stand: Stand) -> None:
    text = "query Q($no: Boolean!) { shop { name id @skip(if: true) } locations(first: 50) @include(if: $no) { nodes { id } } }"

    _status, answer = await stand.post(text, {"no": False})

    assert answer["data"] == {"shop": {"name": "Kendra"}}
    assert answer["extensions"]["cost"]["requestedQueryCost"] == 1


async def test_pages_that_are_asked_for_by_default_values_cost_what_they_are(stand: Stand) -> None:
    text = "query Q($n: Int = 50) { locations(first: $n) { nodes { id } } }"

    _status, answer = await stand.post(text)

    # 2 + 2 ln 50 = 9.8
    assert answer["extensions"]["cost"]["requestedQueryCost"] == 10


async def test_a_mutation_inside_a_fragment_costs_as_much(stand: Stand) -> None:
    text = """mutation { ...Part } fragment Part on Mutation {
      webhookSubscriptionDelete(id: "gid://shopify/WebhookSubscription/1") { userErrors { message } } }"""

    _status, answer = await stand.post(text)

    assert answer["extensions"]["cost"]["requestedQueryCost"] == 10


FILLED = {
    "StaffMember": "", "NotifyCustomer": "true", "Refund": "true", "Restock": "true", "CancelReason": "OTHER",
}  # fmt: skip
"""What stands for the connector's placeholders that are no numbers."""


async def test_the_documents_of_a_large_foreign_connector_are_answered_or_refused_by_name(
    stand: Stand,
) -> None:
    stand.place()
    kept: Json = json.loads((contracts() / "shopify" / "bc_production_queries.json").read_text())
    told: list[str] = []

    for one in kept["queries"]:
        text = re.sub(r"\{\{(\w+)\}\}", lambda found: FILLED.get(found[1], "1"), one["query"])
        text = text.replace("(id: id:", "(id:")  # as it stands there, in NextOrderReturns.graphql
        answer = run(stand.shop, {"query": text}, frozenset({"*"}))
        codes = {(error.get("extensions") or {}).get("code") for error in answer.get("errors", [])}
        if "data" not in answer and "NOT_OFFERED_HERE" not in codes:
            told.append(f"{one['file']}: {answer['errors'][:2]}")

    assert told == []
