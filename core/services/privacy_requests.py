"""Requests of privacy law as people see them: each with its end; and what forgetting a whole shop would forget."""

from dataclasses import dataclass
from typing import Any

from core.engine.hub import Hub
from core.errors import NotFoundError, RefusedError
from core.failpoints import failpoint
from core.model.privacy import PrivacyRequest, RequestKind, RequestState
from core.services.plans import Plan
from core.services.shoppers import export_orders
from core.store.orders import known_orders, orders_of_connection
from core.store.privacy_requests import end_request, find_request

WORDS = {
    RequestKind.REDACT_PERSON: "forget a shopper",
    RequestKind.EXPORT_PERSON: "tell a shopper what is known of them",
    RequestKind.REDACT_SHOP: "forget every shopper of a shop that left",
}

_MOST_COUNTED, _MOST_NAMED = 10_000, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRedaction:
    """What forgetting every person of a connection would forget; nothing was."""

    connection: str
    count: int
    """How many orders, up to ten thousand."""
    order_ids: tuple[str, ...]
    """The first of them, at most a thousand."""


async def request_named(hub: Hub, merchant: str, connection: str, event_id: str) -> PrivacyRequest:
    """Return a request.

    Raises:
        NotFoundError: there is none of that name.
    """
    found = await hub.store.read(find_request, merchant, connection, event_id)
    if found is None:
        raise NotFoundError(f"no privacy request {event_id!r} of {connection}")
    return found


async def known_of(hub: Hub, merchant: str, request: PrivacyRequest) -> dict[str, Any]:
    """Return what a shopper who asks is to be told: all that is known of the orders that the request names."""
    named = [f"{request.connection}:{order}" for order in request.orders]
    return await export_orders(hub, merchant, await hub.store.read(known_orders, merchant, named))


async def shop_redaction(hub: Hub, merchant: str, connection: str) -> ShopRedaction:
    """Return whom forgetting a connection's shop would forget.

    Raises:
        NotFoundError: no such connection.
    """
    hub.connections(merchant).require(connection)
    found = await hub.store.read(orders_of_connection, merchant, connection, limit=_MOST_COUNTED)
    named = sorted(order_id for _, order_id in found[:_MOST_NAMED])
    return ShopRedaction(connection=connection, count=len(found), order_ids=tuple(named))


def answered_plan(request: PrivacyRequest) -> Plan:
    """Return what marking a request as answered will do, and why it may not be."""
    return Plan(
        title="Mark as answered",
        does=(f"Says that the shopper of {request.connection} was told what is known of them.",),
        refused=_refusal(request),
        stands=request.state.value,
    )


async def answer(
    hub: Hub, merchant: str, connection: str, event_id: str, *, actor: str, note: str = ""
) -> PrivacyRequest:
    """Mark a shopper's question as answered; return the request as it ended.

    Raises:
        NotFoundError: there is none of that name.
        RefusedError: it is not for a person to end, or has ended.
    """
    request = await request_named(hub, merchant, connection, event_id)
    if why := _refusal(request):
        raise RefusedError(why)
    failpoint("privacy.answer.before")
    await hub.store.write(
        end_request,
        merchant,
        request,
        state=RequestState.DONE,
        result=f"answered{f': {note}' if note else ''}",
        now=hub.clock.now(),
        by=actor,
    )
    return await request_named(hub, merchant, connection, event_id)


def _refusal(request: PrivacyRequest) -> str:
    """Return why a person cannot mark a request as answered; empty where they can."""
    if request.kind is not RequestKind.EXPORT_PERSON:
        return f"the hub itself ends a request to {WORDS[request.kind]}"
    return "" if request.state is RequestState.OPEN else f"it has ended already: {request.result}"
