"""Opening counts: what lies where when the hub begins, from a file or from the numbers that one channel shows.

A file is CSV with the columns sku, location, units. All of it is loaded or nothing, and it can be taken back.
"""

from collections.abc import Collection, Mapping, Sequence

from core.csv_text import read_csv, whole_number
from core.domain.lost_skus import no_product
from core.engine.hub import Hub
from core.errors import NotFoundError, RefusedError
from core.model.base import Instant, Shape
from core.model.stock import MOST_UNITS
from core.services.actions import Lines
from core.store.openings import Opening, find_opening, list_openings, load_opening, undo_opening
from core.store.products import known_or_alike
from core.store.stock import stock_of

MOST_LINES = 500
_MOST_OPENINGS = 20
COLUMNS = ("sku", "location", "units")
_MOST_DIGITS = 20
"""Longer than this is no number of units, and nothing that is worked out or shown whole."""


class Mistake(Shape):
    """A line of the file that cannot be loaded."""

    line: int
    what: str


class Change(Shape):
    """What a line would change; ``before`` is None where it was never counted."""

    line: int
    sku: str
    location: str
    before: int | None
    units: int
    committed: int
    """Units of open orders there: they stay promised."""


class Preview(Shape):
    """What a file, or a channel's numbers, would change; with mistakes, nothing can be loaded."""

    lines: tuple[Change, ...]
    mistakes: tuple[Mistake, ...]
    passed_over: tuple[str, ...] = ()
    """SKUs of a channel that are not taken over, each with the reason."""


class Loaded(Shape):
    """Opening counts that were loaded, and what stood there before."""

    number: int
    at: Instant
    actor: str
    source: str
    lines: tuple[dict[str, str | int | None], ...]
    """The first of them, at most five hundred."""
    count: int
    """How many lines there are."""
    undone_at: Instant | None


class MistakesError(RefusedError):
    """A file has mistakes, and nothing of it was loaded."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        first = "; ".join(f"line {m.line}: {m.what}" for m in mistakes[:5])
        more = f"; and {len(mistakes) - 5} more" if len(mistakes) > 5 else ""  # noqa: PLR2004 - enough to read
        super().__init__(f"nothing was loaded: {first}{more}")
        self.mistakes = tuple(mistakes)


async def preview(hub: Hub, merchant: str, text: str) -> Preview:
    """Return what a file would change, and its mistakes; nothing is stored."""
    sheet = read_csv(text, COLUMNS)
    mistakes = [Mistake(line=line, what=what) for line, what in sheet.wrong]
    if not sheet.rows and not mistakes:
        mistakes.append(Mistake(line=1, what=f"nothing to load; the first line names {','.join(COLUMNS)}"))
    skus, config = {row.cells["sku"] for row in sheet.rows}, hub.config(merchant)
    products = await hub.store.read(known_or_alike, merchant, skus)
    stock_keys = {(s.sku, s.location): s for s in await hub.store.read(stock_of, merchant, skus)}
    seen: dict[tuple[str, str], int] = {}
    changes: list[Change] = []
    for row in sheet.rows:
        sku, location = row.cells["sku"], row.cells["location"]
        units, wrong_units = _units(row.cells["units"], sheet.delimiter)
        wrong = _wrong(sku, location, wrong_units, products, tuple(config.locations), seen)
        seen.setdefault((sku, location), row.line)
        if wrong is not None:
            mistakes.append(Mistake(line=row.line, what=wrong))
            continue
        stock_key = stock_keys.get((sku, location))
        changes.append(
            Change(
                line=row.line,
                sku=sku,
                location=location,
                before=stock_key.on_hand if stock_key and stock_key.counted else None,
                units=units,
                committed=stock_key.committed if stock_key else 0,
            )
        )
    return Preview(lines=tuple(changes), mistakes=tuple(sorted(mistakes, key=lambda m: m.line)))


def _wrong(  # noqa: PLR0917 - a line and what it is held against
    sku: str,
    location: str,
    wrong_units: str,
    products: Collection[str],
    locations: Sequence[str],
    seen: Mapping[tuple[str, str], int],
) -> str | None:
    found = [
        no_product(sku, products, do="add it first") if sku not in products else "",
        f"no location {location!r}; crossdock.yaml has {', '.join(locations)}"
        if location not in locations
        else "",
        wrong_units,
        f"{sku} at {location} stands on line {seen[sku, location]} already"
        if (sku, location) in seen
        else "",
    ]
    return "; ".join(part for part in found if part) or None


def _units(written: str, delimiter: str) -> tuple[int, str]:
    """Return the units that a cell says, and what is wrong with it."""
    if len(written) > _MOST_DIGITS:
        return 0, f"units: {written[:_MOST_DIGITS]}… is no number of units"
    try:
        units = whole_number(written, delimiter)
    except ValueError as error:
        return 0, f"units: {error}"
    if units < 0:
        return 0, f"units: {written} is less than nothing"
    return units, f"units: {written} is too much" if units > MOST_UNITS else ""


async def load(hub: Hub, merchant: str, text: str, *, actor: str) -> Loaded:
    """Count what a file says, all of it or nothing.

    Raises:
        MistakesError: the file has mistakes.
    """
    seen = await preview(hub, merchant, text)
    if seen.mistakes:
        raise MistakesError(seen.mistakes)
    return await store(hub, merchant, [(c.sku, c.location, c.units) for c in seen.lines], "file", actor=actor)


async def store(hub: Hub, merchant: str, lines: Lines, source: str, *, actor: str) -> Loaded:
    """Count lines that were checked; orders that wait for units are served."""
    now = hub.clock.now()
    opening = await hub.store.write(load_opening, merchant, lines, source=source, actor=actor, now=now)
    return _loaded(opening)


async def undo(hub: Hub, merchant: str, number: int | None, *, actor: str) -> Loaded:
    """Take opening counts back (the newest, where none is named); what orders are promised stays promised.

    Raises:
        NotFoundError: no opening counts of that number.
        RefusedError: they were taken back before, or some of it was counted since.
    """
    opening = await hub.store.read(find_opening, merchant, number)
    if opening is None:
        raise NotFoundError(
            "there are no opening counts to take back" if number is None else f"no opening {number}"
        )
    if opening.undone_at is not None:
        raise RefusedError(f"opening {opening.number} was taken back before")
    since = await hub.store.write(undo_opening, merchant, opening, actor=actor, now=hub.clock.now())
    if since:
        raise RefusedError(f"counted since: {', '.join(since)}; nothing was taken back")
    undone = await hub.store.read(find_opening, merchant, opening.number)
    return _loaded(undone or opening)


async def openings(hub: Hub, merchant: str) -> list[Loaded]:
    """Return the newest opening counts, the newest first, with the first lines of each."""
    heads = await hub.store.read(list_openings, merchant, limit=_MOST_OPENINGS)
    found = [await hub.store.read(find_opening, merchant, head.number) for head in heads]
    return [_loaded(opening) for opening in found if opening is not None]


def _loaded(opening: Opening) -> Loaded:
    return Loaded(
        number=opening.number,
        at=opening.at,
        actor=opening.actor,
        source=opening.source,
        lines=tuple(
            {"sku": line.sku, "location": line.location, "units": line.units, "before": line.before}
            for line in opening.lines[:MOST_LINES]
        ),
        count=len(opening.lines),
        undone_at=opening.undone_at,
    )
