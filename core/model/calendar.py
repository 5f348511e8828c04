"""Working days of one warehouse: which day a parcel leaves, when it arrives, what was promised."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_LONGEST_CLOSURE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """When a warehouse works: ``days`` are weekdays (Monday is 0), ``cutoff`` is local time and still counts."""

    timezone: ZoneInfo
    days: frozenset[int]
    holidays: frozenset[date]
    cutoff: time

    def is_working(self, day: date) -> bool:
        """Return whether the warehouse works on a day."""
        return day.weekday() in self.days and day not in self.holidays

    def working_day_after(self, day: date) -> date:
        """Return the next working day, the day itself not counted."""
        for ahead in range(1, _LONGEST_CLOSURE):
            following = day + timedelta(days=ahead)
            if self.is_working(following):
                return following
        raise ValueError(
            f"no working day within {_LONGEST_CLOSURE} days after {day}; open the calendar's days"
        )

    def add_working_days(self, day: date, count: int) -> date:
        """Return the day ``count`` working days later."""
        for _ in range(count):
            day = self.working_day_after(day)
        return day

    def ship_day(self, at: datetime) -> date:
        """Return the day on which something ready at an instant leaves: today up to the cut-off of a working day."""
        local = at.astimezone(self.timezone)
        today = local.date()
        if self.is_working(today) and local.time().replace(tzinfo=None) <= self.cutoff:
            return today
        return self.working_day_after(today)

    def local_day(self, at: datetime) -> date:
        """Return the warehouse's calendar day of an instant."""
        return at.astimezone(self.timezone).date()

    def instant(self, day: date, at: time) -> datetime:
        """Return a local time of a day as an instant; of two (clocks go back) the first."""
        return datetime.combine(day, at, tzinfo=self.timezone).astimezone(UTC)


def promised_day(
    *, calendar: WorkCalendar, placed_at: datetime, working_days: int | None, deliver_on: date | None
) -> date | None:
    """Return the day by which the shopper expects the parcel; None where nothing was promised.

    The channel's own day wins; otherwise the working days of the shipping method count from the day of the order, or
    the next working day where it was placed after the cut-off.
    """
    if deliver_on is not None:
        return deliver_on
    if working_days is None:
        return None
    return calendar.add_working_days(calendar.ship_day(placed_at), working_days)
