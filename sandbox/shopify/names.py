"""Names of people, countries and provinces as an address shows them."""

from typing import Final

COUNTRIES: Final = {
    "AU": "Australia", "CA": "Canada", "DE": "Germany", "FR": "France", "GB": "United Kingdom", "JP": "Japan",
    "MX": "Mexico", "US": "United States",
}  # fmt: skip
PROVINCES: Final = {
    "AZ": "Arizona", "CA": "California", "CO": "Colorado", "FL": "Florida", "ID": "Idaho", "IL": "Illinois",
    "MA": "Massachusetts", "NV": "Nevada", "NY": "New York", "OH": "Ohio", "ON": "Ontario", "OR": "Oregon",
    "PA": "Pennsylvania", "QC": "Quebec", "TX": "Texas", "UT": "Utah", "WA": "Washington",
}  # fmt: skip


def country(code: str | None) -> str | None:
    """A country's name; its code where the table has none."""
    return COUNTRIES.get(code or "", code)


def province(code: str | None) -> str | None:
    """A state's or province's name; its code where the table has none."""
    return PROVINCES.get(code or "", code)


def first_last(name: str) -> tuple[str | None, str | None]:
    """A name in two: all but the last word, and the last word."""
    first, _, last = name.rpartition(" ")
    return first or None, last or None
