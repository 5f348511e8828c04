"""Orders: lists, one order with its timeline, and what people ask of it."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from core.domain.state import OrderState, ParcelState, Stage
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.model.annotations import NoteAdded, Tag
from core.model.facts import Fact
from core.model.holds import Hold
from core.model.order import OrderLine, Transaction
from core.model.shipment import CustomsItem, JudgedRate
from core.services import actions
from core.services.annotations import assignee_sought
from core.services.waiting import Waiting, waiting_of
from core.store.order_notes import note_texts
from core.store.orders import OrderRow, counts_by_stage, facts_of, list_orders
from web.api.endpoint import Answer, Call, Endpoint, OrderCursor
from web.api.order_views import (
    CustomsView,
    FactView,
    LineView,
    OrderItem,
    OrderList,
    OrderView,
    ParcelView,
    RateView,
    Timeline,
    TransactionView,
    WaitsFor,
)
from web.keys import HUB
from web.permissions import PERSONAL


class OrdersAsked(Answer):
    """Which orders are listed."""

    stage: Stage | None = Field(None, description="only orders at this stage")
    hold: Hold | None = Field(None, description="only orders held for this reason")
    connection: str | None = Field(None, description="only orders of this channel")
    tag: Tag | None = Field(None, description="only orders with this tag")
    assignee: str | None = Field(
        None, description="only orders that this user or API key looks after; `none`: those that nobody does"
    )
    text: str | None = Field(None, description="only orders whose number begins so")
    after: OrderCursor | None = Field(None, description="the `after` of the page before")
    limit: int = Field(50, ge=1, le=200, description="orders a page")


def item_of(row: OrderRow, waits: Waiting) -> OrderItem:
    """Return an order as lists show it."""
    return OrderItem(
        order_id=row.order_id,
        connection=row.connection,
        number=row.number,
        placed_at=row.placed_at,
        stage=row.stage,
        holds=row.holds,
        tags=row.tags,
        assignee=row.assignee,
        total_minor=row.total_minor,
        currency=row.currency,
        waits_for=_waits(waits),
    )


def _waits(waits: Waiting) -> WaitsFor:
    return WaitsFor(what=waits.what, until=waits.until, do=waits.do)


async def get_orders(call: Call) -> OrderList:
    """Return a page of orders."""
    hub = call.request.app[HUB]
    asked: OrdersAsked = call.query
    page = await hub.store.read(
        list_orders,
        call.merchant,
        stage=asked.stage,
        hold=asked.hold,
        connection=asked.connection,
        tag=asked.tag,
        assignee=await assignee_sought(hub, call.merchant, asked.assignee),
        text=asked.text,
        after=asked.after,
        limit=asked.limit,
    )
    known_connection(hub, call.merchant, asked.connection, found=bool(page.items))
    counts = await hub.store.read(counts_by_stage, call.merchant)
    waits = await waiting_of(hub, call.merchant, [row.order_id for row in page.items])
    return OrderList(
        orders=tuple(item_of(row, waits[row.order_id]) for row in page.items),
        after=page.after,
        counts={stage.value: number for stage, number in counts.items()},
    )


def known_connection(hub: Hub, merchant: str, connection: str | None, *, found: bool) -> None:
    """Return if a list may be asked for a connection: crossdock.yaml names it, or something of it is there still.

    Raises:
        NotFoundError: neither; the list would be empty for ever.
    """
    if connection is not None and not found:
        hub.connections(merchant).named(connection)


async def show_order(call: Call) -> OrderView:
    """Return one order."""
    hub = call.request.app[HUB]
    order_id = await actions.order_named(hub, call.merchant, call.path["order"])
    state = await hub.store.load(call.merchant, order_id)
    waits = await waiting_of(hub, call.merchant, [order_id])
    return view_of(order_id, state or OrderState(), waits[order_id])


def view_of(order_id: str, state: OrderState, waits: Waiting) -> OrderView:
    """Return an order as the API shows it."""
    order, payment = state.order, state.payment
    if order is None:
        raise NotFoundError(f"{order_id} is not known yet")
    return OrderView(
        order_id=order_id,
        connection=order.connection,
        external_id=order.order_id,
        number=order.number,
        placed_at=order.placed_at,
        stage=state.stage,
        holds=state.holds,
        parked=f"{state.parked.step}: {state.parked.message}" if state.parked else None,
        total_minor=order.total.minor if order.total.known else None,
        currency=order.total.currency if order.total.known else None,
        lines=tuple(_line(line) for line in order.lines),
        attributes=order.attributes,
        units=_sums((f"{a.sku}@{a.location}", a.units) for a in state.allocations),
        backordered=_sums((n.sku, n.units) for n in state.backordered),
        payment=payment.state.value if payment else None,
        payment_authorities=tuple(sorted({v.authority for v in payment.verdicts})) if payment else (),
        paid_minor=payment.paid.minor if payment and payment.paid else None,
        paid_via_channel=order.paid_via_channel,
        transactions=tuple(_transaction(t) for t in order.transactions),
        captures=_sums((c.authorization, c.amount.minor) for c in state.captured),
        parcels=tuple(_parcel(p) for p in state.parcels),
        voided=tuple(_parcel(p) for p in state.voided),
        messages=state.messages,
        not_sendable=state.not_sendable,
        effects={**state.settled, **{i.key: "intent" for i in state.open}},
        tags=state.tags,
        assignee=state.assignee,
        version=state.version,
        waits_for=_waits(waits),
    )


def _line(line: OrderLine) -> LineView:
    return LineView(
        line_id=line.line_id,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        unit_price_minor=line.unit_price.minor if line.unit_price.known else None,
        ships=line.ships,
    )


def _transaction(t: Transaction) -> TransactionView:
    return TransactionView(
        transaction_id=t.transaction_id,
        gateway=t.gateway,
        kind=t.kind.value,
        state=t.state.value,
        amount_minor=t.amount.minor,
        currency=t.amount.currency,
        reference=t.reference,
    )


def _sums(pairs: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, units in pairs:
        found[name] = found.get(name, 0) + units
    return found


def _parcel(parcel: ParcelState) -> ParcelView:
    quote, label = parcel.quote, parcel.label
    return ParcelView(
        parcel_id=parcel.parcel_id,
        location=quote.parcel.location,
        box=quote.parcel.box,
        gross_g=quote.parcel.gross_g,
        lines=dict(quote.parcel.lines),
        rates=tuple(_rate(rate) for rate in quote.rates),
        saved_minor=quote.saved.minor if quote.saved else None,
        promised=quote.promised.isoformat() if quote.promised else None,
        ship_day=quote.ships.isoformat() if quote.ships else None,
        customs=tuple(_customs(item) for item in quote.customs),
        carrier=label.carrier if label else None,
        service=label.service if label else None,
        tracking=label.tracking if label else None,
        shipment=quote.shipment_id,
        price_minor=label.price.minor if label else None,
        currency=label.price.currency if label else None,
        bought_at=label.at if label else None,
        told=parcel.told,
        mailed=parcel.mailed,
        tracking_state=parcel.tracking.value if parcel.tracking else None,
    )


def _rate(rate: JudgedRate) -> RateView:
    return RateView(
        carrier=rate.carrier,
        service=rate.service,
        price_minor=rate.price.minor if rate.price else None,
        currency=rate.price.currency if rate.price else None,
        arrives=rate.arrives.isoformat() if rate.arrives else None,
        reason=rate.reason,
    )


def _customs(item: CustomsItem) -> CustomsView:
    return CustomsView(
        sku=item.sku,
        units=item.units,
        value_minor=item.value.minor,
        currency=item.value.currency,
        weight_g=item.weight_g,
        hs=item.hs,
        origin=item.origin,
    )


async def timeline(call: Call) -> Timeline:
    """Return an order's facts."""
    hub = call.request.app[HUB]
    order_id = await actions.order_named(hub, call.merchant, call.path["order"])
    facts = await hub.store.read(facts_of, call.merchant, order_id)
    reads = call.caller.role.covers(PERSONAL)
    notes = await hub.store.read(note_texts, hub.store.keys, call.merchant, order_id) if reads else None
    return Timeline(facts=tuple(_fact(fact, notes) for fact in facts))


def _fact(fact: Fact, notes: Mapping[str, str] | None) -> FactView:
    """Return a fact as the API shows it; beside that of a note its text, null where that is forgotten.

    ``notes`` are None for whoever may not read them.
    """
    told = fact.model_dump(mode="json")
    if isinstance(fact, NoteAdded) and notes is not None:
        told["text"] = notes.get(fact.note_id)
    return FactView.model_validate(told)


ENDPOINTS = (
    Endpoint(
        name="listOrders",
        method="GET",
        path="/orders",
        summary="Orders, newest first",
        gives=OrderList,
        run=get_orders,
        query=OrdersAsked,
    ),
    Endpoint(
        name="showOrder",
        method="GET",
        path="/orders/{order}",
        summary="One order",
        gives=OrderView,
        run=show_order,
    ),
    Endpoint(
        name="listOrderFacts",
        method="GET",
        path="/orders/{order}/facts",
        summary="Its timeline",
        gives=Timeline,
        run=timeline,
    ),
)
