"""Shopify's search language, as far as lists of orders, variants and items need it."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

Field = Callable[[str, str], bool]
"""Whether a record's field compares so (`>=`, `>`, `<=`, `<`, `=`) with the text asked for."""

TERM: Final = re.compile(
    r"""(?P<no>-|NOT\s+)?(?P<name>\w+):(?P<how>>=|<=|>|<)?(?P<value>'[^']*'|"[^"]*"|[^\s()]+)"""
)


def fits(query: str | None, fields: Mapping[str, Field]) -> bool:
    """Whether a record answers the query; terms of unknown fields are ignored, as Shopify ignores them."""
    if not query or not query.strip():
        return True
    return any(_all(part, fields) for part in re.split(r"\s+OR\s+", query))


def text(value: str | None) -> Field:
    """A field of words: compared without case, `*` at the end matches any rest."""

    def compare(_how: str, wanted: str) -> bool:
        mine, asked = (value or "").casefold(), wanted.casefold()
        return mine.startswith(asked[:-1]) if asked.endswith("*") else mine == asked

    return compare


def instant(value: str) -> Field:
    """A field that is an instant, in UTC, compared to the second."""

    def compare(how: str, wanted: str) -> bool:
        asked = _utc(wanted)
        return {
            ">=": value >= asked, ">": value > asked, "<=": value <= asked, "<": value < asked,
        }.get(how, value.startswith(wanted.rstrip("Z")))  # fmt: skip

    return compare


def _all(part: str, fields: Mapping[str, Field]) -> bool:
    for term in TERM.finditer(part):
        field = fields.get(term["name"])
        if field is None:
            continue
        if field(term["how"] or "=", term["value"].strip("'\"")) == bool(term["no"]):
            return False
    return True


def _utc(wanted: str) -> str:
    at = datetime.fromisoformat(wanted)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
