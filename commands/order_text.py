"""An order as the command prints it: what it is, what holds it, its money, its parcels and its timeline."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from commands.output import table
from core.domain.state import OrderState, ParcelState
from core.domain.summary import NO_NAMES, amount_text, summary
from core.errors import NotFoundError
from core.model.facts import Fact
from core.model.money import Money
from core.model.order import Order
from core.model.people import called


def when(instant: datetime) -> str:
    """Return an instant as people read it."""
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


def total_of(minor: int | None, currency: str | None) -> str:
    """Return an order's total with its currency."""
    return "" if minor is None or currency is None else amount_text(Money(minor=minor, currency=currency))


def held_by(state: OrderState) -> list[str]:
    """Return everything that stands in an order's way, in words, with its amount or number."""
    found = [f"{hold.words}: {detail}" if detail else hold.words for hold, detail in state.holds.items()]
    if state.parked is not None:
        found.append(f"needs attention at {state.parked.step}: {state.parked.message}")
    return found


def order_json(
    order_id: str, state: OrderState, facts: Sequence[Fact], notes: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """Return an order as ``--json`` prints it; amounts as text and in minor units; ``notes`` as ``summary`` has them."""
    order = _known(order_id, state)
    total = order.total if order.total.known else None
    return {
        "order": order_id,
        "number": order.number,
        "connection": order.connection,
        "placed": order.placed_at.isoformat(timespec="seconds"),
        "stage": state.stage,
        "total": amount_text(order.total),
        "total_minor": total.minor if total else None,
        "currency": total.currency if total else None,
        "attributes": order.attributes,
        "holds": holds_json(state),
        "parked": {"step": state.parked.step, "message": state.parked.message} if state.parked else None,
        "parcels": [_parcel_json(parcel) for parcel in state.parcels],
        "tags": state.tags,
        "assignee": state.assignee,
        "facts": [{"says": summary(fact, notes), **fact.model_dump(mode="json")} for fact in facts],
    }


def holds_json(state: OrderState) -> list[dict[str, object]]:
    """Return each hold of an order with its words and its detail."""
    return [
        {"reason": hold.value, "words": hold.words, "detail": detail, "releasable": hold.overrulable}
        for hold, detail in state.holds.items()
    ]


def _parcel_json(parcel: ParcelState) -> dict[str, object]:
    label = parcel.label
    return {
        "parcel": parcel.parcel_id,
        "location": parcel.quote.parcel.location,
        "box": parcel.quote.parcel.box,
        "carrier": label.carrier if label else None,
        "service": label.service if label else None,
        "price": amount_text(label.price) if label else None,
        "tracking": label.tracking if label else None,
        "told": parcel.told,
        "mailed": parcel.mailed,
        "tracking_state": parcel.tracking,
    }


def order_lines(
    order_id: str,
    state: OrderState,
    facts: Sequence[Fact],
    names: Mapping[str, str] = NO_NAMES,
    notes: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Yield an order line by line, as it is read; ``names`` are what users are called, by actor.

    ``notes`` are as ``summary`` has them.
    """
    order = _known(order_id, state)
    head = [f"{order.number}: {state.stage.words}", amount_text(order.total), order_id]
    yield ", ".join([*head, f"placed {when(order.placed_at)}", *([order.method] if order.method else [])])
    yield from _held(order, state)
    if state.tags:
        yield f"tags: {', '.join(state.tags)}"
    for name, value in sorted(order.attributes.items()):
        yield f"{name}: {str(value).lower() if isinstance(value, bool) else value}"
    if state.assignee is not None:
        yield f"assigned to {called(state.assignee, names)}"
    yield ""
    yield from table([_line(line.sku, line.title, line.quantity, line.unit_price) for line in order.lines])
    yield ""
    yield from _money(order, state)
    yield from _units(state)
    for parcel in state.parcels:
        yield f"parcel {_parcel(parcel)}"
    for parcel in state.voided:
        yield f"voided parcel {_parcel(parcel)}"
    yield ""
    told = [(fact, words) for fact in facts if (words := summary(fact, notes, names))]
    yield from table(
        [{"at": when(fact.at), "by": called(fact.actor, names), "what": words} for fact, words in told]
    )


def _known(order_id: str, state: OrderState) -> Order:
    if state.order is None:
        raise NotFoundError(f"{order_id} is not known yet")
    return state.order


def _held(order: Order, state: OrderState) -> Iterator[str]:
    for hold, detail in state.holds.items():
        way = (
            f"; release it: crossdock orders release {order.number} {hold.value}" if hold.overrulable else ""
        )
        yield f"held: {hold.words}{f': {detail}' if detail else ''}{way}"
    if state.parked is not None:
        yield (
            f"needs attention at {state.parked.step}: {state.parked.message};"
            f" once it is mended: crossdock orders retry {order.number}"
        )


def _line(sku: str | None, title: str, units: int, each: Money) -> dict[str, object]:
    return {"sku": sku or "no SKU", "title": title, "units": units, "each": amount_text(each)}


def _money(order: Order, state: OrderState) -> Iterator[str]:
    paid = state.payment
    if paid is None:
        yield "payment: not asked yet"
        return
    via = ", via the channel" if order.paid_via_channel else ""
    risk = f", risk {paid.risk_score}" if paid.risk_score is not None else ""
    differs = ""
    if paid.difference is not None and paid.difference.minor:
        less = paid.difference.minor < 0
        amount = amount_text(-paid.difference if less else paid.difference)
        differs = f", {amount} {'less' if less else 'more'} than owed"
    yield f"payment {paid.state.replace('_', ' ')}: {amount_text(paid.paid)}{differs}{via}{risk}"
    for verdict in paid.verdicts:
        yield (
            f"  {verdict.gateway}, asked of {verdict.authority}: {verdict.state.replace('_', ' ')},"
            f" {amount_text(verdict.amount)}, captured {amount_text(verdict.captured)}"
        )
    for captured in state.captured:
        yield f"  captured by the hub: {amount_text(captured.amount)}"


def _units(state: OrderState) -> Iterator[str]:
    aside = [f"{a.units} x {a.sku} at {a.location}" for a in state.allocations]
    lacking = [f"{n.units} x {n.sku}" for n in state.backordered]
    if aside:
        yield f"units set aside: {', '.join(aside)}"
    if lacking:
        yield f"units backordered: {', '.join(lacking)}"


def _parcel(parcel: ParcelState) -> str:
    packed = parcel.quote.parcel
    what = f"{parcel.parcel_id}: box {packed.box}, {packed.gross_g} g from {packed.location}"
    label = parcel.label
    if label is None:
        price = f", {amount_text(parcel.quote.price)} at best" if parcel.quote.price else ", no rate will do"
        return f"{what}{price}; no label bought"
    tracked = f", {parcel.tracking.replace('_', ' ')}" if parcel.tracking else ""
    told = f"channel {'told' if parcel.told else 'not told'}"
    return f"{what}: {label.carrier} {label.service} {amount_text(label.price)}, tracking {label.tracking}{tracked}; {told}"
