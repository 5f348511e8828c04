"""Whole days over real HTTP: hub, stand-ins and player as they are shipped, held to what was worked out by hand."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from day.day import load_day
from demo import DAYS, KENDRA
from demo.compare import differences
from demo.player import Play, play_day

CLI = Path(__file__).resolve().parents[2] / "cli.py"
KOKKI = DAYS / "kokki_keukengerei.yaml"


def a_play(
    file: Path = KENDRA,
    *,
    faults: str = "none",
    seed: int = 1,
    kill: int = 0,
    message_order: str | None = None,
) -> Play:
    return Play(
        file=file, act="I", faults=faults, seed=seed, kill=kill, message_order=message_order, json=True
    )


def wrong_checks(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [check for check in found["checks"] if not check["ok"]]


@pytest.mark.req("R21", "R30", "R34", "R37", "R48", "R72", "R84", "R94", "S01", "S05", "S20")
async def test_the_command_plays_act_one_of_the_kendra_day_as_it_was_worked_out() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CLI), "demo", "--act", "I", "--json", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await child.communicate()
    found = json.loads(out)

    assert differences(load_day(KENDRA), found, act="I") == []
    assert wrong_checks(found) == []
    assert (child.returncode, found["ok"], found["effects"]) == (0, True, {"doubled": 0, "unknown": 0})
    assert [what for what, _ in found["troubles"]] == [
        "Amazon said ACCEPTED and changed nothing",
        "Amazon said 429 twice to patchListingsItem",
        "EasyPost bought Kim's label and lost the answer",
        "fulfillments/create was lost for Kwame",
        "No webhook came for Kelly",
        "FedEx was silent for 40 minutes",
        "Kara's order arrived 4 times, out of order",
        "Linnworks was still connected, and shipped Kwame's order",
        "Kurt's 12 units while held",
    ]


@pytest.mark.req("R23", "R26", "R40", "R50", "R91", "R94")
async def test_a_day_of_another_shop_in_other_money_and_hours_comes_out_as_worked_out() -> None:
    found, page = await play_day(a_play(KOKKI))

    assert differences(load_day(KOKKI), found, act="I") == []
    assert wrong_checks(found) == []
    assert "Books: hub = Shopify = Stripe = EasyPost." in page


@pytest.mark.req("R01")
async def test_every_message_twice_gives_the_same_books() -> None:
    found, _ = await play_day(a_play(message_order="twice"))

    assert differences(load_day(KENDRA), found, act="I") == []
    assert wrong_checks(found) == []


@pytest.mark.req("R03", "R06", "R42")
async def test_every_fault_moves_times_at_most_and_no_figure() -> None:
    found, _ = await play_day(a_play(faults="all", seed=3))

    assert differences(load_day(KENDRA), found, act="I", leaving={"label_at"}) == []
    assert wrong_checks(found) == []
    assert sum(found["faults"].values()) > 20


@pytest.mark.req("R04", "R42")
async def test_a_hub_that_is_killed_twice_keeps_the_same_books() -> None:
    found, _ = await play_day(a_play(kill=2, seed=5))

    assert differences(load_day(KENDRA), found, act="I", leaving={"label_at"}) == []
    assert wrong_checks(found) == []
    assert found["kills"] == 2
