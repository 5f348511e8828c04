"""What people write for a time zone, and the place whose clocks they mean.

An abbreviation says an offset and not when the clocks change: EST all year is Panama's time, not New York's. Places by
the tz database's own ``backward`` and ``zone1970.tab``; Windows names by Unicode CLDR's ``windowsZones`` (territory 001).
"""

import re
from collections.abc import Mapping
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from core.nearest import nearest

_ABBREVIATIONS: Mapping[str, str] = {
    name: place
    for place, names in {
        "America/Los_Angeles": "PST PDT PT PST8PDT Pacific",
        "America/Denver": "MST MDT MT MST7MDT Mountain",
        "America/Chicago": "CST CDT CT CST6CDT Central",
        "America/New_York": "EST EDT ET EST5EDT Eastern",
        "America/Anchorage": "AKST AKDT",
        "Pacific/Honolulu": "HST",
        "America/Halifax": "AST ADT",
        "America/St_Johns": "NST NDT",
        "America/Sao_Paulo": "BRT",
        "Europe/London": "GMT BST GB",
        "Europe/Lisbon": "WET WEST",
        "Europe/Berlin": "CET CEST MET MEZ MESZ",
        "Europe/Athens": "EET EEST",
        "Europe/Moscow": "MSK",
        "Asia/Dubai": "GST",
        "Asia/Kolkata": "IST",
        "Asia/Shanghai": "PRC",
        "Asia/Hong_Kong": "HKT",
        "Asia/Singapore": "SGT",
        "Asia/Tokyo": "JST",
        "Asia/Seoul": "KST ROK",
        "Australia/Perth": "AWST",
        "Australia/Adelaide": "ACST ACDT",
        "Australia/Sydney": "AEST AEDT",
        "Pacific/Auckland": "NZST NZDT NZ",
        "Africa/Johannesburg": "SAST",
    }.items()
    for name in names.split()
}
_WINDOWS: Mapping[str, str] = {
    "Pacific Standard Time": "America/Los_Angeles",
    "Mountain Standard Time": "America/Denver",
    "Central Standard Time": "America/Chicago",
    "Eastern Standard Time": "America/New_York",
    "GMT Standard Time": "Europe/London",
    "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "Romance Standard Time": "Europe/Paris",
    "Pacific Time": "America/Los_Angeles",
    "Mountain Time": "America/Denver",
    "Central Time": "America/Chicago",
    "Eastern Time": "America/New_York",
    "British Time": "Europe/London",
    "Central European Time": "Europe/Berlin",
    "Eastern European Time": "Europe/Athens",
    "Tokyo Standard Time": "Asia/Tokyo",
    "AUS Eastern Standard Time": "Australia/Sydney",
}
_OFFSET = re.compile(r"(?:(?:utc|gmt|etc/gmt)\s*)?[+-]\s*[0-9]{1,2}(?::?[0-9]{2})?|z", re.IGNORECASE)


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of a place.

    Raises:
        ValueError: it is no place of the tz database; the message says what to write.
    """
    if name in _ABBREVIATIONS or name.upper() in _ABBREVIATIONS:
        example = _ABBREVIATIONS.get(name) or _ABBREVIATIONS[name.upper()]
        raise ValueError(f"'{name}' does not say when the clocks change; write a place, as in {example}")
    if _OFFSET.fullmatch(name):
        raise ValueError(
            f"'{name}' is an offset that knows no summer time; write a place, as in Europe/Berlin"
        )
    if name in available_timezones():
        return ZoneInfo(name)
    windows = {known.casefold(): place for known, place in _WINDOWS.items()}.get(name.casefold())
    place = windows or _by_spelling().get(_folded(name))
    near = f"; did you mean '{place}'?" if place else nearest(name, available_timezones())
    raise ValueError(f"no time zone is named '{name}'{near}")


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip()).casefold()


@cache
def _by_spelling() -> Mapping[str, str]:
    """Return zones by their name and by their town alone, in small letters."""
    known = sorted(available_timezones())
    towns = {_folded(name.rpartition("/")[2]): name for name in reversed(known) if name.count("/") == 1}
    return towns | {_folded(name): name for name in known}
