"""After a backup was brought back: what the lost database had a carrier sell is found before anything is bought again."""

from datetime import timedelta

from core.domain.due import RATES_KEEP
from core.domain.state import ParcelState
from core.engine.answers import Call
from core.engine.run import Run
from core.errors import RejectedError
from core.failpoints import failpoint
from core.model.order import ChannelState, Order
from core.model.shipment import Label
from core.ports import Carrier
from core.store.orders import count_numbered
from core.store.settings import Settings

_LOOK_BACK = 2 * RATES_KEEP
"""A label is bought on rates no older than they keep: its shipment was made at most so long before the backup."""
_UNHEARD = timedelta(minutes=10)
"""An order that was placed so long before the backup, or later, may not have been heard of when it was taken."""


def shipped_while_lost(settings: Settings, order: Order) -> bool:
    """Return whether an order that nobody here knew was placed and shipped between a backup and its restore (R80).

    The lost hub shipped it from our shelves: its units are set aside now, so that they are taken off.
    """
    if order.state is not ChannelState.SHIPPED:
        return False
    since = settings.lost_since(order.placed_at)
    return since is not None and order.placed_at >= since - _UNHEARD


async def sold_before_loss(run: Run, connection: str, carrier: Carrier, parcel: ParcelState) -> Label | None:
    """Return the label that the carrier sold for a parcel after the backup was taken; None where it sold none (R80).

    Orders that were placed after the restore ask nobody.

    Raises:
        RejectedError: it sold another label for the order, or one that may be another order's: a person has to look.
    """
    since = (await run.look_around(run.settings)).lost_since(run.order.placed_at)
    if since is None:
        return None
    number = run.order.number
    failpoint("restored.labels.before")
    sold = await run.ask(
        Call(connection, "sold_labels"), lambda: carrier.sold_labels(f"{number}/", since - _LOOK_BACK)
    )
    known = {p.label.label_id for p in (*run.state.parcels, *run.state.voided) if p.label is not None}
    unknown = {reference: label for reference, label in sold if label.label_id not in known}
    if not unknown:
        return None
    failpoint("restored.number.before")
    others = await run.hub.store.read(count_numbered, run.merchant, number) > 1
    found = unknown.get(f"{number}/{parcel.parcel_id}")
    if found is None or others or len({label.label_id for _, label in sold} - known) > len(unknown):
        trackings = ", ".join(sorted(label.tracking for label in unknown.values()))
        raise RejectedError(
            f"the carrier sold {trackings} for {number} after the backup, which is not this parcel for certain; void it "
            "there or ship with it, then try again",
            connection=connection,
            code="sold_before_restore",
        )
    return found
