"""What people write on an order for each other: notes, tags, and who looks after it."""

from datetime import datetime

from pydantic import Field

from core.model.annotations import LONGEST_ASSIGNEE, LONGEST_NOTE_TEXT, MOST_TAGS, Tag
from core.services import annotations
from core.services.actions import order_named
from core.store.orders import standings
from web.api.endpoint import Answer, Call, Endpoint
from web.api.order_views import OrderView
from web.api.orders import show_order
from web.keys import HUB

MOST_ORDERS = 200
"""Orders that one request may tag."""


class NoteAsk(Answer):
    """What is to be known of the order."""

    text: str = Field(
        min_length=1,
        max_length=LONGEST_NOTE_TEXT,
        description="may name people: it is sealed, and forgotten with the order's person",
    )


class NoteAddedView(Answer):
    """A note that was written; its text is not repeated, since answers are kept for a day."""

    note_id: str
    at: datetime
    actor: str


class NoteView(Answer):
    """A note; ``text`` is null where it was forgotten with the order's person."""

    note_id: str
    at: datetime
    actor: str
    text: str | None


class NoteList(Answer):
    """All notes of an order, the first one first."""

    notes: tuple[NoteView, ...]


class TagsAsk(Answer):
    """All tags that the order is to have."""

    tags: tuple[Tag, ...] = Field(max_length=MOST_TAGS, description="no personal data")


class TagOrdersAsk(Answer):
    """Tags to put on orders, and tags to take off: of all of them, or of none."""

    orders: tuple[str, ...] = Field(min_length=1, max_length=MOST_ORDERS)
    add: tuple[Tag, ...] = Field((), max_length=MOST_TAGS, description="no personal data")
    remove: tuple[Tag, ...] = Field((), max_length=MOST_TAGS)


class TaggedOrder(Answer):
    """An order and the tags that it has now."""

    order_id: str
    tags: tuple[str, ...]


class TaggedOrders(Answer):
    """The orders that were named, in that order."""

    orders: tuple[TaggedOrder, ...]


class AssigneeAsk(Answer):
    """Who looks after the order; null: nobody."""

    assignee: str | None = Field(
        max_length=LONGEST_ASSIGNEE,
        description="`user:<id>` or `key:<name>`, as facts name who acts; or a name that only one here has",
    )


async def post_note(call: Call) -> NoteAddedView:
    """Write a note on an order."""
    hub = call.request.app[HUB]
    order_id = await order_named(hub, call.merchant, call.path["order"])
    fact = await annotations.add_note(hub, call.merchant, order_id, call.body.text, call.actor)
    return NoteAddedView(note_id=fact.note_id, at=fact.at, actor=fact.actor)


async def get_notes(call: Call) -> NoteList:
    """Return an order's notes."""
    hub = call.request.app[HUB]
    order_id = await order_named(hub, call.merchant, call.path["order"])
    found = await annotations.list_notes(hub, call.merchant, order_id)
    return NoteList(
        notes=tuple(NoteView(note_id=n.note_id, at=n.at, actor=n.actor, text=n.text) for n in found)
    )


async def put_tags(call: Call) -> OrderView:
    """Give an order exactly these tags."""
    hub = call.request.app[HUB]
    order_id = await order_named(hub, call.merchant, call.path["order"])
    await annotations.set_tags(hub, call.merchant, order_id, call.body.tags, call.actor)
    return await show_order(call)


async def tag_orders(call: Call) -> TaggedOrders:
    """Put tags on orders, and take others off."""
    hub, body = call.request.app[HUB], call.body
    order_ids = await annotations.change_tags(
        hub, call.merchant, body.orders, add=body.add, remove=body.remove, actor=call.actor
    )
    stand = await hub.store.read(standings, call.merchant, order_ids)
    return TaggedOrders(
        orders=tuple(TaggedOrder(order_id=one, tags=stand[one].state.tags) for one in order_ids)
    )


async def put_assignee(call: Call) -> OrderView:
    """Say who looks after an order."""
    hub = call.request.app[HUB]
    order_id = await order_named(hub, call.merchant, call.path["order"])
    await annotations.assign(hub, call.merchant, order_id, call.body.assignee, call.actor)
    return await show_order(call)


ENDPOINTS = (
    Endpoint(
        name="addOrderNote",
        method="POST",
        path="/orders/{order}/notes",
        summary="Write a note on it",
        gives=NoteAddedView,
        run=post_note,
        takes=NoteAsk,
        example={"text": "The shopper asked by phone for a gift wrap"},
        names_person=True,
    ),
    Endpoint(
        name="listOrderNotes",
        method="GET",
        path="/orders/{order}/notes",
        summary="Its notes",
        gives=NoteList,
        run=get_notes,
    ),
    Endpoint(
        name="setOrderTags",
        method="PUT",
        path="/orders/{order}/tags",
        summary="Give it exactly these tags",
        gives=OrderView,
        run=put_tags,
        takes=TagsAsk,
        example={"tags": ["gift", "urgent"]},
    ),
    Endpoint(
        name="tagOrders",
        method="POST",
        path="/orders/tags",
        summary="Put tags on orders, and take others off",
        gives=TaggedOrders,
        run=tag_orders,
        takes=TagOrdersAsk,
        example={"orders": ["shop:kk-1001"], "add": ["urgent"], "remove": ["later"]},
    ),
    Endpoint(
        name="setOrderAssignee",
        method="PUT",
        path="/orders/{order}/assignee",
        summary="Say who looks after it",
        gives=OrderView,
        run=put_assignee,
        takes=AssigneeAsk,
        example={"assignee": None},
    ),
)
