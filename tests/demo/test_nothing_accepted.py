"""Over real HTTP: while nothing is accepted, the vendors' own books count no write but the subscriptions."""

import pytest

from day.day import Day
from demo.actions import Actions
from demo.clock import SharedClock
from demo.environment import open_environment
from demo.generated import generated_day

VENDORS = ("shopify", "amazon", "stripe", "easypost")


@pytest.mark.req("R21", "R82", "R85")
async def test_orders_come_and_no_vendor_is_written_to() -> None:
    drawn = generated_day(12, seed=5)
    day = Day({**drawn.data, "when": [event for event in drawn.data["when"] if "accept" not in event]})
    written = []
    async with open_environment(day, seed=5) as environment:
        clock = SharedClock(environment=environment, now=day.start)
        actions, client = Actions(day=day, client=environment.client), environment.client
        for event in day.events:
            await clock.until(event.at)
            await actions.play(event)
            await clock.settle()
            books = await client.stand("GET", "/books")
            written.append([books[name]["writes_by_operation"] for name in VENDORS])
        await clock.until(day.acts[-1].until)
        books = await client.stand("GET", "/books")
        shown = await client.api("GET", "/go-live")

    assert [books[name]["writes_by_operation"] for name in VENDORS] == written[-1] == written[0]
    assert books["mail"]["messages"] == []
    assert (shown["writes_so_far"], shown["accepted"]) == (0, [])
    assert len(shown["open_orders"]) > 0
    assert shown["listings"]["differ"] > 0
    assert shown["listings"]["unread"] == 0
