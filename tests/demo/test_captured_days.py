"""Orders that went wrong are captured from the hub's store, and the days that were written go wrong in the same way."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from day.day import Day, day_of, load_day
from demo.books import take
from demo.children import run_cli
from demo.compare import differences
from demo.environment import open_environment
from demo.figures import Told, order_figures
from demo.player import Play, _hours, _playing, play_day
from tests.demo.planted import FAULTS, Planted, cut_off_day, planted_day

pytestmark = [pytest.mark.req("R66", "R75")]
BY_COMMAND = ("capture", "P-25", "--merchant", "kendra")
WHENEVER = ("changed", "tracked", "gateway_notified")
"""Facts that come when a vendor tells: of two at the same instant either may be first, and two may be read as one."""
CANARIES = (
    "Zephyrine", "Quillfeather", "quokka", "Test Kitchen", "Portland", "97205", "5035550101", "Elm Elbow", "Dallas",
    "Palm Path", "Queen Quay", "M5V", "PO Box 77", "Linnworks", "1Z999", "Klara", "Kendra", "kendra", "Depot Way 1",
    "Canal Street", "Reno,", "7755550100", "Sheep socks", "sword", "Paring knife", "pi_", "ch_", "trk_", "shp_", "sk_",
)  # fmt: skip
"""What was planted in the fields of shoppers and of the merchant, and how vendors' ids and keys begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """An order as a hub told it at the end of a day: its figures, and the kinds of its facts."""

    figures: dict[str, Any]
    facts: tuple[str, ...]
    waits_for: str
    """What it waits for, as people read it."""

    @property
    def told(self) -> tuple[Any, ...]:
        """What came of it, in the words in which it is worked out."""
        found = self.figures
        labels = [(p["from"], p["carrier_code"], price_of(p), p["voided"]) for p in found["parcels"]]
        return (
            found["outcome"],
            tuple(found["holds"]),
            found["units"],
            found["payment"]["state"],
            tuple(labels),
        )

    @property
    def in_order(self) -> list[str]:
        """The facts whose order is the hub's own."""
        return [kind for kind in self.facts if kind not in WHENEVER]


def price_of(parcel: Mapping[str, Any]) -> int:
    return next(int(price) for _, _, price, _, reason in parcel["quotes"] if reason == "chosen")


def worked_out(planted: Planted) -> tuple[Any, ...]:
    return planted.outcome, planted.holds, planted.units, planted.payment, planted.labels


def played_of(told: Told, words: Any) -> Played:
    # Whatever comes in, backordered orders are looked at again: that still nothing lies there is told once more.
    kinds = tuple(fact["kind"] for fact in told.facts if fact.get("allocations") != [])
    return Played(figures=order_figures(told, words), facts=kinds, waits_for=told.view["waits_for"]["what"])


async def _write_twice(environ: Mapping[str, str], file: Path) -> None:
    await run_cli(environ, *BY_COMMAND, "--to", str(file))
    with pytest.raises(RuntimeError, match="crossdock capture ended with 1"):
        await run_cli(environ, *BY_COMMAND, "--to", str(file))


async def captured(day: Day, file: Path | None = None) -> dict[str, tuple[Played, dict[str, Any]]]:
    """Play a day; return of each order what came of it, and what capture wrote.

    The command writes one of them into ``file``, and not a second time.
    """
    play = Play(json=True)
    found = {}
    async with open_environment(day, play.seed) as environment:
        playing = _playing(play, day, day.act_named(None), environment)
        await _hours(playing)
        taken = await take(environment.client, "end", playing.clock.now)
        for number, told in taken.told.items():
            path = f"/orders/{quote(number, safe='')}/capture"
            found[number] = played_of(told, playing.words), await environment.client.api("GET", path)
        if file is not None:
            await _write_twice(environment.served.environ, file)
    return found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captured") / "order.yaml"


@pytest.fixture(scope="module")
def of_the_day(file: Path) -> dict[str, tuple[Played, dict[str, Any]]]:
    return asyncio.run(captured(planted_day(), file))


def file_of(found: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(found["day"], sort_keys=False, allow_unicode=True)
    return text


async def played(text: str) -> tuple[Played, list[str]]:
    """Play a file in a hub of its own; return what came of its order, and where that is not what the file says."""
    play, day = Play(json=True), day_of(text, "captured.yaml")
    async with open_environment(day, play.seed) as environment:
        playing = _playing(play, day, day.act_named(None), environment)
        await _hours(playing)
        taken = await take(environment.client, "end", playing.clock.now)
        [(number, told)] = taken.told.items()
        found = played_of(told, playing.words)
        return found, differences(day, {"orders": {number: found.figures}})


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_reproduced_by_the_day_that_capture_wrote(
    fault: str, of_the_day: dict[str, tuple[Played, dict[str, Any]]]
) -> None:
    first, written = of_the_day[FAULTS[fault].number]
    assert first.told == worked_out(FAULTS[fault])

    again, wrong = await played(file_of(written))

    assert again.told == worked_out(FAULTS[fault])
    assert wrong == []
    assert again.in_order == first.in_order
    assert set(again.facts) == set(first.facts)
    for part in ("parcels", "promise", "payment", "mails"):
        assert again.figures[part] == first.figures[part], part


@pytest.mark.parametrize(
    ("connection", "time", "stage", "why"),
    [
        (
            "post", "08:10", None,
            "its packing and its rates; post does it for nobody now: post: shipments.create: answered 403 APIKEY.INACTIVE",
        ),
        (
            "pay", "07:50", "held",
            "its payment to be verified; pay does it for nobody now: pay: payment_intents.retrieve: answered 401 api_key_expired",
        ),
    ],
)  # fmt: skip
async def test_an_order_that_waits_for_a_connection_that_is_cut_off_waits_for_it_in_its_day(
    connection: str, time: str, stage: str | None, why: str
) -> None:
    first, written = (await captured(cut_off_day(connection, time)))["C-1"]

    again, wrong = await played(file_of(written))

    assert (first.waits_for, first.told[0]) == (why, stage)
    assert (again.waits_for, again.told) == (why, first.told)
    assert wrong == []
    assert again.in_order == first.in_order


def test_no_word_of_a_shopper_or_of_the_merchant_is_in_any_of_the_days(
    of_the_day: dict[str, tuple[Played, dict[str, Any]]],
) -> None:
    texts = {number: json.dumps(written, ensure_ascii=False) for number, (_, written) in of_the_day.items()}

    assert len(texts) == len(FAULTS)
    assert [(n, word) for n, text in texts.items() for word in CANARIES if word in text] == []


def test_the_command_writes_the_same_day_into_a_file(
    file: Path, of_the_day: dict[str, tuple[Played, dict[str, Any]]]
) -> None:
    text = file.read_text(encoding="utf-8")

    assert text.startswith("# An order as a day, written by crossdock capture.")
    assert "&" not in text
    assert "*id" not in text
    assert load_day(file).data == of_the_day["P-25"][1]["day"]


def test_a_day_has_the_goods_connections_and_rules_of_its_own_order_alone(
    of_the_day: dict[str, tuple[Played, dict[str, Any]]],
) -> None:
    _, written = of_the_day["P-32"]
    day = written["day"]

    assert written["not_shown"] == []
    assert list(day["given"]["products"]) == ["CHEF-8", "DUTCH-6"]
    assert day["given"]["listings"].keys() == {"shop"}
    assert {row["listing"] for row in day["given"]["listings"]["shop"]} == {"CHEF-8", "DUTCH-6"}
    assert list(day["config"]["connections"]) == ["shop", "pay", "post", "mail"]
    assert [next(key for key in event if key != "at") for event in day["when"]] == [
        "connect", "accept", "accept", "accept", "place",
    ]  # fmt: skip
    assert "faults" not in day


async def test_a_day_without_what_went_wrong_does_not_go_wrong(
    of_the_day: dict[str, tuple[Played, dict[str, Any]]],
) -> None:
    """The faults of a file are what its replay hangs on: taken away, another carrier is chosen."""
    _, written = of_the_day["P-25"]
    day = {key: value for key, value in written["day"].items() if key != "faults"}

    found, _ = await play_day(Play(json=True), day_of(yaml.safe_dump(day), "captured.yaml"))

    assert written["day"]["faults"][0]["carrier"] == "FedEx"
    reasons = {carrier: reason for carrier, *_, reason in found["orders"]["ORDER-1"]["parcels"][0]["quotes"]}
    assert "no_answer" not in reasons.values()
