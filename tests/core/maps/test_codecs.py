"""Conversions that go both ways: tables by hand, and a thousand random orders of each vendor that come back as they were."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.codecs import CODECS, Codec, table
from core.config.map_reader import TAKES, USUAL
from core.config.map_samples import difference
from core.errors import MappingError
from core.overrides import Lens
from core.paths import At, path_of
from core.payloads import Node, Payload, connectors_with_maps, payload_of

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "stood", "ours"),
    [
        ("text", "#1042", "#1042"),
        ("text", 1042, "1042"),
        ("count", 3, 3),
        ("count", "3", 3),
        ("flag", True, True),
        ("time", "2026-12-01T12:00:00Z", NOON),
        ("time", "2026-12-01T04:00:00-08:00", NOON),
        ("time", "2026-12-01T12:00:00+00:00", NOON),
        ("time", "2026-12-01T12:00:00.000Z", NOON),
        ("time", "2026-12-01T12:00:00.000000Z", NOON),
        ("country", "US", "US"),
        ("country", "us", "US"),
        ("csv", "gift, vip", ["gift", "vip"]),
        ("csv", "gift,vip", ["gift", "vip"]),
        ("csv", ["gift", "vip"], ["gift", "vip"]),
        ("csv", [], []),
    ],
)
def test_what_is_read_comes_back_in_the_form_in_which_it_stood(name: str, stood: Any, ours: Any) -> None:
    codec = CODECS[name]

    assert codec.get(stood, "here") == ours
    assert codec.put is not None
    assert codec.put(ours, stood) == stood


@pytest.mark.parametrize(
    ("name", "stood"),
    [("count", "many"), ("count", True), ("flag", "yes"), ("time", "noon"), ("country", "USA"), ("csv", 5), ("csv", [5.0]), ("text", None)],
)  # fmt: skip
def test_what_does_not_fit_is_refused_without_its_value(name: str, stood: Any) -> None:
    with pytest.raises(MappingError) as error:
        CODECS[name].get(stood, "here")

    assert error.value.path == "here"
    assert str(stood) not in error.value.reason or stood is None


def test_a_table_goes_back_where_no_two_words_become_the_same() -> None:
    made = table({"Standard Shipping": "Standard", "1": 7, "true": "yes"})

    assert made.put is not None
    for stood, ours in (("Standard Shipping", "Standard"), (1, 7), ("1", 7), (True, "yes")):
        assert made.get(stood, "here") == ours
        assert made.put(ours, stood) == stood


@pytest.mark.parametrize(
    "words", [{"a": "x", "b": "x"}, {"a": "x", "*": "y"}, {"*": "y"}, {"a": 1, "b": True}]
)
def test_a_table_that_forgets_which_word_it_was_goes_one_way(words: dict[str, Any]) -> None:
    assert table(words).put is None


def test_a_word_that_no_table_names_is_refused_and_not_told() -> None:
    with pytest.raises(MappingError) as error:
        table({"a": "x"}).get("Mina Okafor", "here")

    assert "Mina" not in error.value.reason


# --- a thousand random orders ---

LETTERS = "aZ09 -#.:/é\N{SNOWMAN}\N{GRINNING FACE}"
WORDS = ("Express", "Standard", "US", "us", "2026-12-01T12:00:00Z", "12", "x")
ABSENT = 0.1


def written(node: Node, chance: random.Random) -> Any:
    """Return what a vendor may write at a place of its order."""
    if isinstance(node, list):
        return [written(node[0], chance) for _ in range(chance.randrange(4))]
    if not isinstance(node, str):
        return {name: written(one, chance) for name, one in node.items()}
    if chance.random() < ABSENT:
        return None
    moment = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(10**9))
    zone = timezone(timedelta(hours=chance.randrange(-11, 13)))
    kinds: dict[str, Callable[[], Any]] = {
        "text": lambda: chance.choice([chance.choice(WORDS), "".join(chance.choices(LETTERS, k=9)).strip()]),
        "count": lambda: chance.randrange(10**12),
        "flag": lambda: chance.random() < 1 / 2,
        "time": lambda: chance.choice(
            [moment.astimezone(zone).isoformat(), moment.isoformat().replace("+00:00", "Z")]
        ),
    }
    return kinds[node]()


def paths(payload: Payload, node: Node, before: str = "") -> list[tuple[str, str]]:
    """Return every path of an order that can be read, with its kind."""
    if isinstance(node, str):
        return [(before, node)]
    if isinstance(node, list):
        own = [(before, "texts")] if node[0] == "text" else []
        return [*own, *paths(payload, node[0], f"{before}[0]")]
    return [
        found for name, one in node.items() for found in paths(payload, one, f"{before}.{name}".lstrip("."))
    ]


def codecs(kind: str) -> list[Codec]:
    usual = USUAL.get(kind, kind)
    named = [CODECS[usual], *(CODECS[n] for n in CODECS if kind in TAKES[n] and n != usual)]
    return [*named, table({"Express": "Fast", "Standard": "Slow"})] if kind == "text" else named


@pytest.mark.parametrize("connector", connectors_with_maps())
@settings(max_examples=1000, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**64))
def test_a_thousand_random_orders_come_back_as_they_were(connector: str, seed: int) -> None:
    payload = payload_of(connector)
    assert payload is not None
    order = written(payload.fields, random.Random(seed))
    differences = []
    for text, kind in paths(payload, payload.fields):
        for codec in codecs(kind):
            lens = Lens(path=path_of(text), codec=codec)
            try:
                value = lens.get(At(order, order))
            except MappingError:
                continue
            if value is not None:
                differences.append(difference(lens, order, value))

    assert [one for one in differences if one is not None] == []


def test_the_random_orders_reach_every_codec_and_most_paths() -> None:
    payload = payload_of("shopify")
    assert payload is not None
    found = paths(payload, payload.fields)

    assert len(found) > 25
    assert {codec.name for _, kind in found for codec in codecs(kind)} == {
        "csv", "text", "count", "flag", "time", "country", "table",
    }  # fmt: skip


def test_a_codec_that_forgets_is_seen() -> None:
    forgetful = Codec(name="first", get=lambda value, _: str(value)[:1], put=lambda value, _: value)
    lens, order = Lens(path=path_of("name"), codec=forgetful), {"name": "#1042"}

    assert difference(lens, order, lens.get(At(order, order))) == (
        "the sample's '#1042' comes back as '#'; write it one way, as in \"=src.name\""
    )
