"""The page that says why an order stands as it stands."""

from aiohttp import web

from core.services import actions
from core.services.explanations import explain_order
from core.services.people import names_of
from web.console.page import page
from web.console.pages import hub_of


async def why(request: web.Request) -> web.Response:
    """Show why an order stands as it stands: rules, holds, units, rates."""
    hub, merchant, _ = hub_of(request)
    order_id = await actions.order_named(hub, merchant, request.match_info["order"])
    found = await explain_order(hub, merchant, order_id)
    return page("why.html", request, order_id=order_id, found=found, names=await names_of(hub, merchant))


def add(app: web.Application) -> None:
    """Serve the page."""
    app.router.add_get("/orders/{order}/why", why)
