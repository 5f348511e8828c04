"""When a carrier scans and delivers: the sending warehouse's working days, in its time zone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sandbox.values import WEEK, Json

SCAN: Final = time(17, 30)
DELIVERY: Final = time(13, 0)


@dataclass(frozen=True)
class Calendar:
    """Working days, closing days and cut-off of one warehouse."""

    zone: ZoneInfo
    days: Collection[str]
    holidays: Collection[str]
    cutoff: time

    def ships(self, bought: datetime) -> date:
        """The day a label leaves: today if bought by the cut-off of a working day, else the next one."""
        local = bought.astimezone(self.zone)
        if self.works(local.date()) and local.time() <= self.cutoff:
            return local.date()
        return self.after(local.date(), 1)

    def after(self, day: date, count: int) -> date:
        """The working day that many working days later."""
        while count > 0:
            day += timedelta(days=1)
            count -= self.works(day)
        return day

    def works(self, day: date) -> bool:
        """Whether the warehouse works that day."""
        return WEEK[day.weekday()] in self.days and day.isoformat() not in self.holidays

    def instant(self, day: date, at: time) -> datetime:
        """That time of that day at the warehouse, in UTC."""
        return datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC)


def calendar_of(place: Json | None) -> Calendar:
    """The calendar of one of the house's locations; Monday to Friday in UTC for any other sender."""
    place = place or {}
    return Calendar(
        zone=ZoneInfo(place.get("timezone", "UTC")),
        days=frozenset(place.get("days", WEEK[:5])),
        holidays=frozenset(str(day) for day in place.get("holidays", ())),
        cutoff=time.fromisoformat(str(place.get("cutoff", "15:00"))),
    )
