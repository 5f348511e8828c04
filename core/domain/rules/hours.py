"""When the clock starts a rule: at an hour of some days in a location's zone, or again and again."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.config.rules import Schedule

_DAYS = 8
"""So many days on, every day of the week has come."""
_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_hour(schedule: Schedule, after: datetime) -> datetime:
    """Return the first hour of a schedule after an instant, in UTC.

    An hour that the clock leaves out, where it is put forward, is the instant at which it goes on; one that comes
    twice, where it is put back, is the first of the two. An interval counts from the beginning of 1970 in UTC, so that
    no start of a process moves it.
    """
    if schedule.interval is not None:
        return _EPOCH + ((after - _EPOCH) // schedule.interval + 1) * schedule.interval
    today = after.astimezone(schedule.zone).date() - timedelta(days=1)
    days = (today + timedelta(days=n) for n in range(_DAYS + 2))
    hours = (
        _instant_of(day, schedule.at or time(), schedule.zone)
        for day in days
        if day.weekday() in schedule.days
    )
    return next(hour for hour in hours if hour > after)


def _instant_of(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return when clocks of a zone show an hour for the first time, or go on behind it where they leave it out."""
    local = datetime.combine(day, at, tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    # What the hour would be by the offsets before and behind the gap: the clock is put forward in between.
    early, late = local.replace(fold=1).astimezone(UTC), instant
    before = early.astimezone(zone).utcoffset()
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        early, late = (middle, late) if middle.astimezone(zone).utcoffset() == before else (early, middle)
    return late.replace(microsecond=0)


def schedule_text(schedule: Schedule) -> str:
    """Return a schedule in one line: an hour that was planned by another one counts no more."""
    days = "".join(str(day) for day in sorted(schedule.days))
    at = "" if schedule.at is None else schedule.at.isoformat()
    every = "" if schedule.interval is None else f"{schedule.interval.total_seconds():.0f}s"
    return f"{schedule.zone.key} {days} {at} {every}"
