"""What a request names, held against the row of its operation: nothing is ignored in silence (R110)."""

from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.fidelity import Fidelity


def fields(given: Any, at: str = "") -> Iterator[str]:
    """The fields that a JSON value names, to the leaves: ``orderItems[].quantity``; one that is null is not given."""
    if isinstance(given, dict):
        for name, value in given.items():
            yield from fields(value, f"{at}.{name}" if at else str(name))
    elif isinstance(given, list):
        for value in given:
            yield from fields(value, f"{at}[]")
    elif given is not None and at:
        yield at


def left_out(row: Fidelity, named: Iterable[str]) -> tuple[str, ...]:
    """What a request names that the row neither honours nor lists: its refused ones, and those that nobody knows."""
    known = [*row.honoured, *row.listed]
    return tuple(dict.fromkeys(name for name in named if not any(_covers(one, name) for one in known)))


def _covers(known: str, named: str) -> bool:
    """Whether a known name is the one that is named, or holds it, or lies within it (then only its type is wrong)."""
    longer, shorter = (named, known) if len(named) > len(known) else (known, named)
    return longer == shorter or longer.startswith((f"{shorter}.", f"{shorter}["))
