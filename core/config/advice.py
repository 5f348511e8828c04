"""What to write instead: for a value that is not what its key wants, how it was probably meant."""

import calendar
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

_GRAMS: Mapping[str, Decimal] = {
    "g": Decimal(1), "gr": Decimal(1), "gram": Decimal(1), "grams": Decimal(1), "kg": Decimal(1000),
    "oz": Decimal("28.349523125"), "lb": Decimal("453.59237"), "lbs": Decimal("453.59237"),
}  # fmt: skip
_MILLIMETRES: Mapping[str, Decimal] = {
    "mm": Decimal(1), "cm": Decimal(10), "m": Decimal(1000), "in": Decimal("25.4"), "inch": Decimal("25.4"),
    '"': Decimal("25.4"), "ft": Decimal("304.8"),
}  # fmt: skip
_MEASURES = {"_g": (_GRAMS, "grams"), "_mm": (_MILLIMETRES, "millimetres")}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SPELT = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "m": "m", "min": "m", "mins": "m",
    "minute": "m", "minutes": "m", "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "d": "d", "day": "d",
    "days": "d",
}  # fmt: skip
_MONTHS = {name[:3].casefold(): number for number, name in enumerate(calendar.month_name) if name}
_DAYS = {
    day: day[:3] for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}


def whole_number(written: str, key: str) -> str:
    """Return what to write for a whole number, as in ``; write 8000 (grams)``; empty where nobody can tell."""
    measures, unit = next((found for end, found in _MEASURES.items() if end in key), ({}, ""))
    text = written.strip()
    measured = re.fullmatch(r"([0-9]+(?:[.,][0-9]+)?)\s*([a-z]+|\")\.?", text, re.IGNORECASE)
    if measured and measured[2].casefold() in measures:
        value = Decimal(measured[1].replace(",", ".")) * measures[measured[2].casefold()]
        return f"; write {round(value)} ({unit})"
    if re.fullmatch(r"[0-9]{1,3}(?:[,_ ][0-9]{3})+", text):
        return f"; write {re.sub(r'[,_ ]', '', text)}"
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]", text) and Decimal(text) == int(Decimal(text)):
        return f"; write {int(Decimal(text))}"
    if re.fullmatch(r"[0-9]+[.,][0-9]+", text):
        return f", and {text} is none" + (f"; it counts {unit}" if unit else "")
    return f"; write {int(text)}, without quotes" if re.fullmatch(r"[0-9]+", text) else ""


def weekday(written: str) -> str | None:
    """Return the short name of a weekday."""
    return _DAYS.get(written.strip().casefold()) or next(
        (short for short in _DAYS.values() if written.strip().casefold().rstrip(".") in {short, f"{short}s"}),
        None,
    )


def clock_time(written: str) -> str | None:
    """Return a time of day as ``15:00``."""
    found = re.fullmatch(
        r"([0-9]{1,2})(?:[:.h ]?([0-9]{2}))?(?::00)?\s*([ap])?\.?m?\.?h?", written.strip(), re.IGNORECASE
    )
    if not found:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").casefold()
    if half and not 1 <= hour <= 12:  # noqa: PLR2004 - of a clock's face
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if (hour, minute) == (24, 0):
        return "23:59"
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else None  # noqa: PLR2004 - of a day


def day(written: str) -> str | None:
    """Return a date as ``2026-12-25``, where it can be told which is the month."""
    text = written.strip()
    plain = re.fullmatch(r"([0-9]{4})[-/.]?([0-9]{1,2})[-/.]?([0-9]{1,2})(?:[T ].*)?", text)
    if plain:
        return _date(int(plain[1]), int(plain[2]), int(plain[3]))
    turned = re.fullmatch(r"([0-9]{1,2})([-/.])([0-9]{1,2})[-/.]([0-9]{4})", text)
    if turned:
        first, second, year = int(turned[1]), int(turned[3]), int(turned[4])
        if turned[2] == "." or first > 12:  # noqa: PLR2004 - months
            return _date(year, second, first)
        return _date(year, first, second) if second > 12 or first == second else None  # noqa: PLR2004
    spelt = re.fullmatch(r"(?:([0-9]{1,2})\.? )?([A-Za-z]{3,9})\.? (?:([0-9]{1,2}),? )?([0-9]{4})", text)
    number = (spelt[1] or spelt[3]) if spelt else None
    if spelt and number and spelt[2][:3].casefold() in _MONTHS:
        return _date(int(spelt[4]), _MONTHS[spelt[2][:3].casefold()], int(number))
    return None


def _date(year: int, month: int, number: int) -> str | None:
    try:
        return date(year, month, number).isoformat()
    except ValueError:
        return None


def duration(written: str) -> str | None:
    """Return a length of time as ``90m``."""
    text = written.strip().casefold()
    parts = re.findall(r"([0-9]+(?:[.,][0-9]+)?)\s*([a-z]+)", text)
    if not parts or re.sub(r"[0-9]+(?:[.,][0-9]+)?\s*[a-z]+|[\s,]|and", "", text):
        return None
    if any(unit not in _SPELT for _, unit in parts):
        return None
    seconds = sum(
        (Decimal(number.replace(",", ".")) * _SECONDS[_SPELT[unit]] for number, unit in parts), Decimal(0)
    )
    smallest = min((_SPELT[unit] for _, unit in parts), key=lambda unit: _SECONDS[unit])
    for unit in sorted("smhd", key=lambda unit: (_SECONDS[unit] > _SECONDS[smallest], -_SECONDS[unit])):
        if seconds % _SECONDS[unit] == 0:
            return f"{seconds // _SECONDS[unit]}{unit}"
    return None


def schedule(written: str) -> str | None:
    """Return when a rule is started, as ``day at 17:00`` or ``2h``."""
    found = re.fullmatch(r"(?:every |each |on )?([a-z]+?)s? at (.+)", written.strip().casefold())
    if found is None:
        return duration(written.strip().casefold().removeprefix("every "))
    day_of = {"day": "day", "daily": "day", "weekday": "weekday", "workday": "weekday"}.get(found[1])
    named, hour = day_of or weekday(found[1]), clock_time(found[2])
    return f"{named} at {hour}" if named and hour else None


def price(written: str) -> str | None:
    """Return a price as ``40.00``, without a currency and with a point."""
    text = re.sub(r"^(?:[A-Z]{3}|[$€£])\s*|\s*(?:[A-Z]{3}|[$€£])$", "", written.strip())
    if re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,2}", text) or re.fullmatch(
        r"[0-9]+,[0-9]{1,2}", text
    ):
        text = text.replace(".", "").replace(",", ".")
    return text if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", text) and text != written else None
