"""How the verbs print."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def show(rows: Rows, *, as_json: bool, empty: str = "nothing") -> None:
    """Print rows as a table, or as JSON; ``empty`` is what a table without rows says."""
    if as_json:
        print_json(list(rows))
        return
    for line in table(rows) if rows else [empty]:
        print(line)


def print_json(value: object) -> None:
    """Print one line of JSON."""
    print(json.dumps(value, default=str))


def table(rows: Rows) -> Iterator[str]:
    """Yield the lines of a table, the names of its columns first."""
    if not rows:
        return
    names = list(rows[0])
    cells = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(names))]
    for line in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
