"""Which records a search finds: each documented filter is compared as its kind says, or refused by name.

A field that is no filter of the list is dropped from the search and told in `extensions.search`, with the words recorded of
the vendor: "Invalid search field for this query.", code `invalid_field`. What is asked of a filter in a form that is not
documented (an unknown word of an enum, a number that is none) is refused, as nobody knows what the vendor would find.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from sandbox.shopify.graph.offered import not_offered
from sandbox.shopify.graph.search_terms import Every, Not, Part, Term, read
from sandbox.shopify.state import Shop
from sandbox.values import Json

Record = TypeVar("Record")
Compare = Callable[[Any, Term, datetime], bool]
"""Whether what a record has fits the term, at an instant that is now."""
WORDS: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Filter(Generic[Record]):
    """One filter of a list: what a record has of it, and how that is compared."""

    of: Callable[[Shop, Record], Any]
    compare: Compare


@dataclass(frozen=True)
class Filters(Generic[Record]):
    """What a list can be searched by."""

    name: str
    known: Mapping[str, Filter[Record]]
    refused: frozenset[str] = frozenset()
    words: Callable[[Record], Iterable[str | None]] | None = None
    """What a term without a field is looked for in."""


@dataclass
class Search(Generic[Record]):
    """A search that has been read."""

    filters: Filters[Record]
    query: str
    part: Part | None
    dropped: list[str]
    """Fields that are no filters, so they filter nothing."""

    def fits(self, shop: Shop, record: Record) -> bool:
        """Whether a record is found."""
        return self.part is None or self._fits(self.part, shop, record)

    def told(self, path: list[str | int]) -> Json:
        """What `extensions.search` says of the dropped fields."""
        message = "Invalid search field for this query."
        warnings = [{"field": name, "message": message, "code": "invalid_field"} for name in self.dropped]
        return {"path": path, "query": self.query, "warnings": warnings}

    def _fits(self, part: Part, shop: Shop, record: Record) -> bool:
        if isinstance(part, Not):
            return not self._fits(part.part, shop, record)
        if isinstance(part, Every):
            each = (self._fits(one, shop, record) for one in part.parts)
            return all(each) if part.word == "and" else any(each)
        if part.name is None:
            words = self.filters.words(record) if self.filters.words else ()
            return any(_worded(one, part) for one in words)
        one = self.filters.known[part.name]
        return one.compare(one.of(shop, record), part, shop.now())


def searched(filters: Filters[Record], query: str | None) -> Search[Record]:
    """Read a search; refused filters are refused here, before anything is looked at."""
    dropped: list[str] = []
    part = read(query or "")
    return Search(filters, query or "", _kept(part, filters, dropped) if part else None, dropped)


def _kept(part: Part, filters: Filters[Record], dropped: list[str]) -> Part | None:
    """The part without terms of fields that are none."""
    if isinstance(part, Term):
        if part.name in filters.refused or (part.name or "").startswith("metafields."):
            raise not_offered(f"The filter {part.name!r} of {filters.name}")
        if part.name is None and filters.words is None:
            raise not_offered(f"A search of {filters.name} without a field")
        if part.name is not None and part.name not in filters.known:
            dropped.append(part.name)
            return None
        return part
    if isinstance(part, Not):
        inner = _kept(part.part, filters, dropped)
        return None if inner is None else Not(inner)
    parts = tuple(kept for one in part.parts if (kept := _kept(one, filters, dropped)) is not None)
    return Every(part.word, parts) if parts else None


def word(mine: Any, term: Term, _now: datetime) -> bool:
    """One word or several, each compared whole and without case; `*` at the end matches any rest, alone anything."""
    _equal_only(term)
    asked = term.value.casefold()
    own = [str(one).casefold() for one in (mine if isinstance(mine, list) else [mine]) if one is not None]
    if asked.endswith("*") and not term.quoted:
        return any(one.startswith(asked[:-1]) for one in own)
    return asked in own


def words_listed(mine: Any, term: Term, now: datetime) -> bool:
    """A word, or one of several with commas between."""
    return any(word(mine, Term(term.name, term.how, one), now) for one in term.value.split(","))


def unworded(mine: Any, term: Term, now: datetime) -> bool:
    """That a word is not there."""
    return not word(mine, term, now)


def phrase(mine: Any, term: Term, _now: datetime) -> bool:
    """Text: its words hold those asked for, in a row."""
    _equal_only(term)
    return _worded(mine, term)


def one_of(**accepted: frozenset[str] | str) -> Compare:
    """A filter with documented values, each of which stands for one or more of a record's own."""

    def compare(mine: Any, term: Term, _now: datetime) -> bool:
        _equal_only(term)
        meant = accepted.get(term.value.casefold().replace("-", "_"))
        if meant is None:
            raise not_offered(f"{term.value!r}, which is no documented value of the filter {term.name!r},")
        own = set(mine) if isinstance(mine, list) else {mine}
        return bool(own & ({meant} if isinstance(meant, str) else meant))

    return compare


def flag(mine: Any, term: Term, _now: datetime) -> bool:
    """True or false."""
    _equal_only(term)
    if term.value not in ("true", "false"):
        raise not_offered(f"{term.value!r} of the filter {term.name!r}, which is true or false,")
    return bool(mine) == (term.value == "true")


def number(mine: Any, term: Term, _now: datetime) -> bool:
    """A number, or a range as in `5..20`."""
    low, dots, high = term.value.partition("..")
    try:
        bounds = (float(low), float(high if dots else low))
    except ValueError:
        raise not_offered(f"{term.value!r} of the filter {term.name!r}, which is a number,") from None
    return _ordered(float(mine), term.how, bounds[0], bounds[1])


def identity(mine: Any, term: Term, now: datetime) -> bool:
    """An id, by its number or as a global id; of several, any."""
    own = mine if isinstance(mine, list) else [mine]
    plain = Term(term.name, term.how, term.value.rsplit("/", 1)[-1])
    return any(number(one, plain, now) for one in own if one is not None)


def instant(mine: Any, term: Term, now: datetime) -> bool:
    """An instant, to the second; a day, a month or a year is all of it. Without an offset it is read as UTC."""
    if term.value == "*":
        return mine is not None
    start, end = _span(term, now)
    return mine is not None and _ordered(mine, term.how, start, end)


def _ordered(mine: Any, how: str, low: Any, high: Any) -> bool:
    return bool({
        "<": mine < low, "<=": mine <= high, ">": mine > high, ">=": mine >= low, "=": low <= mine <= high,
    }[how])  # fmt: skip


def _span(term: Term, now: datetime) -> tuple[datetime, datetime]:
    """The first and the last second of what is asked for."""
    text = term.value
    if text == "now":
        return now, now
    short = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d))?", text)
    try:
        if short is None:
            at = datetime.fromisoformat(text)
            at = (at.replace(tzinfo=UTC) if at.tzinfo is None else at).replace(microsecond=0)
            return at, at
        year, month, day, hour = short.groups()
        start = datetime(int(year), int(month or 1), int(day or 1), int(hour or 0), tzinfo=UTC)
        return start, _following(start, month=month, day=day, hour=hour) - timedelta(seconds=1)
    except (ValueError, OverflowError):
        raise not_offered(f"{text!r} of the filter {term.name!r}, which is an instant,") from None


def _following(start: datetime, *, month: str | None, day: str | None, hour: str | None) -> datetime:
    if hour:
        return start + timedelta(hours=1)
    if day:
        return start + timedelta(days=1)
    if month:
        return (start + timedelta(days=31)).replace(day=1)
    return start.replace(year=start.year + 1)


def _equal_only(term: Term) -> None:
    if term.how != "=":
        raise not_offered(f"The comparator {term.how!r} of the filter {term.name!r}, which is a word,")


def _worded(mine: object, term: Term) -> bool:
    if mine is None:
        return False
    own = [found.casefold() for found in WORDS.findall(str(mine))]
    asked = [found.casefold() for found in WORDS.findall(term.value)]
    begins = term.value.endswith("*") and not term.quoted
    if not asked:
        return begins
    places = range(len(own) - len(asked) + 1)
    return any(_in_a_row(own[at : at + len(asked)], asked, begins=begins) for at in places)


def _in_a_row(own: list[str], asked: list[str], *, begins: bool) -> bool:
    if begins:
        return own[:-1] == asked[:-1] and own[-1].startswith(asked[-1])
    return own == asked
