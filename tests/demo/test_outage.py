"""A vendor that answers nobody for forty minutes, over real HTTP: the order waits, and goes on by itself."""

from datetime import datetime

import pytest

from day.day import Day
from demo.player import Play, play_day
from tests.demo.test_field_days import DOLLARS, knives, two_hours


@pytest.mark.req("R106", "R64")
@pytest.mark.case("C16")
async def test_while_stripe_answers_no_read_an_order_waits_and_is_shipped_once_it_does() -> None:
    """Eighteen reads get no answer, more than the fourteen attempts that park.

    Five come within some ten seconds, then one after 5, 5, 10, 20, 40, 80, 160 and 300 s, and so on every 300 s.
    """
    day = two_hours({"at": "2026-11-30T08:00:00-08:00", "place": knives("PAY-1", 6495, 695, DOLLARS)})
    silent = {
        "kind": "reply_dropped",
        "connection": "pay",
        "operation": "payment_intents.retrieve",
        "times": 18,
    }

    found, _ = await play_day(Play(json=True), Day({**day.data, "faults": [silent]}))

    order = found["orders"]["PAY-1"]
    assert [check for check in found["checks"] if not check["ok"]] == []
    assert (order["outcome"], order["holds"], order["payment"]["state"]) == ("shipped", [], "verified")
    assert found["faults"] == {"reply_dropped": 18}
    assert found["effects"] == {"doubled": 0, "unknown": 0}
    [parcel] = order["parcels"]
    assert "08:35" < datetime.fromisoformat(parcel["label_at"]).strftime("%H:%M") < "08:50"
