"""What people ask of an order: what each will do and cost, and having it done."""

from typing import Any

from pydantic import Field

from core.engine.hub import Hub
from core.model.base import PlainNote
from core.services import actions
from core.services.plans import OrderPlan, plans
from web.api.endpoint import Answer, Call, Endpoint
from web.api.order_views import CostView, OrderActions, OrderActionView, OrderView
from web.api.orders import show_order
from web.keys import HUB

SEEN = "the `version` of the order that you saw: if it moved on since, nothing is done (409)"
LONGEST_NOTE = 300


class OrderAsk(Answer):
    """A note that stays on the timeline, and the version of the order that was seen."""

    note: PlainNote = Field("", max_length=LONGEST_NOTE, description="kept on the timeline; no personal data")
    version: int | None = Field(None, description=SEEN)


class ReleaseAsk(OrderAsk):
    """Which hold to release."""

    reason: str


class VoidAsk(OrderAsk):
    """The parcel whose label is taken back."""

    parcel: str


class RejectAsk(Answer):
    """Why the order is rejected."""

    why: PlainNote = "rejected by the merchant"
    version: int | None = Field(None, description=SEEN)


class ActionsAsked(Answer):
    """Whether prices that are not stored are asked for."""

    ask_rates: bool = Field(
        default=False, description="ask the carriers for prices that are not known yet; takes seconds"
    )


async def order_actions(call: Call) -> OrderActions:
    """Return what may be asked of an order, what it will do and cost, and why the rest may not."""
    hub = call.request.app[HUB]
    order_id = await actions.order_named(hub, call.merchant, call.path["order"])
    found = await plans(hub, call.merchant, order_id, ask_rates=call.query.ask_rates)
    return OrderActions(version=found[0].version, actions=tuple(_action(planned) for planned in found))


def _action(planned: OrderPlan) -> OrderActionView:
    costs = [
        CostView(what=c.what, minor=c.amount.minor, currency=c.amount.currency, about=c.about)
        for c in planned.costs
    ]
    return OrderActionView(
        action=planned.ask,
        of=planned.of,
        title=planned.title,
        does=planned.does,
        costs=tuple(costs),
        way_back=planned.back,
        refused=planned.refused or None,
    )


async def release(call: Call) -> OrderView:
    """Release a hold."""
    hub, order_id, body = await _asked(call)
    await actions.release(
        hub, call.merchant, order_id, body.reason, call.actor, note=body.note, seen=body.version
    )
    return await show_order(call)


async def reject(call: Call) -> OrderView:
    """Reject an order."""
    hub, order_id, body = await _asked(call)
    await actions.reject(hub, call.merchant, order_id, body.why, call.actor, seen=body.version)
    return await show_order(call)


async def label(call: Call) -> OrderView:
    """Have the label bought now."""
    hub, order_id, body = await _asked(call)
    await actions.ask_label(hub, call.merchant, order_id, call.actor, note=body.note, seen=body.version)
    return await show_order(call)


async def retry(call: Call) -> OrderView:
    """Send a parked order on."""
    hub, order_id, body = await _asked(call)
    await actions.retry(hub, call.merchant, order_id, call.actor, note=body.note, seen=body.version)
    return await show_order(call)


async def hold(call: Call) -> OrderView:
    """Hold an order until a person releases it."""
    hub, order_id, body = await _asked(call)
    await actions.hold(hub, call.merchant, order_id, call.actor, note=body.note, seen=body.version)
    return await show_order(call)


async def void(call: Call) -> OrderView:
    """Have a label taken back."""
    hub, order_id, body = await _asked(call)
    await actions.void(
        hub, call.merchant, order_id, body.parcel, call.actor, note=body.note, seen=body.version
    )
    return await show_order(call)


async def _asked(call: Call) -> tuple[Hub, str, Any]:
    hub = call.request.app[HUB]
    return hub, await actions.order_named(hub, call.merchant, call.path["order"]), call.body


ENDPOINTS = (
    Endpoint(
        name="releaseHold",
        method="POST",
        path="/orders/{order}/release",
        summary="Release a hold",
        gives=OrderView,
        run=release,
        takes=ReleaseAsk,
        example={"reason": "risk"},
    ),
    Endpoint(
        name="rejectOrder",
        method="POST",
        path="/orders/{order}/reject",
        summary="Cancel at the channel and give all money back",
        gives=OrderView,
        run=reject,
        takes=RejectAsk,
        example={"why": "the shopper asked for it by phone"},
    ),
    Endpoint(
        name="buyLabel",
        method="POST",
        path="/orders/{order}/label",
        summary="Buy the label now",
        gives=OrderView,
        run=label,
        takes=OrderAsk,
    ),
    Endpoint(
        name="retryOrder",
        method="POST",
        path="/orders/{order}/retry",
        summary="Send a parked order on",
        gives=OrderView,
        run=retry,
        takes=OrderAsk,
    ),
    Endpoint(
        name="listOrderActions",
        method="GET",
        path="/orders/{order}/actions",
        summary="What may be asked of it, what that will do and cost",
        gives=OrderActions,
        run=order_actions,
        query=ActionsAsked,
    ),
    Endpoint(
        name="holdOrder",
        method="POST",
        path="/orders/{order}/hold",
        summary="Hold it until a person releases it",
        gives=OrderView,
        run=hold,
        takes=OrderAsk,
    ),
    Endpoint(
        name="voidLabel",
        method="POST",
        path="/orders/{order}/void",
        summary="Have a label taken back, and hold it",
        gives=OrderView,
        run=void,
        takes=VoidAsk,
        example={"parcel": "reno-1"},
    ),
)
