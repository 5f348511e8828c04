"""What a request names, held against the row of its operation: nothing is ignored in silence (R110)."""

import re
from collections.abc import Collection, Iterable, Iterator
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
    known = row.honoured | row.listed.keys()
    return tuple(
        name for name in dict.fromkeys(named) if name not in known and not _is_of_another_kind(name, known)
    )


def _is_of_another_kind(name: str, known: Collection[str]) -> bool:
    """Whether it is a field of what is known as a plain one, or the other way round: then only its type is wrong."""
    within = (name[: cut.start()] in known for cut in re.finditer(r"[.[]", name))
    return any(within) or any(one.startswith((f"{name}.", f"{name}[")) for one in known)
