"""``maps:`` of crossdock.yaml: what may be written, and each slip with line, column and what to write instead."""

import contextlib
import random
import time

import pytest

from core.config.map_targets import untold_fields
from core.config.problems import ConfigFileError
from core.payloads import connectors_with_maps, payload_of
from tests.core.config.test_loader import GOOD, config_of, wrong
from tests.core.maps.mapped import config, mapped, written

SLOWEST_S = 0.05


def test_a_map_says_which_fields_go_both_ways() -> None:
    fields = mapped(
        "number: name",
        'method: {path: "shippingLines.nodes[0].title", as: {"Standard Shipping": Standard, "*": Standard}}',
        "lines.sku: variant.sku",
        "tags: {path: tags, as: csv}",
        "attributes.gift: \"=src.customAttributes.exists(a, a.key == 'gift')\"",
        "attributes.source: {path: sourceName, required: true}",
    ).fields

    assert [(one.target, one.both_ways, one.required) for one in fields] == [
        ("number", True, False),
        ("method", False, False),
        ("lines.sku", True, False),
        ("tags", True, False),
        ("attributes.gift", False, False),
        ("attributes.source", True, True),
    ]


def test_without_maps_nothing_is_read_otherwise() -> None:
    assert config_of(GOOD).maps == {}
    assert config_of(GOOD + "maps: []\n").maps == {}


@pytest.mark.req("R75")
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("total: name", "45:7: 'total' is not read by maps: amounts stay the connector's own"),
        ("payment: name", "45:7: 'payment' is not read by maps: payments stay the connector's own"),
        ("ship_to.name: name", "45:7: 'ship_to.name' is not read by maps: addresses and names stay the connector's own"),
        ("lines.qty: quantity", "45:7: 'lines.qty' is not read by maps: quantities stay the connector's own"),
        ("state: name", "45:7: 'state' is not read by maps: states and ids stay the connector's own"),
        ("lines.listing: sku", "45:7: 'lines.listing' is not read by maps: states and ids stay the connector's own"),
        ("methd: name", "45:7: an order has no field 'methd' that maps give; did you mean 'method'?"),
        ("weather: name", "45:7: an order has no field 'weather' that maps give (one of: number, method, lines.sku, lines.title, tags, attributes.<name>)"),
        ("attributes.Gift: name", "45:7: 'Gift' is no name of an attribute; write small letters, digits and '_', as in attributes.gift"),
        ("number: nam", "45:15: number: the order has nothing named 'nam' that maps read; did you mean 'name'?"),
        ("lines.sku: variant.skuu", "45:18: lines.sku: 'variant' has nothing named 'skuu' that maps read; did you mean 'sku'?"),
        ("number: /name", "45:15: number: '/name' is no path; write it like shippingLines.nodes[0].title"),
        ("number: tags.x", "45:15: number: 'tags' is a list; write which entry, as in tags[0]"),
        ("number: name.x", "45:15: number: 'name' is a text; nothing is inside it"),
        ("number: test", "45:15: number: it is a text, and this is true or false"),
        ("number: shippingLines", "45:15: number: this is several named values; name one value"),
        ("attributes.t: tags", "45:21: attributes.t: an attribute holds one value, and this is a list"),
        ("attributes.t: {path: name, as: flag}", "45:28: attributes.t: this is a text, which as: flag does not read"),
        ("number: email", "45:15: number: 'email' is personal data (names, addresses, mail, phone, notes), which maps never read"),
        ("attributes.c: shippingAddress.city", "45:21: attributes.c: 'shippingAddress' is personal data (names, addresses, mail, phone, notes), which maps never read"),
        ('attributes.c: "=src.customer.displayName"', "45:27: attributes.c: 'customer' is personal data (names, addresses, mail, phone, notes), which maps never read"),
        ("attributes.c: transactions[0].id", "45:21: attributes.c: 'transactions' is about money, which stays the connector's own; rules see order.total"),
        ('attributes.c: "=src.currentTotalPriceSet.shopMoney.amount"', "45:27: attributes.c: 'currentTotalPriceSet' is about money, which stays the connector's own; rules see order.total"),
        ("number: {path: name, as: money}", "45:32: as: 'money' is no codec of maps: amounts stay the connector's own; or write a table, as in {Express: Fast}"),
        ("number: {path: name, as: cvs}", "45:32: as: 'cvs' is no codec; did you mean 'csv'?; or write a table, as in {Express: Fast}"),
        ("number: {path: name, as: {}}", "45:32: as: the table is empty; write the channel's words and yours, as in {Express: Fast}"),
        ("number: {path: name, as: {a: 1}}", "45:22: number: it is a text: the words of the table become texts; put numbers and truths in quotes"),
        ("number: {path: name, as: {a: 1.5}}", "45:32: as: 'a' becomes a text, a whole number, true or false; put decimals in quotes"),
        ("number: {}", "45:7: number: a field has a path: or a value:, one of the two"),
        ('number: {path: name, value: "=src.name"}', "45:7: number: a field has a path: or a value:, one of the two"),
        ("number: {value: src.name}", "45:23: value: write what computes it after =, as in \"=src.test ? 'test' : 'real'\""),
        ('number: {value: "=src.name", as: text}', "45:36: as goes with path: what is computed has its type"),
        ('number: "=src.nam"', "45:21: number: src has no 'nam'; did you mean 'name'?"),
        ('number: "=1 + 2"', "45:15: number: it is a text, and this is a whole number"),
        ('tags: "=src.test"', "45:13: tags: tags are texts, and this is true or false or null"),
        ('lines.sku: "=src.name"', "45:20: lines.sku: there is no 'src' here (one of: item)"),
        ("number: {path: name, requird: true}", "45:28: unknown key 'requird' in maps[0].fields.number; did you mean 'required'?"),
        ("number: 5", "45:15: number: names and values are wanted here; its keys are: path, as, value, required"),
    ],
)  # fmt: skip
def test_a_slip_in_a_field_is_told_where_it_stands(line: str, says: str) -> None:
    assert says in wrong(written(line))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("from: shopfy.order", "43:11: from: 'shopfy.order' is nothing that maps read; did you mean 'shopify.order'?"),
        ("from: stripe.payment", "43:11: from: 'stripe.payment' is nothing that maps read (one of: amazon.order, shopify.order)"),
        ("from: shopify.order\n    to: shipment", "44:9: to: 'shipment' is not known here (one of: order)"),
        ("from: shopify.order\n    lines: {each: lineItems}", "44:5: unknown key 'lines' in maps[0] (one of: fields, from, to)"),
    ],
)  # fmt: skip
def test_a_slip_in_a_map_is_told_where_it_stands(text: str, says: str) -> None:
    assert says in wrong(f"{GOOD}maps:\n  - {text}\n    fields: {{number: name}}\n")


def test_a_second_map_of_a_connector_and_one_that_nobody_uses_are_refused() -> None:
    twice = written("number: name") + "  - {from: shopify.order, fields: {method: name}}\n"
    assert "46:12: from: 'shopify.order' has a map already; write its fields there" in wrong(twice)
    unused = "\n".join(
        one for one in written("number: orderId", of="amazon").splitlines() if "use: amazon" not in one
    )
    assert any(one.endswith("from: no connection uses amazon") for one in wrong(unused.replace("amz: 1", "")))


def test_what_does_not_come_back_on_the_sample_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "core.config.map_reader.sample_of", lambda _: {"name": " #1042", "lineItems": {"nodes": []}}
    )

    assert wrong(written("number: name")) == [
        "45:15: number: the sample's ' #1042' comes back as '#1042'; write it one way, as in \"=src.name\""
    ]
    config('number: "=src.name"')


def test_what_the_sample_gives_and_nobody_keeps_is_advice() -> None:
    (advice,) = config("attributes.n: {path: name, as: text}").advice

    assert str(advice).endswith(
        "45:21: attributes.n: what it reads of the sample is not kept: "
        "an attribute holds codes: letters, digits and . _ : / # + -, no blanks"
    )


def test_of_every_field_of_the_model_it_is_said_whether_maps_give_it() -> None:
    assert untold_fields() == frozenset()


@pytest.mark.parametrize("connector", connectors_with_maps())
def test_nothing_that_maps_read_is_named_as_a_person_or_money(connector: str) -> None:
    payload = payload_of(connector)
    assert payload is not None
    text = str(payload.fields)

    assert [name for name in (*payload.persons, *payload.money) if f"'{name}'" in text] == []


def test_broken_maps_neither_crash_nor_hang() -> None:
    chance = random.Random(7)
    good = written(
        "number: name",
        'method: {path: "shippingLines.nodes[0].title", as: {a: b}}',
        'attributes.g: "=src.test"',
    )
    begin = good.index("maps:")
    parts = [
        "=",
        "src.",
        "item.",
        "[0]",
        "{",
        "}",
        ": ",
        "\n",
        '"',
        "as: csv",
        "lines.sku",
        "(" * 200,
        "a.",
        "*",
        "9" * 400,
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "null",
        "[[",
        "&a",
        "*a",
    ]
    spent_s = []
    for _ in range(300):
        text = good
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(begin, len(text))
            text = text[:at] + chance.choice(parts) + text[at + chance.randrange(0, 6) :]
        before_s = time.process_time()
        with contextlib.suppress(ConfigFileError):
            config_of(text)
        spent_s.append(time.process_time() - before_s)
    spent_s.sort()
    assert spent_s[len(spent_s) * 9 // 10] < SLOWEST_S
    assert spent_s[-1] < 4 * SLOWEST_S  # a collector's pause, on a machine that others use
