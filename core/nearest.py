"""The nearest right name for a wrong one."""

import difflib
from collections.abc import Iterable

_MOST_NAMES = 12


def nearest(wrong: str, right: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?``, or the names there are where none is near."""
    names = sorted(set(right))
    near = difflib.get_close_matches(wrong, names, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f" (one of: {', '.join(names)})" if 0 < len(names) <= _MOST_NAMES else ""
