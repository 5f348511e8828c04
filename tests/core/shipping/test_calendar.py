"""Ship days and promises by each warehouse's own clock: across the change of clocks, and over holidays."""

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from connectors.amazon.marketplaces import MARKETPLACES
from core.model.calendar import WorkCalendar, promised_day
from tests.core.shipping.parcels_abroad import order

RENO = WorkCalendar(
    timezone=ZoneInfo("America/Los_Angeles"),
    days=frozenset(range(5)),
    holidays=frozenset({date(2026, 12, 25), date(2027, 1, 1)}),
    cutoff=time(15, 0),
)
BERLIN = replace(RENO, timezone=ZoneInfo("Europe/Berlin"), cutoff=time(14, 30))
SYDNEY = replace(RENO, timezone=ZoneInfo("Australia/Sydney"))
EVERY_DAY = replace(RENO, days=frozenset(range(7)))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.req("R94", "R26")
@pytest.mark.parametrize(
    ("calendar", "moment", "leaves"),
    [
        # The United States put clocks forward on 8 March 2026: 15:00 is 23:00 UTC on Friday, 22:00 UTC on Monday.
        (RENO, "2026-03-06T23:00:00Z", date(2026, 3, 6)),
        (RENO, "2026-03-06T23:00:01Z", date(2026, 3, 9)),
        (RENO, "2026-03-09T22:00:00Z", date(2026, 3, 9)),
        (RENO, "2026-03-09T22:00:01Z", date(2026, 3, 10)),
        # And back on 1 November 2026: 22:00 UTC on Friday, 23:00 UTC on Monday.
        (RENO, "2026-10-30T22:00:01Z", date(2026, 11, 2)),
        (RENO, "2026-11-02T23:00:00Z", date(2026, 11, 2)),
        (RENO, "2026-11-02T23:00:01Z", date(2026, 11, 3)),
        # On the very day, where it works on Sundays: 15:00 comes an hour earlier, an hour later.
        (EVERY_DAY, "2026-03-08T22:00:00Z", date(2026, 3, 8)),
        (EVERY_DAY, "2026-03-08T22:00:01Z", date(2026, 3, 9)),
        (EVERY_DAY, "2026-11-01T23:00:00Z", date(2026, 11, 1)),
        (EVERY_DAY, "2026-11-01T23:00:01Z", date(2026, 11, 2)),
        # Europe changes three weeks later, on 29 March 2026: 14:30 is 13:30 UTC before and 12:30 UTC after.
        (BERLIN, "2026-03-27T13:30:00Z", date(2026, 3, 27)),
        (BERLIN, "2026-03-27T13:30:01Z", date(2026, 3, 30)),
        (BERLIN, "2026-03-30T12:30:00Z", date(2026, 3, 30)),
        (BERLIN, "2026-03-30T12:30:01Z", date(2026, 3, 31)),
        # In Sydney Monday has begun while it is Sunday afternoon in UTC.
        (SYDNEY, "2026-11-29T13:30:00Z", date(2026, 11, 30)),
        # Christmas Day is a Friday, New Year's Day too: the weekend follows.
        (RENO, "2026-12-24T23:00:00Z", date(2026, 12, 24)),
        (RENO, "2026-12-24T23:00:01Z", date(2026, 12, 28)),
        (RENO, "2026-12-25T18:00:00Z", date(2026, 12, 28)),
        (RENO, "2026-12-31T23:00:01Z", date(2027, 1, 4)),
    ],
)
def test_a_parcel_leaves_by_its_warehouses_own_clock(
    calendar: WorkCalendar, moment: str, leaves: date
) -> None:
    assert calendar.ship_day(at(moment)) == leaves


@pytest.mark.req("R94", "R26")
@pytest.mark.parametrize(
    ("placed", "days", "promised"),
    [
        ("2026-12-22T10:00:00-08:00", 5, date(2026, 12, 30)),  # 23, 24, 28, 29, 30
        ("2026-12-24T15:00:01-08:00", 2, date(2026, 12, 30)),  # counted from Monday 28
        ("2026-12-30T10:00:00-08:00", 2, date(2027, 1, 4)),  # 31, then Monday 4
        ("2026-10-30T15:00:00-07:00", 5, date(2026, 11, 6)),
        ("2026-10-30T15:00:01-07:00", 5, date(2026, 11, 9)),
        ("2026-11-29T21:10:00-08:00", 5, date(2026, 12, 7)),  # Kwame, on Sunday night: counted from Monday
    ],
)
def test_a_promise_counts_working_days_of_the_first_warehouse(placed: str, days: int, promised: date) -> None:
    found = promised_day(calendar=RENO, placed_at=at(placed), working_days=days, deliver_on=None)
    assert found == promised


@pytest.mark.req("R94", "R108")
@pytest.mark.case("C13")
@pytest.mark.parametrize("calendar", [RENO, BERLIN, SYDNEY])
def test_a_channels_own_day_is_nobody_elses_day(calendar: WorkCalendar) -> None:
    day = date(2026, 12, 3)
    assert (
        promised_day(
            calendar=calendar, placed_at=at("2026-11-30T10:00:00-08:00"), working_days=5, deliver_on=day
        )
        == day
    )


@pytest.mark.req("R108")
@pytest.mark.case("C13")
@pytest.mark.parametrize(
    ("marketplace", "instant", "day"),
    [
        ("ATVPDKIKX0DER", "2026-12-04T07:59:59Z", date(2026, 12, 3)),
        ("ATVPDKIKX0DER", "2026-07-04T06:59:59Z", date(2026, 7, 3)),  # clocks are an hour on in summer
        ("A1PA6795UKMFR9", "2026-12-04T22:59:59Z", date(2026, 12, 4)),
        ("A1PA6795UKMFR9", "2026-07-04T21:59:59Z", date(2026, 7, 4)),
        ("A1F83G8C2ARO7P", "2026-12-04T23:59:59Z", date(2026, 12, 4)),
        ("A1VC38T7YXB528", "2026-12-04T14:59:59Z", date(2026, 12, 4)),
        ("A21TJRUUN4KGV", "2026-12-04T18:29:59Z", date(2026, 12, 4)),
        ("A39IBJ37TRP1C6", "2026-12-04T12:59:59Z", date(2026, 12, 4)),  # the end of the day in Sydney
        ("A2EUQ1WTGCTBG2", "2026-12-04T04:59:59Z", date(2026, 12, 3)),  # in Toronto
        ("A2EUQ1WTGCTBG2", "2026-12-04T07:59:59Z", date(2026, 12, 3)),  # in Vancouver
    ],
)
def test_an_instant_that_ends_a_day_is_read_in_the_marketplaces_zone(
    marketplace: str, instant: str, day: date
) -> None:
    made = order(("l1", "CHEF-8", 1, 2900, 0))
    told = made.model_copy(update={"deliver_by": at(instant), "zone": MARKETPLACES[marketplace].zone})
    assert told.deliver_on == day


@pytest.mark.req("R108")
@pytest.mark.case("C13")
def test_a_channel_that_names_no_zone_is_read_where_days_end_last() -> None:
    made = order(("l1", "CHEF-8", 1, 2900, 0))
    assert made.deliver_on is None
    told = made.model_copy(update={"deliver_by": at("2026-12-04T07:59:59Z")})
    assert told.deliver_on == date(2026, 12, 3)
