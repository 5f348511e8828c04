"""Instants as Amazon writes them."""

from datetime import UTC, datetime


def text(when: datetime) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parsed(given: object) -> datetime:
    """The instant of a day file; raises ValueError for one without an offset."""
    when = given if isinstance(given, datetime) else datetime.fromisoformat(str(given))
    if when.tzinfo is None:
        raise ValueError(f"{given} has no offset")
    return when.astimezone(UTC)
