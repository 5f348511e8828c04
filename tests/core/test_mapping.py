"""Mappings: data in, values out, and a place for every fault."""

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.errors import ConfigError, MappingError
from core.mapping import MAPPINGS, compile_mapping, load_mapping
from core.model.money import Money, Side, minor_of
from core.paths import At
from core.quick_fields import UNCLEAR
from tests.connectors.odd_orders import odd_order

HEAD = "source: https://vendor.test\ntarget: Order\nfields:\n"


def mapped(field: str, payload: Any) -> Any:
    return compile_mapping(f"{HEAD}  it: {field}\n", name="m.yaml")(payload)["it"]


def refused(field: str, payload: Any) -> MappingError:
    with pytest.raises(MappingError) as raised:
        mapped(field, payload)
    return raised.value


@pytest.mark.parametrize(
    ("field", "payload", "value"),
    [
        ("{from: a.b, as: text}", {"a": {"b": " x "}}, "x"),
        ("{from: a, as: text}", {"a": 7}, "7"),
        ("{from: a, as: tail}", {"a": "gid://shopify/Order/12?x=1"}, "12"),
        ("{from: a, as: count}", {"a": "3"}, 3),
        ("{from: a, as: count}", {"a": 0}, 0),
        ("{from: a, as: flag}", {"a": False}, False),
        ("{from: a, as: country}", {"a": "us"}, "US"),
        ("{from: a, as: time}", {"a": "2026-11-30T09:14:00-08:00"}, datetime(2026, 11, 30, 17, 14, tzinfo=UTC)),
        ("{from: 'a[1].b', as: text}", {"a": [{}, {"b": "x"}]}, "x"),
        ("{from: 'a[1].b', as: text, missing: null}", {"a": []}, None),
        ("{from: [a, b], as: text}", {"a": " ", "b": "x"}, "x"),
        ("{from: a, as: text, missing: none}", {}, "none"),
        ("{from: a, as: choice, table: {OPEN: open, '*': other}}", {"a": "OPEN"}, "open"),
        ("{from: a, as: choice, table: {OPEN: open, '*': other}}", {"a": "NEW"}, "other"),
        ("{is: 5}", {}, 5),
        ("{each: a, item: {from: ., as: text}}", {"a": ["x", "y"]}, ["x", "y"]),
        ("{each: a, item: {from: b, as: count}, missing: []}", {}, []),
        ("{each: a, where: {k: [S, T]}, fields: {n: {from: n, as: count}}}",
         {"a": [{"k": "S", "n": 1}, {"k": "R", "n": 2}, {"k": "T", "n": 3}]}, [{"n": 1}, {"n": 3}]),
        ("{fields: {b: {from: a.b, as: text}}}", {"a": {"b": "x"}}, {"b": "x"}),
    ],
)  # fmt: skip
def test_a_field_is_read(field: str, payload: Any, value: Any) -> None:
    assert mapped(field, payload) == value


@pytest.mark.req("R22", "R28")
@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("19.99", "USD", 1999), ("19.9", "USD", 1990), (20, "USD", 2000), (Decimal("1.234"), "KWD", 1234), ("1200.0", "JPY", 1200), ("-0.02", "USD", -2)],
)  # fmt: skip
def test_money_is_whole_minor_units(amount: Any, currency: str, minor: int) -> None:
    payload = {"a": {"amount": amount}, "currency": currency}
    assert mapped("{from: a.amount, as: money, currency: /currency}", payload) == Money(
        minor=minor, currency=currency
    )


@pytest.mark.req("R23")
def test_money_carries_its_side() -> None:
    field = "{from: a, as: money, currency: c, side: presentment}"
    assert mapped(field, {"a": "1.00", "c": "EUR"}) == Money(minor=100, currency="EUR", side=Side.PRESENTMENT)


def test_a_total_adds_the_amounts_that_fit() -> None:
    field = "{from: t, as: total, of: a, currency: /c, where: {on: true}}"
    payload = {
        "c": "USD",
        "t": [{"a": "1.10", "on": True}, {"a": "2.00", "on": False}, {"a": "3.05", "on": True}],
    }
    assert mapped(field, payload) == Money(minor=415, currency="USD")
    assert mapped(field, {"c": "USD", "t": []}) == Money(minor=0, currency="USD")


@pytest.mark.parametrize(
    ("field", "payload", "path"),
    [
        ("{from: a.b, as: text}", {"a": {}}, "a.b"),
        ("{from: a, as: text}", {"a": " "}, "a"),
        ("{from: a, as: text}", {"a": ["secret"]}, "a"),
        ("{from: a, as: text}", {"a": True}, "a"),
        ("{from: a.b, as: text}", {"a": "secret"}, "a.b"),
        ("{from: a, as: count}", {"a": "-1"}, "a"),
        ("{from: a, as: count}", {"a": 1.0}, "a"),
        ("{from: a, as: flag}", {"a": "true"}, "a"),
        ("{from: a, as: country}", {"a": "Secretland"}, "a"),
        ("{from: a, as: time}", {"a": "2026-11-30T09:14:00"}, "a"),
        ("{from: a, as: time}", {"a": "secret"}, "a"),
        ("{from: a, as: money, currency: /c}", {"a": 1.5, "c": "USD"}, "a"),
        ("{from: a, as: money, currency: /c}", {"a": "1.005", "c": "USD"}, "a"),
        ("{from: a, as: money, currency: /c}", {"a": "secret", "c": "USD"}, "a"),
        ("{from: a, as: money, currency: /c}", {"a": "1", "c": "SECRET"}, "a"),
        ("{from: a, as: choice, table: {OPEN: open}}", {"a": "secret"}, "a"),
        ("{each: a, item: {from: b, as: text}}", {"a": [{"b": "x"}, {}]}, "a[1].b"),
        ("{each: a, item: {from: b, as: text}}", {"a": "secret"}, "a"),
        ("{each: a, item: {from: b, as: text}}", {}, "a"),
    ],
)
def test_a_payload_that_does_not_fit_says_where_and_never_what(field: str, payload: Any, path: str) -> None:
    error = refused(field, payload)

    assert error.path == path
    assert "secret" not in str(error).lower()


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("{from: a, as: txt}", "m.yaml:4:21: 'txt' is no conversion; did you mean 'text'?"),
        ("{from: a, as: text, mising: 0}", "m.yaml:4:7: 'mising' is no key here; did you mean 'missing'?"),
        ("{from: a}", "m.yaml:4:7: 'as' is missing"),
        ("{from: a, as: money}", "m.yaml:4:7: 'currency' is missing"),
        (
            "{from: a..b, as: text}",
            "m.yaml:4:14: 'a..b' is no path; write it like customer.id or lines[0].title",
        ),
        (
            "{from: a, as: money, currency: c, side: shops}",
            "m.yaml:4:47: 'shops' is no side; did you mean 'shop'?",
        ),
        ("{each: a}", "m.yaml:4:7: a list has either fields or item"),
        ("{from: a, from: b, as: text}", "m.yaml:4:17: 'from' is there twice"),
        ("text", "m.yaml:4:7: expected key: value"),
    ],
)
def test_a_mapping_that_is_wrong_says_file_line_and_column(field: str, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        compile_mapping(f"{HEAD}  it: {field}\n", name="m.yaml")
    assert str(raised.value) == says


@pytest.mark.parametrize("text", ["", "{", "source: x", "a: [b"])
def test_what_is_no_mapping_at_all_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        compile_mapping(text, name="m.yaml")


def test_every_mapping_of_ours_compiles() -> None:
    names = sorted(
        f"{path.parent.name}/{path.stem}" for path in MAPPINGS.glob("*/*.yaml") if path.stem != "payload"
    )
    assert "shopify/order" in names
    for name in names:
        load_mapping(name)


@pytest.mark.req("R105")
@pytest.mark.parametrize(
    ("field", "payload", "value"),
    [
        ("{from: a, as: count, missing: 1}", {"a": "many"}, 1),
        ("{from: [a, b], as: count, missing: 1}", {"a": [], "b": 3}, 3),
        ("{from: a.b, as: text, missing: null}", {"a": "x"}, None),
        ("{from: a, as: choice, missing: open, table: {S: shipped}}", {"a": "NEW"}, "open"),
        ("{each: a.b, missing: [], item: {from: ., as: text, missing: ''}}", {"a": "x"}, []),
        ("{each: a, missing: [], item: {from: c, as: text, missing: ''}}", {"a": ["x", {"c": "y"}]}, ["", "y"]),
    ],
)  # fmt: skip
def test_a_lenient_mapping_takes_what_does_not_fit_for_absent(field: str, payload: Any, value: Any) -> None:
    lenient = compile_mapping(f"lenient: true\n{HEAD}  it: {field}\n", name="m.yaml")

    assert lenient(payload)["it"] == value


@pytest.mark.req("R105")
def test_a_lenient_mapping_still_needs_what_it_says_no_word_of() -> None:
    lenient = compile_mapping(f"lenient: true\n{HEAD}  it: {{from: a, as: text}}\n", name="m.yaml")

    with pytest.raises(MappingError, match="missing"):
        lenient({"a": []})


@pytest.mark.parametrize("name", ["shopify/order", "amazon/order"])
def test_the_quick_way_gives_what_the_explained_one_gives(name: str) -> None:
    mapping = load_mapping(name)
    sample = json.loads((MAPPINGS / name.partition("/")[0] / "sample.json").read_text())
    assert mapping.quick(sample, sample) == mapping.explained(At(sample, sample))
    rng, read = random.Random(f"{name} 1"), 0
    for _ in range(3_000):
        odd = odd_order(rng, sample)
        try:
            values = mapping.quick(odd, odd)
        except UNCLEAR:
            continue
        read += 1
        assert values == mapping.explained(At(odd, odd)), odd
    assert read > 300


@pytest.mark.req("R22", "R28")
@pytest.mark.parametrize(
    "text",
    [".", "-", "1.2.3", "1.5x", "²", "0x1", "nan", "inf", "19.999", "1e16", "10000000000000.01"],
)
def test_what_is_no_amount_is_refused_with_its_place(text: str) -> None:
    told = refused("{from: a, as: money, currency: c}", {"a": text, "c": "USD"})
    assert (told.path, told.reason[:9]) == ("a", "no amount")


@pytest.mark.req("R22", "R28")
@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("19.99", "USD", 1999), ("5.", "USD", 500), (".5", "USD", 50), ("007.10", "USD", 710), ("19.990", "USD", 1999),
     ("99999999999", "CLF", 999_999_999_990_000), ("10000000000000", "USD", 1_000_000_000_000_000), ("-3.1", "USD", -310), ("12", "JPY", 12)],
)  # fmt: skip
def test_an_amount_is_the_same_however_it_is_written(text: str, currency: str, minor: int) -> None:
    assert minor_of(text, currency) == minor


@pytest.mark.req("R22", "R28")
def test_amounts_of_several_currencies_are_not_added_up() -> None:
    parts = [{"a": "1.00", "c": "USD"}, {"a": "1.00", "c": "EUR"}]
    with pytest.raises(MappingError) as refused:
        mapped("{from: parts, as: total, of: a, currency: c}", {"c": "USD", "parts": parts})
    assert str(refused.value) == "parts[1].a: amounts in USD and EUR are not added up"
