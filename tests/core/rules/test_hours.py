"""When the clock starts a rule: worked out by hand, over the days on which clocks are put forward and back."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.config.rules import Schedule
from core.domain.rules.hours import next_hour

pytestmark = pytest.mark.req("S30")

EASTERN, APIA = "America/New_York", "Pacific/Apia"
EVERY_DAY = frozenset(range(7))


def daily(at: time, zone: str, days: frozenset[int] = EVERY_DAY) -> Schedule:
    return Schedule(zone=ZoneInfo(zone), days=days, at=at)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


HOURS = [
    ("the same day", daily(time(17), EASTERN), "2026-11-30T12:00", "2026-11-30T22:00"),
    ("an hour that is just now is over", daily(time(17), EASTERN), "2026-11-30T22:00", "2026-12-01T22:00"),
    ("behind the hour of today", daily(time(17), EASTERN), "2026-11-30T22:01", "2026-12-01T22:00"),
    (
        "by the day of the zone, not of UTC",
        daily(time(20), EASTERN, frozenset({0})),
        "2026-11-30T23:00",
        "2026-12-01T01:00",
    ),
    (
        "working days only",
        daily(time(9), EASTERN, frozenset(range(5))),
        "2026-12-04T15:00",
        "2026-12-07T14:00",
    ),
    ("once a week", daily(time(9), EASTERN, frozenset({0})), "2026-11-30T14:00", "2026-12-07T14:00"),
    # On 14 March 2027 clocks go from 02:00 to 03:00 in the east of the United States.
    ("an hour left out", daily(time(2, 30), EASTERN), "2027-03-14T05:00", "2027-03-14T07:00"),
    ("the day after it", daily(time(2, 30), EASTERN), "2027-03-14T07:00", "2027-03-15T06:30"),
    ("the first hour behind it", daily(time(3), EASTERN), "2027-03-14T05:00", "2027-03-14T07:00"),
    # On 7 November 2027 they go from 02:00 back to 01:00.
    ("an hour that comes twice", daily(time(1, 30), EASTERN), "2027-11-07T04:00", "2027-11-07T05:30"),
    ("its second time does not count", daily(time(1, 30), EASTERN), "2027-11-07T05:30", "2027-11-08T06:30"),
    # Samoa had no 30 December 2011.
    ("a day left out", daily(time(17), APIA), "2011-12-30T03:00", "2011-12-30T10:00"),
    ("the day behind it", daily(time(17), APIA), "2011-12-30T10:00", "2011-12-31T03:00"),
    (
        "every two hours",
        Schedule(zone=ZoneInfo(EASTERN), interval=timedelta(hours=2)),
        "2027-03-14T05:10",
        "2027-03-14T06:00",
    ),
    (
        "two hours on",
        Schedule(zone=ZoneInfo(EASTERN), interval=timedelta(hours=2)),
        "2027-03-14T06:00",
        "2027-03-14T08:00",
    ),
]


@pytest.mark.parametrize(
    ("schedule", "after", "hour"), [case[1:] for case in HOURS], ids=[c[0] for c in HOURS]
)
def test_the_next_hour(schedule: Schedule, after: str, hour: str) -> None:
    assert next_hour(schedule, utc(after)) == utc(hour)


def test_a_year_of_days_has_each_hour_once() -> None:
    schedule, at = daily(time(2, 30), EASTERN), utc("2026-12-31T12:00")
    hours: list[datetime] = []
    while len(hours) < 365:
        at = next_hour(schedule, at)
        hours.append(at.astimezone(ZoneInfo(EASTERN)))

    assert [hour.date().toordinal() - hours[0].date().toordinal() for hour in hours] == list(range(365))
    assert {hour.time() for hour in hours} == {time(2, 30), time(3)}
