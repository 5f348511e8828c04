"""Do the hub and the vendors tell the same at a look? Every figure that both sides keep is compared."""

from collections.abc import Iterator
from typing import Any, Final

from demo.checks import Check, run_checks
from demo.house import Json
from demo.looks import Taken

COMPARED: Final = ("shop", "amz", "orders", "labels", "mails", "books")


def agreed(taken: Taken, found: Json, *, accepted: bool) -> list[Check]:
    """Return every check of a look: order by order, and figure by figure."""
    figures = [Check(f"figures of {part}", *_figures(found, part)) for part in COMPARED]
    return [*run_checks(taken.books, accepted=accepted), *figures]


def _figures(found: Json, part: str) -> tuple[tuple[str, ...], int]:
    pairs = list(_pairs(found[part], found["vendors"][part], part))
    return tuple(
        f"{name}: the hub says {ours}, the vendor {theirs}" for name, ours, theirs in pairs if ours != theirs
    ), len(pairs)


def _pairs(ours: Any, theirs: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield every figure that the vendor keeps, beside the hub's; what the hub never read it does not claim."""
    if not isinstance(theirs, dict):
        yield path, ours, theirs
        return
    for key, value in theirs.items():
        mine = ours.get(key) if isinstance(ours, dict) else None
        if mine is None and path in ("shop", "amz"):
            continue
        yield from _pairs(0 if mine is None and value == 0 else mine, value, f"{path}.{key}")
