"""Scalars, ids, errors and pages, as the Admin API writes them."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from graphql import GraphQLError

from sandbox.shopify.money import Bag, Money, short
from sandbox.values import Json, cursor, mark_of

Record = TypeVar("Record")
LARGEST_PAGE: Final = 250
GID: Final = re.compile(r"gid://shopify/(?P<kind>\w+)/(?P<number>[0-9]{1,20})")


def gid(kind: str, number: int | str) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


def identified(kind: str, number: int) -> Json:
    """What every node says of itself."""
    return {"__typename": kind, "id": gid(kind, number), "legacyResourceId": str(number)}


def number(kind: str, text: str | None) -> int | None:
    """The number in a global id of that kind; None where it is of another kind."""
    found = GID.fullmatch(text or "")
    return int(found["number"]) if found and found["kind"] == kind else None


def kind_of(text: str) -> str:
    """The kind that a global id names.

    Raises:
        GraphQLError: it is no global id.
    """
    found = GID.match(text)
    if found is None:
        raise problem(f"Invalid global id '{text}'", "INVALID_VARIABLE")
    return found["kind"]


def when(at: datetime | None) -> str | None:
    """An instant: 2026-11-30T16:00:00Z."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def money(it: Money) -> Json:
    """A MoneyV2."""
    return {"amount": short(it), "currencyCode": it.currency}


def bag(it: Bag) -> Json:
    """A MoneyBag."""
    return {"shopMoney": money(it.shop), "presentmentMoney": money(it.presentment)}


def problem(message: str, code: str, **more: object) -> GraphQLError:
    """A top-level error with Shopify's code."""
    return GraphQLError(message, extensions={"code": code, **more})


def page(
    records: Sequence[Record],
    show: Callable[[Record], Json],
    args: Json,
    key: Callable[[Record], Any] | None = None,
) -> Json:
    """One page of records as a connection; `key` makes a cursor that survives changes of the list."""
    size, backwards = _size(args)
    marks = [cursor(key(record) if key else place) for place, record in enumerate(records)]
    entries = list(zip(marks, records, strict=True))
    reverse = bool(args.get("reverse"))
    if reverse:
        entries.reverse()
    inside, earlier, later = _between(entries, args, reverse=reverse)
    shown = inside[max(0, len(inside) - size) :] if backwards else inside[:size]
    cut = len(inside) > size
    cursors = [mark for mark, _record in shown]
    nodes = [show(record) for _mark, record in shown]
    return {
        "edges": [{"cursor": mark, "node": node} for mark, node in zip(cursors, nodes, strict=True)],
        "nodes": nodes,
        "pageInfo": {
            "hasNextPage": later if backwards else cut,
            "hasPreviousPage": cut if backwards else earlier,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def some(records: Sequence[Record], args: Json) -> Sequence[Record]:
    """The first entries of a list that has no pages; all of them, where no number is given."""
    size = args.get("first")
    if size is not None and size < 0:
        raise problem("first cannot be negative", "BAD_REQUEST")
    return records if size is None else records[:size]


def _size(args: Json) -> tuple[int, bool]:
    """How many entries, and whether they are the last ones."""
    first, last = args.get("first"), args.get("last")
    if first is not None and last is not None:
        raise problem("providing both first and last is not supported", "BAD_REQUEST")
    size = last if first is None else first
    if size is None:
        raise problem("you must provide one of first or last", "BAD_REQUEST")
    if not 0 <= size <= LARGEST_PAGE:
        raise problem(f"a page holds 0 to {LARGEST_PAGE} entries", "BAD_REQUEST")
    return int(size), first is None


def _between(
    entries: list[tuple[str, Record]], args: Json, *, reverse: bool
) -> tuple[list[tuple[str, Record]], bool, bool]:
    """What lies after one cursor and before another, and whether anything lies on either side of it."""
    after, before = args.get("after"), args.get("before")
    inside, earlier, later = entries, False, False
    if after:
        inside = [entry for entry in inside if _follows(entry[0], after, reverse=reverse)]
        earlier = len(inside) < len(entries)
    if before:
        left = [entry for entry in inside if _follows(before, entry[0], reverse=reverse)]
        later = len(left) < len(inside)
        inside = left
    return inside, earlier, later


def _follows(one: str, other: str, *, reverse: bool) -> bool:
    """Whether a place comes after another; a cursor of another order is refused."""
    try:
        mine, theirs = mark_of(one), mark_of(other)
        return bool(mine < theirs if reverse else mine > theirs)
    except (ValueError, TypeError) as broken:
        raise problem("Invalid cursor for current pagination sort.", "BAD_REQUEST") from broken
