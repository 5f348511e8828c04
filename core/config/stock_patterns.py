"""Patterns of SKUs, as ``stock`` names them: ``*`` stands for any text, everything else for itself."""

import re
from collections.abc import Collection
from functools import cache

from core.nearest import nearest

DEFAULT = "default"
_ELSEWHERE = (
    (re.compile(r"\.\*"), "'.*' is a point and any text"),
    (re.compile(r"%"), "'%' stands for itself"),
    (re.compile(r"[?]"), "'?' stands for itself"),
    (re.compile(r"\[.*\]"), "'[...]' stands for itself"),
    (re.compile(r"[,;|]\s*\S"), "one pattern names one kind of SKU"),
)
"""Marks that other programs read as patterns."""


def matches(pattern: str, sku: str) -> bool:
    """Return whether a pattern names a SKU."""
    return _compiled(pattern).fullmatch(sku) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


def oddity(pattern: str) -> str | None:
    """Return what is odd about a pattern by itself, or None."""
    if pattern.strip() != pattern:
        return f"'{pattern}' begins or ends with a blank, and names no SKU without it"
    folded = pattern.casefold()
    if pattern != DEFAULT and folded in {DEFAULT, f"{DEFAULT}s", f"*{DEFAULT}*", "all", "any", "others"}:
        return f"'{pattern}' is read as a SKU; the pattern for all others is {DEFAULT}"
    for mark, why in _ELSEWHERE:
        if mark.search(pattern):
            return f"'{pattern}' is read as it stands: {why}; any text is *"
    return None


def unmatched(pattern: str, skus: Collection[str]) -> str | None:
    """Return that a pattern names none of the known SKUs, with the nearest that was perhaps meant; None where it does."""
    if pattern == DEFAULT or not skus or any(matches(pattern, sku) for sku in skus):
        return None
    turned = next((sku for sku in sorted(skus) if matches(pattern.casefold(), sku.casefold())), None)
    if turned is not None:
        near = f"; '{turned}' differs by small and capital letters"
    elif any(sku.startswith(pattern) for sku in skus):
        near = f'; to name all that begin so, write "{pattern}*"'
    else:
        near = nearest(pattern, skus)
    return f"'{pattern}' names none of the {len(skus)} known products{near}"
