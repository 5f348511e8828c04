"""The comparison with `then` notices every single number: moved by one, it must fail."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from day.day import Day, load_day
from demo import DAYS
from demo.compare import differences

Path = tuple[str | int, ...]


def numbers_in(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from numbers_in(each, (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from numbers_in(each, (*path, number))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path


def moved(value: Any, path: Path, by: int) -> Any:
    found = copy.deepcopy(value)
    place = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] += by
    return found


EVERY = [
    (file.stem, path)
    for file in sorted(DAYS.glob("*.yaml"))
    for path in numbers_in(load_day(file).data["then"])
]
DAYS_READ = {file.stem: load_day(file) for file in DAYS.glob("*.yaml")}


def test_there_are_numbers_to_move() -> None:
    assert len(EVERY) > 700


@pytest.mark.parametrize("name", sorted(DAYS_READ))
def test_what_a_day_expects_holds_what_it_expects(name: str) -> None:
    day = DAYS_READ[name]

    assert differences(day, day.data["then"]) == []


@pytest.mark.parametrize(
    ("name", "path"), EVERY, ids=lambda v: v if isinstance(v, str) else ".".join(map(str, v))
)
def test_a_number_moved_by_one_is_noticed(name: str, path: Path) -> None:
    day = DAYS_READ[name]
    found = day.data["then"]

    for by in (1, -1):
        other = Day({**day.data, "then": moved(found, path, by)})
        assert len(differences(other, found)) == 1


def kendra() -> tuple[Day, dict[str, Any]]:
    day = DAYS_READ["kendra_kookware"]
    return day, copy.deepcopy(day.data["then"])


def test_only_the_acts_that_were_played_are_compared() -> None:
    day, found = kendra()
    found["orders"] = {n: o for n, o in found["orders"].items() if o["act"] == "I"}
    found["checkpoints"] = [c for c in found["checkpoints"] if c["act"] == "I"]
    found["returns"] = {}

    assert differences(day, found, act="I") == []
    assert "orders.KK-1003: {" in differences(day, found, act="II")[0]


def test_more_than_expected_is_fine_but_not_where_nothing_is_expected() -> None:
    day, found = kendra()
    found["orders"]["KK-1001"]["payment"]["more"] = 1
    assert differences(day, found) == []

    found["orders"]["KK-1000"]["mails"] = {"shipping_confirmation": 1}
    found["orders"]["112-4000004-0000004"]["parcels"] = [{"from": "reno"}]
    assert differences(day, found) == [
        "orders.KK-1000.mails: nothing is expected, {'shipping_confirmation': 1} was found",
        "orders.112-4000004-0000004.parcels: [] is expected, [{'from': 'reno'}] was found",
    ]


def test_what_is_not_there_is_a_difference() -> None:
    day, found = kendra()
    del found["go_live"]["listings"]["differ"]
    del found["orders"]["KK-1005"]
    found["checkpoints"].pop(0)

    assert [d.partition(":")[0] for d in differences(day, found)] == [
        "go_live.listings.differ",
        "orders.KK-1005",
        "checkpoints.C0",
    ]


def test_keys_that_may_differ_are_left_out() -> None:
    day, found = kendra()
    for order in found["orders"].values():
        for parcel in order["parcels"]:
            parcel["label_at"] = "2026-11-30T08:15:07-08:00"

    assert len(differences(day, found)) == 13
    assert differences(day, found, leaving={"label_at"}) == []
