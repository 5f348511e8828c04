"""Requests of privacy law that vendors passed on, and how each ended."""

from datetime import datetime

from pydantic import Field

from core.engine.hub import Hub
from core.model.base import PlainNote
from core.model.privacy import PrivacyRequest, RequestKind, RequestState
from core.services import privacy_requests as service
from core.store.privacy_requests import list_requests
from web.api.endpoint import Answer, Call, DeliveryCursor, Endpoint
from web.keys import HUB

LONGEST_NOTE = 300


class PrivacyRequestView(Answer):
    """A request, what is asked, by when it must have ended, and how it did."""

    connection: str
    event: str
    kind: RequestKind
    received_at: datetime
    answer_by: datetime
    overdue: bool
    orders: tuple[str, ...]
    """The channel's own ids of the orders it names."""
    state: RequestState
    result: str
    """What was done in words; empty while it is open."""
    ended_at: datetime | None
    ended_by: str | None


class PrivacyRequestList(Answer):
    """A page of requests, the newest first; ``after`` asks for the next one."""

    requests: tuple[PrivacyRequestView, ...]
    after: str | None


class PrivacyRequestsAsked(Answer):
    """Which requests."""

    state: RequestState | None = None
    after: DeliveryCursor | None = None
    limit: int = Field(50, ge=1, le=200)


class AnsweredAsk(Answer):
    """That a shopper was told what is known of them."""

    connection: str
    event: str
    note: PlainNote = Field("", max_length=LONGEST_NOTE, description="how it was answered; no personal data")


class ShopRedactionView(Answer):
    """What forgetting every shopper of a connection would forget; nothing was."""

    connection: str
    count: int
    orders: tuple[str, ...]


def _view(hub: Hub, request: PrivacyRequest) -> PrivacyRequestView:
    return PrivacyRequestView(
        connection=request.connection,
        event=request.event_id,
        kind=request.kind,
        received_at=request.received_at,
        answer_by=request.answer_by,
        overdue=request.overdue(hub.clock.now()),
        orders=request.orders,
        state=request.state,
        result=request.result,
        ended_at=request.ended_at,
        ended_by=request.ended_by,
    )


async def list_privacy_requests(call: Call) -> PrivacyRequestList:
    """Return a page of requests."""
    hub, query = call.request.app[HUB], call.query
    found = await hub.store.read(
        list_requests, call.merchant, state=query.state, after=query.after, limit=query.limit
    )
    return PrivacyRequestList(requests=tuple(_view(hub, one) for one in found.items), after=found.after)


async def answer_privacy_request(call: Call) -> PrivacyRequestView:
    """Mark a shopper's question as answered."""
    hub, body = call.request.app[HUB], call.body
    ended = await service.answer(
        hub, call.merchant, body.connection, body.event, actor=call.actor, note=body.note.strip()
    )
    return _view(hub, ended)


async def preview_shop_redaction(call: Call) -> ShopRedactionView:
    """Return whom forgetting a shop would forget."""
    found = await service.shop_redaction(call.request.app[HUB], call.merchant, call.path["connection"])
    return ShopRedactionView(connection=found.connection, count=found.count, orders=found.order_ids)


ENDPOINTS = (
    Endpoint(
        name="listPrivacyRequests",
        method="GET",
        path="/privacy-requests",
        summary="What privacy law asked for, and how each request ended, the newest first",
        gives=PrivacyRequestList,
        run=list_privacy_requests,
        query=PrivacyRequestsAsked,
    ),
    Endpoint(
        name="answerPrivacyRequest",
        method="POST",
        path="/privacy-requests/answered",
        summary="Say that a shopper was told what is known of them",
        gives=PrivacyRequestView,
        run=answer_privacy_request,
        takes=AnsweredAsk,
        example={"connection": "shop", "event": "5f1c:customers/data_request:1", "note": "by letter"},
    ),
    Endpoint(
        name="previewShopRedaction",
        method="GET",
        path="/connections/{connection}/redaction",
        summary="Whom forgetting every shopper of a connection would forget; nothing is forgotten",
        gives=ShopRedactionView,
        run=preview_shop_redaction,
    ),
)
