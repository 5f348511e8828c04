"""Whole lists, read a page at a time: each page is a read of its own, so nothing is held up meanwhile."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from core.store.pages import Page
from core.store.store import Store

Item = TypeVar("Item")
_AT_ONCE = 500


async def each_page(
    store: Store, page: Callable[..., Page[Item]], *args: Any, limit: int = _AT_ONCE, **kwargs: Any
) -> AsyncIterator[tuple[Item, ...]]:
    """Yield the pages of a list, whose function takes ``after`` and ``limit``; none is empty."""
    after: str | None = None
    while True:
        found: Page[Item] = await store.read(page, *args, after=after, limit=limit, **kwargs)
        if found.items:
            yield found.items
        if found.after is None:
            return
        after = found.after


async def each(
    store: Store, page: Callable[..., Page[Item]], *args: Any, limit: int = _AT_ONCE, **kwargs: Any
) -> AsyncIterator[Item]:
    """Yield what is on the pages of a list, one after another."""
    async for items in each_page(store, page, *args, limit=limit, **kwargs):
        for item in items:
            yield item
