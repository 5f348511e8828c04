"""What a map makes of an order: its own fields and no others; what cannot be computed keeps the connector's value."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.amazon.order import order_of, part_of
from connectors.shopify.reading import fetched_of
from core.codecs import UnfitError
from core.errors import MappingError
from core.mapping import load_mapping
from core.model.order import FetchedOrder
from core.overrides import Overrides, attribute_of, tags_of
from core.ports import as_read
from tests.contracts import contracts
from tests.core.maps.mapped import mapped, sample

US = "ATVPDKIKX0DER"
GIFT = "attributes.gift: \"=src.customAttributes.exists(a, a.key == 'gift' && a.value == 'yes')\""


def read(payload: dict[str, Any], overrides: Any = as_read) -> FetchedOrder:
    values = load_mapping("shopify/order")(payload)
    told: FetchedOrder = overrides(
        fetched_of(values, payload, connection="shop", denied=frozenset()), payload
    )
    return told


def read_amazon(payload: dict[str, Any], overrides: Overrides) -> FetchedOrder:
    return overrides(order_of(payload, connection="amz", main=US), payload)


def test_a_merchants_own_fields_and_no_others_are_changed() -> None:
    order = sample()
    order["tags"], order["sourceName"] = ["VIP Customer", "wholesale"], "pos"
    order["customAttributes"] = [
        {"key": "gift", "value": "yes"},
        {"key": "message", "value": "Dear Mina, ..."},
    ]

    fetched = read(
        order,
        mapped(
            'method: {path: "shippingLines.nodes[0].title", as: {Express: Fast, "*": Standard}}',
            "number: legacyResourceId",
            "lines.sku: \"='KK-' + item.sku\"",
            "lines.title: {path: title, as: text}",
            "tags: tags",
            GIFT,
            "attributes.source: sourceName",
            "attributes.placed: processedAt",
            'attributes.units: "=size(src.lineItems.nodes)"',
        ),
    )

    plain = read(order)
    assert fetched.order.method == "Fast"
    assert fetched.order.number == "820982911946154508"
    assert [line.sku for line in fetched.order.lines] == ["KK-MUG-RED", "KK-", None]
    assert fetched.tags == ("vip-customer", "wholesale")
    assert fetched.order.attributes == {
        "gift": True, "source": "pos", "placed": "2026-11-30T17:14:00Z", "units": 3,
    }  # fmt: skip
    assert [field for field, _ in fetched.unmapped] == ["lines.sku"]
    own = {"method", "number", "lines", "attributes"}
    assert fetched.order.model_dump(exclude=own) == plain.order.model_dump(exclude=own)
    assert [line.model_dump(exclude={"sku"}) for line in fetched.order.lines] == [
        line.model_dump(exclude={"sku"}) for line in plain.order.lines
    ]
    assert fetched.personal == plain.personal


def test_the_raw_order_is_neither_changed_nor_kept() -> None:
    order = sample()
    order["customAttributes"] = [{"key": "message", "value": "Dear canary"}]
    before = json.dumps(order)

    fetched = read(order, mapped(GIFT, "attributes.source: sourceName"))

    assert json.dumps(order) == before
    assert "canary" not in fetched.model_dump_json()


def test_what_is_absent_keeps_the_connectors_value_and_nobody_is_told() -> None:
    fetched = read(
        sample(), mapped("method: sourceName", "number: sourceName", "attributes.source: sourceName")
    )

    assert (fetched.order.method, fetched.order.number) == ("Express", "#1042")
    assert (fetched.order.attributes, fetched.unmapped) == ({}, ())


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ('method: {path: "shippingLines.nodes[0].title", as: {Slow: Standard}}', "method"),
        ("attributes.first: \"=src.customAttributes.filter(a, a.key == 'po')[0].value\"", "attributes.first"),
        ("attributes.long: \"=src.name + src.name + ' ' + src.name\"", "attributes.long"),
        ('lines.title: "=item.customAttributes[0].value"', "lines.title"),
    ],
)
def test_what_cannot_be_computed_keeps_the_connectors_value_and_is_told_once(line: str, field: str) -> None:
    fetched = read(sample(), mapped(line))

    assert fetched.order == read(sample()).order
    ((told, reason),) = fetched.unmapped
    assert told == field
    assert reason
    assert "Express" not in reason


@pytest.mark.parametrize(
    "line",
    [
        "attributes.source: {path: sourceName, required: true}",
        'method: {path: "shippingLines.nodes[0].title", as: {Slow: Standard}, required: true}',
        'attributes.po: {value: "=src.customAttributes[0].value", required: true}',
        "lines.sku: {path: sku, required: true}",
    ],
)
def test_a_required_field_that_is_not_there_makes_the_order_unreadable(line: str) -> None:
    with pytest.raises(MappingError) as error:
        read(sample(), mapped(line))

    assert error.value.path == f"maps: {line.partition(':')[0]}"


def test_of_an_order_that_was_not_read_whole_the_connectors_part_stands() -> None:
    part = part_of(
        {},
        connection="amz",
        order_id="1",
        now=datetime(2026, 12, 1, tzinfo=UTC),
        error=MappingError("a", "b"),
    )

    assert mapped("attributes.id: {path: orderId, required: true}", of="amazon")(part, {}) == part


def test_amazons_orders_are_read_with_a_map_too() -> None:
    fetched = read_amazon(
        sample("amazon"),
        mapped(
            "method: {path: fulfillment.fulfillmentServiceLevel, as: {EXPEDITED: Express, STANDARD: Standard}}",
            "lines.sku: \"=item.product.sellerSku + '-US'\"",
            "attributes.channel: salesChannel.channelName",
            "attributes.premium: \"='PREMIUM' in src.programs\"",
            of="amazon",
        ),
    )

    assert fetched.order.method == "Express"
    assert {line.sku for line in fetched.order.lines} >= {"KK-ROLL-US", "KK-STONE-US"}
    assert fetched.order.attributes == {"channel": "AMAZON", "premium": True}
    assert fetched.unmapped == ()


def test_the_vendors_own_examples_are_read_with_a_map() -> None:
    cases = json.loads((contracts() / "amazon/cases/orders_2026-01-01.json").read_text())["cases"]
    overrides = mapped(
        "number: orderId",
        "attributes.market: salesChannel.marketplaceId",
        "attributes.placed: createdTime",
        "attributes.prime: \"='PRIME' in src.programs\"",
        "tags: programs",
        "lines.title: product.title",
        of="amazon",
    )
    orders = [cases[0]["response"]["orders"][0], cases[1]["response"]["order"]]

    us, gb = (read_amazon(order, overrides) for order in orders)

    assert (us.unmapped, gb.unmapped) == ((), ())
    assert [one.order.attributes["prime"] for one in (us, gb)] == [True, True]
    assert us.tags[:1] == ("prime",)
    for one, order in zip((us, gb), orders, strict=True):
        plain = order_of(order, connection="amz", main=US).order
        assert one.order.model_copy(update={"attributes": {}}) == plain


@pytest.mark.parametrize(
    ("value", "kept"),
    [(True, True), (0, 0), (-5, -5), ("PO-4711/2", "PO-4711/2"), ("", None), (" A1 ", "A1")],
)
def test_an_attribute_is_a_truth_a_number_or_a_code(value: Any, kept: Any) -> None:
    assert attribute_of(value) == kept
    assert type(attribute_of(value)) is type(kept)


@pytest.mark.parametrize(
    "value",
    [
        "Mina Okafor",
        "mina@example.test",
        "+16145550100",
        "12 Main St",
        "a" * 65,
        "\u200bx",
        1.5,
        10**16,
        ["a"],
        None,
        {"a": 1},
    ],
)
def test_what_may_be_a_name_a_mail_address_or_a_note_is_no_attribute(value: Any) -> None:
    with pytest.raises(UnfitError) as error:
        attribute_of(value)
    assert str(value) not in str(error.value) or value is None


def test_the_words_of_the_merchants_own_table_may_have_blanks() -> None:
    fetched = read(sample(), mapped("attributes.kind: {path: name, as: {'#1042': \"Gift wrap\"}}"))

    assert fetched.order.attributes == {"kind": "Gift wrap"}


def test_tags_are_written_as_the_hub_writes_them() -> None:
    assert tags_of(["VIP Customer", "vip-customer", "  Größe XL! ", "***", "x" * 60]) == (
        "vip-customer", "grosse-xl", "x" * 40,
    )  # fmt: skip
    assert len(tags_of([f"t{n}" for n in range(50)])) == 20
