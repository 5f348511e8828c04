"""The pages of orders: the list, one order with its timeline, what a person asks of it in two steps, and what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from aiohttp import web
from pydantic import Field

from core.domain.state import Stage
from core.domain.summary import summary
from core.errors import NotFoundError, RefusedError
from core.model.annotations import LONGEST_ASSIGNEE, LONGEST_NOTE_TEXT
from core.model.asks import Ask
from core.model.people import called
from core.services import actions
from core.services.annotations import assignee_sought, list_notes
from core.services.carrying_out import carry_out
from core.services.people import names_of
from core.services.plans import plan, plans
from core.services.shoppers import openable_until
from core.services.waiting import waiting_of
from core.store.assignees import assignable
from core.store.order_notes import note_texts
from core.store.orders import counts_by_stage, facts_of, list_orders
from core.store.personal import personal_of
from web.api.endpoint import Answer, OrderCursor
from web.console.confirm import confirmed, show_plan
from web.console.page import page
from web.console.pages import asked_of, form_of, hub_of, onward
from web.permissions import PERSONAL
from web.session import CALLER

_LISTS = ("/orders", "/exceptions")
"""Where a person may have come from."""


class OrdersShown(Answer):
    """Which orders the page shows."""

    stage: Stage | None = None
    tag: str = Field("", max_length=100)
    assignee: str = Field("", max_length=LONGEST_ASSIGNEE)
    text: str = Field("", max_length=100)
    after: OrderCursor | None = None

    def and_after(self, after: str) -> str:
        """Return the query of the page behind this one."""
        asked = self.model_dump(mode="json") | {"after": after}
        return urlencode({name: value for name, value in asked.items() if value})


async def orders(request: web.Request) -> web.Response:
    """Show the orders of a tab."""
    hub, merchant, _ = hub_of(request)
    asked = asked_of(request, OrdersShown)
    found = await hub.store.read(
        list_orders,
        merchant,
        stage=asked.stage,
        tag=asked.tag.strip().lower() or None,
        assignee=await assignee_sought(hub, merchant, asked.assignee or None),
        text=asked.text or None,
        after=asked.after,
        limit=50,
    )
    counts = await hub.store.read(counts_by_stage, merchant)
    return page(
        "orders.html",
        request,
        rows=found.items,
        asked=asked,
        counts=counts,
        stages=list(Stage),
        total=sum(counts.values()),
        people=await hub.store.read(assignable, merchant),
        names=await names_of(hub, merchant),
        older=f"/orders?{asked.and_after(found.after)}" if found.after else None,
        waits=await waiting_of(hub, merchant, [row.order_id for row in found.items]),
    )


async def order(request: web.Request) -> web.Response:
    """Show one order: what it is and waits for, its parcels with every rate, and its timeline."""
    hub, merchant, _ = hub_of(request)
    order_id = await actions.order_named(hub, merchant, request.match_info["order"])
    state = await hub.store.load(merchant, order_id)
    if state is None or state.order is None:
        raise NotFoundError(f"{order_id} is not known yet")
    return page(
        "order.html",
        request,
        order_id=order_id,
        state=state,
        order=state.order,
        stage=state.stage,
        personal=await hub.store.read(personal_of, hub.store.keys, merchant, order_id),
        timeline=await told_of(request, order_id),
        notes=await list_notes(hub, merchant, order_id),
        longest_note=LONGEST_NOTE_TEXT,
        names=await names_of(hub, merchant),
        people=await hub.store.read(assignable, merchant),
        waits=(await waiting_of(hub, merchant, [order_id]))[order_id],
        plans=[p for p in await plans(hub, merchant, order_id) if not p.refused],
        acts=hub.connections(merchant).acts(state.order.connection),
        openable_until=openable_until(state.forgotten_at) if state.forgotten_at else None,
    )


async def told_of(request: web.Request, order_id: str, *, since: int = 0) -> list[tuple[datetime, str, str]]:
    """Return (when, who, what in words) of every fact since a version that says something to people."""
    hub, merchant, _ = hub_of(request)
    facts = (await hub.store.read(facts_of, merchant, order_id))[since:]
    reads = request[CALLER].role.covers(PERSONAL)
    notes = await hub.store.read(note_texts, hub.store.keys, merchant, order_id) if reads else None
    names = await names_of(hub, merchant)
    return [(fact.at, fact.actor, words) for fact in facts if (words := summary(fact, notes, names))]


async def order_action(request: web.Request) -> web.Response:
    """Ask something of an order, in two steps."""
    hub, merchant, _ = hub_of(request)
    order_id = await actions.order_named(hub, merchant, request.match_info["order"])
    return await ask_of_order(request, order_id, await form_of(request), back_to="/orders")


async def ask_of_order(
    request: web.Request, order_id: str, form: Mapping[str, object], *, back_to: str
) -> web.Response:
    """Show what a form asks of an order, or do what was confirmed and lead to what came of it.

    Raises:
        RefusedError: it is nothing that can be done with an order, or may not be done now.
    """
    hub, merchant, actor = hub_of(request)
    asked, of = str(form.get("action", "")), str(form.get("of", ""))
    if asked not in list(Ask):
        raise RefusedError(f"{asked!r} is nothing that can be done with an order")
    seen = confirmed(request, form)
    planned = await plan(hub, merchant, order_id, Ask(asked), of, ask_rates=seen is None)
    back = f"/orders/{quote(order_id)}" if back_to == "/orders" else back_to
    if seen is not None and seen.stands == planned.stands and not planned.refused:
        why = seen.note or "rejected in the console"
        await carry_out(
            hub, merchant, order_id, planned, actor, note=seen.note, why=why, seen=planned.version
        )
        return onward(f"/orders/{quote(order_id)}/done?since={planned.version}&back={back_to}")
    news: Sequence[tuple[datetime, str, str]] = ()
    if seen is not None:
        names = await names_of(hub, merchant)
        told = await told_of(request, order_id, since=int(seen.stands))
        news = [(at, called(who, names), what) for at, who, what in told]
        planned = await plan(hub, merchant, order_id, Ask(asked), of, ask_rates=True)
    return show_plan(request, form, planned, back_to=back, noted=True, changed=seen is not None, news=news)


class DoneShown(Answer):
    """From which version of the order on the page tells what happened, and the list to go back to."""

    since: int = Field(0, ge=0)
    back: str = "/orders"


async def done(request: web.Request) -> web.Response:
    """Show what came of an order since a person asked something of it, and the way back."""
    hub, merchant, _ = hub_of(request)
    order_id = await actions.order_named(hub, merchant, request.match_info["order"])
    asked = DoneShown.model_validate(dict(request.query))
    run = await actions.read_order(hub, merchant, order_id)
    possible = await plans(hub, merchant, order_id)
    voids = [p for p in possible if p.ask is Ask.VOID]
    return page(
        "done.html",
        request,
        order_id=order_id,
        order=run.order,
        stage=run.state.stage,
        news=await told_of(request, order_id, since=asked.since),
        names=await names_of(hub, merchant),
        waits=(await waiting_of(hub, merchant, [order_id]))[order_id],
        ways_back=voids or [p for p in possible if p.ask is Ask.HOLD and not p.refused],
        again=request.rel_url.raw_path_qs,
        back_to=asked.back if asked.back in _LISTS else _LISTS[0],
    )


def add(app: web.Application) -> None:
    """Serve the pages."""
    app.router.add_get("/orders", orders)
    app.router.add_get("/orders/{order}", order)
    app.router.add_post("/orders/{order}", order_action)
    app.router.add_get("/orders/{order}/done", done)
