"""Scalars, ids, errors and pages, as the Admin API writes them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from graphql import GraphQLError

from sandbox.shopify.money import Bag, Money, short
from sandbox.values import Json, cursor, mark_of

Record = TypeVar("Record")
LARGEST_PAGE: Final = 250


def gid(kind: str, number: int | str) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


def identified(kind: str, number: int) -> Json:
    """What every node says of itself."""
    return {"__typename": kind, "id": gid(kind, number), "legacyResourceId": str(number)}


def number(kind: str, text: str | None) -> int | None:
    """The number in a global id of that kind; None where it is of another kind."""
    head = f"gid://shopify/{kind}/"
    tail = (text or "").removeprefix(head)
    return int(tail) if text and text.startswith(head) and tail.isdigit() else None


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
    size = _size(args)
    marks = [cursor(key(record) if key else place) for place, record in enumerate(records)]
    entries = list(zip(marks, records, strict=True))
    if args.get("reverse"):
        entries.reverse()
    total = len(entries)
    entries = _beyond(entries, args)
    before = total - len(entries)
    backwards = args.get("first") is None
    shown = entries[-size:] if backwards else entries[:size]
    cut = len(entries) > size
    cursors = [mark for mark, _record in shown]
    nodes = [show(record) for _mark, record in shown]
    return {
        "edges": [{"cursor": mark, "node": node} for mark, node in zip(cursors, nodes, strict=True)],
        "nodes": nodes,
        "pageInfo": {
            "hasNextPage": cut and not backwards,
            "hasPreviousPage": cut if backwards else before > 0,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _size(args: Json) -> int:
    size = args.get("first") if args.get("first") is not None else args.get("last")
    if size is None:
        raise problem("you must provide one of first or last", "BAD_REQUEST")
    if not 0 <= size <= LARGEST_PAGE:
        raise problem(f"a page holds 0 to {LARGEST_PAGE} entries", "BAD_REQUEST")
    return int(size)


def _beyond(entries: list[tuple[str, Record]], args: Json) -> list[tuple[str, Record]]:
    after, before = args.get("after"), args.get("before")
    if after:
        mark = _read(after)
        entries = [entry for entry in entries if _later(_read(entry[0]), mark, reverse=args.get("reverse"))]
    if before:
        mark = _read(before)
        entries = [entry for entry in entries if _later(mark, _read(entry[0]), reverse=args.get("reverse"))]
    return entries


def _later(one: Any, other: Any, *, reverse: object) -> bool:
    return bool(one < other) if reverse else bool(one > other)


def _read(word: str) -> Any:
    try:
        return mark_of(word)
    except ValueError as broken:
        raise problem("Invalid cursor for current pagination sort.", "BAD_REQUEST") from broken
