"""The page of exceptions: every order that stands still, why, and the one button that sends it on."""

from collections.abc import Mapping

from aiohttp import web
from pydantic import Field

from core.domain.state import OrderState, Stage
from core.engine.hub import Hub
from core.services import actions
from core.services.notices import open_notices, see
from core.services.parked import chosen, parked_work, retry_parked, retry_plan
from core.services.waiting import waiting_of
from core.store.orders import OrderRow, counts_by_stage, list_orders
from web.api.endpoint import Answer, OrderCursor
from web.console.confirm import in_two_steps
from web.console.orders import ask_of_order
from web.console.page import page
from web.console.pages import asked_of, form_of, hub_of, onward

RETRY_PARKED = "retry_parked"
STILL = (Stage.ON_HOLD, Stage.AWAITING_PAYMENT)
"""The tabs whose orders wait for something."""
MENDED_AT = {
    "unlinked_sku": ("Link the listing", "/links"),
    "backordered": ("Receive stock", "/stock"),
}
"""Hold -> (button, page): where its cause is mended; any other cause is mended where it arose, and shown on the order."""


class ExceptionsShown(Answer):
    """Which kind of exception the page shows."""

    stage: Stage = Field(Stage.ON_HOLD)
    after: OrderCursor | None = None


async def exceptions(request: web.Request) -> web.Response:
    """Show what stands still, the newest first."""
    hub, merchant, _ = hub_of(request)
    asked = asked_of(request, ExceptionsShown)
    found = await hub.store.read(list_orders, merchant, stage=asked.stage, after=asked.after, limit=50)
    counts = await hub.store.read(counts_by_stage, merchant)
    return page(
        "exceptions.html",
        request,
        rows=await _with_states(hub, merchant, found.items),
        after=found.after,
        asked=asked,
        tabs=[(stage, counts.get(stage, 0)) for stage in STILL],
        mended_at=MENDED_AT,
        notices=await open_notices(hub, merchant),
        parked=await parked_work(hub, merchant),
        waits=await waiting_of(hub, merchant, [row.order_id for row in found.items]),
    )


async def _with_states(
    hub: Hub, merchant: str, rows: tuple[OrderRow, ...]
) -> list[tuple[OrderRow, OrderState]]:
    states = [await hub.store.load(merchant, row.order_id) for row in rows]
    return [(row, state) for row, state in zip(rows, states, strict=True) if state is not None]


async def exception_action(request: web.Request) -> web.Response:
    """Ask something of an order in two steps, or mark a notice as seen."""
    hub, merchant, _ = hub_of(request)
    form = await form_of(request)
    if form.get("action") == "seen":
        await see(hub, merchant, str(form.get("kind", "")), str(form.get("subject", "")))
        return onward(request.rel_url.raw_path_qs)
    if form.get("action") == RETRY_PARKED:
        return await _retry(request, form)
    order_id = await actions.order_named(hub, merchant, str(form.get("order", "")))
    return await ask_of_order(request, order_id, form, back_to="/exceptions")


async def _retry(request: web.Request, form: Mapping[str, object]) -> web.Response:
    """Try parked work again, all of it or the job or delivery that is named, in two steps."""
    hub, merchant, actor = hub_of(request)
    work, name = await parked_work(hub, merchant), (str(form.get("of", "")), str(form.get("name", "")))
    match form.get("part"):
        case "job":
            work = chosen(work, jobs=[name])
        case "delivery":
            work = chosen(work, deliveries=[name])
    return await in_two_steps(
        request,
        form,
        retry_plan(work),
        lambda confirmed: retry_parked(hub, merchant, work, actor, note=confirmed.note),
        back_to="/exceptions",
        noted=True,
    )


def add(app: web.Application) -> None:
    """Serve the page."""
    app.router.add_get("/exceptions", exceptions)
    app.router.add_post("/exceptions", exception_action)
