"""What the player does at the hub for a verb of the merchant."""

import copy
from typing import Any, cast

import pytest

from day.day import Day, load_day
from demo import KENDRA
from demo.actions import Actions
from demo.client import Client


class Hub:
    """A hub that shows one order, and keeps what it is asked to do with it."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.asked: list[tuple[str, Any]] = []

    async def api(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        if method == "POST":
            self.asked.append((path, body))
        return self.order


async def released(order: dict[str, Any], labels: str) -> list[tuple[str, Any]]:
    data = copy.deepcopy(load_day(KENDRA).data)
    for location in data["config"]["locations"].values():
        location["labels"] = labels
    hub = Hub(order)
    await Actions(Day(data), cast("Client", hub)).release({"order": "KK-1"})
    return hub.asked


@pytest.mark.parametrize(
    ("stage", "holds", "labels", "asked"),
    [
        ("on_hold", {"risk": "risk 82"}, "auto", [("/orders/KK-1/release", {"reason": "risk"})]),
        ("on_hold", {"risk": "risk 82"}, "ask", [("/orders/KK-1/release", {"reason": "risk"})]),
        ("ready", {}, "ask", [("/orders/KK-1/label", {})]),
        ("ready", {}, "auto", []),
        ("shipped", {}, "ask", []),
    ],
)
async def test_release_lifts_holds_and_is_the_word_that_an_asking_warehouse_waits_for(
    stage: str, holds: dict[str, str], labels: str, asked: list[tuple[str, Any]]
) -> None:
    assert await released({"stage": stage, "holds": holds}, labels) == asked
