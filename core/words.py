"""What the words of a command mean, and the rows that it shows."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from core.engine.hub import Hub
from core.errors import HubError
from core.model.actions import Action
from core.model.products import Product
from core.services import actions
from core.services.health import health_of
from core.store.inbox import list_deliveries
from core.store.listings import list_listings
from core.store.orders import list_orders
from core.store.products import save_products
from core.store.stock import list_stock

Rows = Sequence[Mapping[str, Any]]


class WordsError(HubError):
    """Words of a command are missing or wrong; the message says which are wanted."""


def actions_named(words: Sequence[str]) -> list[Action]:
    """Return the kinds of action that are named; none named means all of them.

    Raises:
        WordsError: there is no such kind.
    """
    known = [action.value for action in Action]
    for word in words:
        if word not in known:
            raise WordsError(f"{word!r} is no kind of action; there is {', '.join(known)}")
    return [Action(word) for word in words] or list(Action)


def stock_wish(do: str, words: list[str]) -> Callable[[Hub, str], Awaitable[None]]:
    """Return what is to be done before stock is listed; wrong words are found before the hub is opened."""
    match do, words:
        case "product", [sku, title, grams, size] if size.count("x") == 2:  # noqa: PLR2004 - length, width, height
            length, width, height = (_whole(n, "a side in mm") for n in size.split("x"))
            product = Product(
                sku=sku, title=title, weight_g=_whole(grams, "grams"), size_mm=(length, width, height)
            )
            return lambda hub, merchant: hub.store.write(save_products, merchant, [product])
        case (("count" | "receive"), [sku, location, units]):
            act = actions.count if do == "count" else actions.receive
            lines = [(sku, location, _whole(units, "units"))]
            return lambda hub, merchant: act(hub, merchant, lines, actor="person:command")
        case "link", [connection, listing, _, *_]:
            pairs = [part.partition("=") for part in words[2:]]
            made_of = {sku: _whole(units, f"units of {sku}") for sku, _, units in pairs}
            return lambda hub, merchant: actions.link(hub, merchant, connection, listing, made_of)
        case (("list" | "listings"), []):
            return _nothing
    raise WordsError(f"{do} wants {_STOCK_WORDS[do]}")


async def _nothing(hub: Hub, merchant: str) -> None:
    """Change nothing."""


_STOCK_WORDS = {
    "list": "no more words",
    "listings": "no more words",
    "count": "SKU LOCATION UNITS",
    "receive": "SKU LOCATION UNITS",
    "product": "SKU TITLE GRAMS LxWxH, as in: product CHEF-8 'Chef knife' 300 380x70x30",
    "link": "CONNECTION LISTING SKU=UNITS ...",
}


def _whole(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise WordsError(f"{what}: {text!r} is no whole number")
    return int(text)


async def listing_rows(hub: Hub, merchant: str) -> Rows:
    """Return every listing with what it shows and should show."""
    return [
        {
            "connection": r.connection,
            "listing": r.listing,
            "location": r.location,
            "shown": r.last_read,
            "wanted": r.wanted_last,
        }
        for r in await hub.store.read(list_listings, merchant)
    ]


async def stock_rows(hub: Hub, merchant: str) -> Rows:
    """Return what every location holds."""
    return [
        {
            "sku": r.sku,
            "location": r.location,
            "on_hand": r.on_hand,
            "committed": r.committed,
            "available": r.available,
        }
        for r in await hub.store.read(list_stock, merchant)
    ]


async def order_rows(hub: Hub, merchant: str) -> Rows:
    """Return the newest 200 orders."""
    return [
        {
            "order": row.number,
            "connection": row.connection,
            "placed": row.placed_at.isoformat(timespec="seconds"),
            "stage": row.stage.value,
            "held": ", ".join(row.holds),
            "total_minor": row.total_minor,
            "currency": row.currency,
        }
        for row in (await hub.store.read(list_orders, merchant, limit=200)).items
    ]


async def delivery_rows(hub: Hub, merchant: str) -> Rows:
    """Return the newest 100 deliveries."""
    return [
        {
            "received": d.received_at.isoformat(timespec="seconds"),
            "connection": d.connection,
            "topic": d.topic,
            "event": d.event_id,
            "state": d.state,
        }
        for d in (await hub.store.read(list_deliveries, merchant, limit=100)).items
    ]


async def connection_rows(hub: Hub, merchant: str) -> Rows:
    """Return every connection, and what is accepted of it."""
    return [
        {
            "connection": c.connection,
            "use": c.use,
            "mode": c.mode or "-",
            "state": c.state,
            "accepted": ", ".join(c.accepted),
            "trouble": "; ".join(
                [*(f"{a.action} paused: {a.reason}" for a in c.paused), c.error or ""]
            ).strip("; "),
        }
        for c in await health_of(hub, merchant)
    ]
