"""A day costs what happens in it: twelve days with fifteen orders are mostly polls that find nothing."""

from datetime import datetime, timedelta

import pytest

from day.day import Day
from demo.generated import START, generated_day
from demo.player import Play, play_day

ORDERS, DAYS = 15, 12


def twelve_days() -> Day:
    """Fifteen random orders, one every nineteen hours."""
    drawn = generated_day(ORDERS, seed=4)
    numbers = {number: place for place, number in enumerate(drawn.orders)}
    when = []
    for event in drawn.data["when"]:
        verb = next(key for key in event if key != "at")
        of = event[verb].get("id") or event[verb].get("order") if isinstance(event[verb], dict) else None
        late = timedelta(hours=19) * numbers[of] if of in numbers else timedelta()
        when.append({**event, "at": (datetime.fromisoformat(event["at"]) + late).isoformat()})
    clock = {"start": START.isoformat(), "end": (START + timedelta(days=DAYS)).isoformat()}
    when.sort(key=lambda event: datetime.fromisoformat(event["at"]))
    return Day({**drawn.data, "clock": clock, "when": when})


@pytest.mark.req("R116")
async def test_it_stops_where_something_happens_and_not_at_every_poll() -> None:
    found, _ = await play_day(Play(json=True), twelve_days())

    assert [check for check in found["checks"] if not check["ok"]] == []
    assert len(found["orders"]) == ORDERS
    assert found["effects"] == {"doubled": 0, "unknown": 0}
    # There are 3,456 polls of every channel in twelve days.
    assert found["moves"] < 300
