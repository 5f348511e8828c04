"""Links as a CSV file: columns connection, listing, sku, units; several lines of one listing make a kit."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.errors import RefusedError

Components = Mapping[tuple[str, str], Mapping[str, int]]
"""(connection, listing) -> SKU -> units of it in one unit of the listing."""

HEADER = ("connection", "listing", "sku", "units")
_MOST_UNITS = 10_000


class LinksError(RefusedError):
    """Links that cannot be taken; ``wrong`` says where each mistake is and what it is."""

    def __init__(self, wrong: Iterable[tuple[str, str]]) -> None:
        self.wrong = tuple(wrong)
        super().__init__("nothing was linked: " + "; ".join(f"{where}: {what}" for where, what in self.wrong))


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What links may name."""

    products: frozenset[str]
    listings: frozenset[tuple[str, str]]
    """(connection, listing)."""
    connections: frozenset[str]

    def wrong(self, connection: str, listing: str, sku: str, units: int) -> str | None:
        """Return what is wrong with one part of a link, and what to do, or None."""
        if connection not in self.connections:
            return f"no connection {connection!r}; there is {', '.join(sorted(self.connections))}"
        if (connection, listing) not in self.listings:
            return f"{connection} has no listing {listing!r}; write it as the page of links does"
        if sku not in self.products:
            return f"{sku!r} is no product; add it first (PUT /api/v1/products, stock product)"
        if not 1 <= units <= _MOST_UNITS:
            return f"units of {sku}: a whole number from 1 to {_MOST_UNITS} is wanted"
        return None


def written(made: Components, unlinked: Iterable[tuple[str, str]]) -> str:
    """Return the file of all links; a listing that nobody linked has a line with SKU and units left open."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(HEADER)
    for key in sorted({*made, *unlinked}):
        parts = [(sku, str(units)) for sku, units in sorted(made.get(key, {}).items())]
        lines.writerows((*key, *part) for part in parts or [("", "")])
    return text.getvalue()


def read(text: str, names: Names) -> dict[tuple[str, str], dict[str, int]]:
    """Return the links that a file says; lines without SKU and units say nothing, listings left out stay as they are.

    Raises:
        LinksError: with every wrong line by its number.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")), strict=True)
    made: dict[tuple[str, str], dict[str, int]] = {}
    wrong: list[tuple[str, str]] = []
    try:
        header = tuple(cell.strip().lower() for cell in next(rows, []))
        if header != HEADER:
            raise LinksError([("line 1", f"the columns are {','.join(HEADER)}")])
        for row in rows:
            problem = _take(row, names, made)
            if problem:
                wrong.append((f"line {rows.line_num}", problem))
    except csv.Error as error:
        wrong.append((f"line {rows.line_num}", f"cannot be read as CSV ({error})"))
    if wrong:
        raise LinksError(wrong)
    return made


def _take(row: list[str], names: Names, made: dict[tuple[str, str], dict[str, int]]) -> str | None:
    cells = [cell.strip() for cell in row]
    if not any(cells):
        return None
    if len(cells) != len(HEADER):
        return f"{len(cells)} columns; {','.join(HEADER)} are wanted"
    connection, listing, sku, units = cells
    if not sku and not units:
        return None
    number = (
        int(units) if units.isascii() and units.isdigit() and len(units) < len(str(_MOST_UNITS)) + 1 else 0
    )
    problem = names.wrong(connection, listing, sku, number)
    if problem:
        return problem
    of = made.setdefault((connection, listing), {})
    if sku in of:
        return f"{listing} names {sku} twice; write one line with all its units"
    of[sku] = number
    return None
