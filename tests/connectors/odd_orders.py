"""Orders of odd shape: a documented order in which something is gone, or is another kind of thing than documented."""

import copy
import random
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
Path = tuple[str | int, ...]

HALF = "\ud83d"
"""The first half of a character that was cut in two."""
LATEST, EARLIEST = "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"
ODD: tuple[Any, ...] = (
    *(None, "", "TOMORROW", "ZZ", "ANG", 7, -1, True, [], {}, ["x"], "12.3456", "a" * 300),
    *(f"KK{HALF}", "KK\0", "9" * 40, "1e30", LATEST, EARLIEST),
)
"""What stands where something else was documented: nothing, a word of tomorrow, another kind or size, what no row holds."""
_GONE = object()


def paths_of(value: Any, at: Path = ()) -> Iterator[Path]:
    """Yield the path of every value inside a payload."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        yield (*at, step)
        yield from paths_of(one, (*at, step))


@st.composite
def odd_orders(draw: st.DrawFn, order: Json, *, most: int = 3) -> Json:
    """Return the order with up to so many of its values gone or changed."""
    odd = copy.deepcopy(order)
    for _ in range(draw(st.integers(1, most))):
        path = draw(st.sampled_from(list(paths_of(odd))))
        _put(odd, path, draw(st.sampled_from([_GONE, *ODD])))
    return odd


def odd_order(rng: random.Random, order: Json, *, most: int = 3) -> Json:
    """Return the order with up to so many of its values gone or changed, drawn by chance."""
    odd = copy.deepcopy(order)
    for _ in range(rng.randint(1, most)):
        paths = list(paths_of(odd))
        if paths:
            _put(odd, rng.choice(paths), rng.choice([_GONE, *ODD]))
    return odd


def changed(order: Json, path: Path, value: Any) -> Json:
    """Return the order with another value at one path."""
    odd = copy.deepcopy(order)
    _put(odd, path, value)
    return odd


def without(order: Json, path: Path) -> Json:
    """Return the order without what is at one path."""
    return changed(order, path, _GONE)


def _put(order: Json, path: Path, value: Any) -> None:
    at: Any = order
    for step in path[:-1]:
        at = at[step]
    if value is not _GONE:
        at[path[-1]] = copy.deepcopy(value)
    else:
        del at[path[-1]]


def count(value: Any) -> int | None:
    """Return a count as a vendor may write it; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if str(value).isdecimal() and len(str(value)) <= 12 else None
