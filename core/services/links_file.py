"""Links as a CSV file: columns connection, listing, sku, units; several lines of one listing make a kit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.csv_text import read_csv, whole_number, write_csv
from core.domain.lost_skus import no_product
from core.errors import RefusedError
from core.model.stock import MOST_UNITS_LISTED

Components = Mapping[tuple[str, str], Mapping[str, int]]
"""(connection, listing) -> SKU -> units of it in one unit of the listing."""

HEADER = ("connection", "listing", "sku", "units")
_MOST_DIGITS = 12
"""Longer than this is no number of units, and nothing that is worked out or shown whole."""


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
            do = "add it first (PUT /api/v1/products, stock product)"
            return no_product(sku, self.products, do=do)
        if not 1 <= units <= MOST_UNITS_LISTED:
            return f"units of {sku}: a whole number from 1 to {MOST_UNITS_LISTED} is wanted"
        return None


def written(made: Components, unlinked: Iterable[tuple[str, str]], *, head: bool = True) -> str:
    """Return the file of links; a listing that nobody linked has a line with SKU and units left open.

    Without ``head`` it goes on a file that was begun.
    """
    rows: list[tuple[str | int | None, ...]] = []
    for key in sorted({*made, *unlinked}):
        parts = sorted(made.get(key, {}).items())
        rows += [(*key, sku, units) for sku, units in parts] or [(*key, None, None)]
    text = write_csv(HEADER, rows)
    return text if head else text.partition("\n")[2]


def mentioned(text: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Return the SKUs, and the (connection, listing), that a file names."""
    rows = [row.cells for row in read_csv(text, HEADER).rows]
    skus = frozenset(cells["sku"] for cells in rows if cells["sku"])
    return skus, frozenset((cells["connection"], cells["listing"]) for cells in rows)


def read(text: str, names: Names) -> dict[tuple[str, str], dict[str, int]]:
    """Return the links that a file says; lines without SKU and units say nothing, listings left out stay as they are.

    Raises:
        LinksError: with every wrong line by its number.
    """
    sheet = read_csv(text, HEADER)
    if not sheet.rows and not sheet.wrong and not text.strip():
        raise LinksError([("line 1", f"the file is empty; the first line names {','.join(HEADER)}")])
    made: dict[tuple[str, str], dict[str, int]] = {}
    wrong = list(sheet.wrong)
    for row in sheet.rows:
        problem = _take(row.cells, sheet.delimiter, names, made)
        if problem:
            wrong.append((row.line, problem))
    if wrong:
        raise LinksError((f"line {line}", what) for line, what in sorted(wrong))
    return made


def _take(
    cells: Mapping[str, str], delimiter: str, names: Names, made: dict[tuple[str, str], dict[str, int]]
) -> str | None:
    connection, listing, sku, units = (cells[column] for column in HEADER)
    if not sku and not units:
        return None
    try:
        number = whole_number(units, delimiter) if len(units) <= _MOST_DIGITS else 0
    except ValueError as error:
        return names.wrong(connection, listing, sku, 1) or (
            f"units of {sku}: {error}; a whole number from 1 to {MOST_UNITS_LISTED} is wanted"
        )
    problem = names.wrong(connection, listing, sku, number)
    if problem:
        return problem
    of = made.setdefault((connection, listing), {})
    if sku in of:
        return f"{listing} names {sku} twice; write one line with all its units"
    of[sku] = number
    return None
