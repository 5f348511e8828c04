"""What others did at the channel between two tellings of an order; what the hub did there itself is left out."""

from collections.abc import Collection, Iterator

from core.domain.order_day import made
from core.domain.order_day.history import History, Json
from core.domain.order_day.placing import line, minor, name_of, payment, status_of
from core.model.address import Region
from core.model.order import (
    ChannelState,
    Order,
    OrderLine,
    Transaction,
    TransactionKind,
    TransactionState,
)

Verb = tuple[str, Json]
"""A verb of day/1 and what it is about."""
OTHER_TOOL = "Other tool"


def changes(history: History, old: Order, new: Order, ours: Collection[str]) -> Iterator[Verb]:
    """Yield what others did; ``ours`` are the tracking numbers that the hub told."""
    this = {"order": history.number}
    if new.state is ChannelState.CANCELLED and old.state is not ChannelState.CANCELLED:
        yield "cancel", this | {"by": _by(old, ours), "refund": _is_refunded(old, new), "restock": True}
        return
    yield from _elsewhere(history, old, new, ours)
    if set(new.withdrawn) - set(old.withdrawn):
        yield "cancel_fulfillment", this
    yield from _held(history, old, new)
    if new.cancel_requested and not old.cancel_requested:
        yield "request_cancel", this
    yield from _progress(history, old, new)
    yield from _money(history, old, new)


def edited(history: History, old: Order, new: Order, moved: Json | None) -> Iterator[Verb]:
    """Yield what customer service changed: lines, amounts, or the address (``moved``)."""
    if new.state is ChannelState.CANCELLED or new.unreadable is not None or old.unreadable is not None:
        return
    if history.channel != "shop" or old.state is ChannelState.PENDING:
        return
    found: Json = {} if moved is None else {"ship_to": moved}
    if not _is_refunded(old, new):
        found |= _lines(history, old, new)
        found |= _amounts(old, new)
    if found:
        yield "edit", {"order": history.number, **found}


def _by(old: Order, ours: Collection[str]) -> str:
    told = any(parcel.tracking in ours for parcel in old.shipped)
    return "merchant" if told else "channel"


def _refunds(order: Order) -> dict[str, Transaction]:
    """Return what was given back, by transaction."""
    done = (t for t in order.transactions if t.state is not TransactionState.FAILED)
    return {t.transaction_id: t for t in done if t.kind is TransactionKind.REFUND}


def _is_refunded(old: Order, new: Order) -> bool:
    return bool(_refunds(new).keys() - _refunds(old).keys())


def _elsewhere(history: History, old: Order, new: Order, ours: Collection[str]) -> Iterator[Verb]:
    known = {parcel.tracking for parcel in old.shipped}
    for number, parcel in enumerate(new.shipped, start=1):
        if parcel.tracking in known or parcel.tracking in ours:
            continue
        what: Json = {"name": OTHER_TOOL, "order": history.number, "do": "ship", "carrier": "UPS"}
        what["tracking"] = f"OTHER-{number}"
        by_id = {one.line_id: one for one in new.lines}
        units = [(by_id[line_id], count) for line_id, count in parcel.lines if line_id in by_id]
        if units:
            what["lines"] = [_some(history, new, one, count) for one, count in units]
        yield "other_tool", what


def _held(history: History, old: Order, new: Order) -> Iterator[Verb]:
    before, after = ({w.work_id for w in order.work_orders if w.held_by} for order in (old, new))
    this = {"name": OTHER_TOOL, "order": history.number}
    if after and not before:
        yield "other_tool", this | {"do": "hold"}
    elif before and not after and any(w.open for w in new.work_orders):
        yield "other_tool", this | {"do": "release"}


def _progress(history: History, old: Order, new: Order) -> Iterator[Verb]:
    """Yield how Amazon, or an access that was granted, moved the order on."""
    this = {"order": history.number}
    if old.state is ChannelState.PENDING and new.state is not ChannelState.PENDING:
        yield "amazon_status", this | {"to": status_of(new)}
    elif isinstance(new.ship_to, Region) and not isinstance(old.ship_to, Region):
        yield "grant", this | {"address": made.address(new.ship_to, 1)}


def _money(history: History, old: Order, new: Order) -> Iterator[Verb]:
    known = {t.transaction_id for t in old.transactions}
    for told in new.transactions:
        paid = told.kind in (TransactionKind.SALE, TransactionKind.AUTHORIZATION)
        if told.transaction_id in known or not paid or told.state is TransactionState.FAILED:
            continue
        if old.state is not ChannelState.PENDING:
            yield "pay", {"order": history.number, **payment(history, told)}
    for told in (t for key, t in _refunds(new).items() if key not in _refunds(old)):
        amount = {"amount": minor(told.amount), "currency": told.amount.currency}
        lines = _fewer(history, old, new)
        some = {"lines": lines, "restock": True} if lines else {}
        yield "refund", {"order": history.number, "by": "channel", **amount, **some}


def _lines(history: History, old: Order, new: Order) -> Json:
    known = {one.line_id for one in old.lines}
    added = [line(history, new, one) for one in new.lines if one.line_id not in known and one.quantity]
    removed = _fewer(history, old, new)
    return ({"add": added} if added else {}) | ({"remove": removed} if removed else {})


def _fewer(history: History, old: Order, new: Order) -> list[Json]:
    left = {one.line_id: one.quantity for one in new.lines}
    gone = ((one, one.quantity - left.get(one.line_id, 0)) for one in old.lines)
    return [_some(history, old, one, count) for one, count in gone if count > 0]


def _some(history: History, order: Order, told: OrderLine, count: int) -> Json:
    name = name_of(history, order, told)
    key = next(key for key in ("listing", "sku", "title") if name.get(key) is not None)
    return {key: name[key], "qty": count}


def _amounts(old: Order, new: Order) -> Json:
    """Return the amounts that changed; the total is said whenever one of them did."""
    found: Json = {}
    if (now := _all_tax(new)) != _all_tax(old):
        found["tax"] = now
    if minor(new.shipping) - minor(new.shipping_discount) != minor(old.shipping) - minor(
        old.shipping_discount
    ):
        found["shipping"] = minor(new.shipping) - minor(new.shipping_discount)
    if found or minor(new.total) != minor(old.total):
        found["total"] = minor(new.total)
    return found


def _all_tax(order: Order) -> int:
    return minor(order.shipping_tax) + sum(minor(one.tax) for one in order.lines)
