"""A shipping method that crossdock.yaml does not name goes by the default, and its merchant hears of it once (R95)."""

from datetime import datetime

from core.config.house import ANY, House
from core.errors import NotFoundError
from core.failpoints import failpoint
from core.hub import Hub
from core.model.order import Order
from core.store import notices as rows
from core.store.unit import Notice

UNLISTED_METHOD = "unlisted_method"


def notices_of(house: House, order: Order, now: datetime) -> tuple[Notice, ...]:
    """Return the notice that rating an order raises: its method is promised nothing by name.

    None where the order names no method, or its channel gives the day itself (Amazon).
    """
    method = order.method
    if not method or order.deliver_by is not None or house.names(method):
        return ()
    return (Notice(kind=UNLISTED_METHOD, subject=method, text=_text(house, method), since=now),)


def _text(house: House, method: str) -> str:
    days = house.promise(method)
    default = (
        "its orders go without promise, by the cheapest rate"
        if days is None
        else f'its orders go by the promise of "{ANY}" ({days} working days)'
    )
    return f"Shipping method '{method}' is not in crossdock.yaml: {default}. Name it under sla.promise."


async def open_notices(hub: Hub, merchant: str) -> tuple[Notice, ...]:
    """Return what a merchant has not seen yet and is still so, the oldest first."""
    house = hub.desk(merchant).house
    unseen = await hub.store.db.read(rows.unseen_notices, merchant)
    return tuple(n for n in unseen if n.kind != UNLISTED_METHOD or not house.names(n.subject))


async def see(hub: Hub, merchant: str, kind: str, subject: str) -> None:
    """Mark a notice as seen; seen twice is seen.

    Raises:
        NotFoundError: there is no such notice.
    """
    failpoint("notices.seen.before")
    if not await hub.store.db.write(rows.mark_seen, merchant, kind, subject, now=hub.clock.now()):
        raise NotFoundError(f"no notice {kind!r} of {subject!r}")
