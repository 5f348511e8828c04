"""From when on orders are the hub's to ship, and shoppers its to write to: channel by channel (R85)."""

from datetime import datetime

from core.flow.steps import Action
from core.hub import Hub
from core.store.golive import first_naming


async def orders_since(hub: Hub, merchant: str, connection: str) -> datetime | None:
    """Return since when a channel's orders are the hub's to ship: when labels were first accepted; None: not yet.

    Where no connection sells labels, the first acceptance of anything counts.
    """
    accepted, carrier = await hub.store.first_accepted(merchant), hub.desk(merchant).carrier
    if carrier is None:
        return await _of_channel(hub, merchant, connection, min(accepted.values(), default=None), None)
    first = accepted.get((carrier, Action.LABELS.value))
    return await _of_channel(hub, merchant, connection, first, Action.LABELS)


async def mails_since(hub: Hub, merchant: str, connection: str) -> datetime | None:
    """Return since when who orders at a channel is mailed: when mails were first accepted; None: not yet."""
    mailer = hub.desk(merchant).mailer or ""
    first = (await hub.store.first_accepted(merchant)).get((mailer, Action.MAILS.value))
    return await _of_channel(hub, merchant, connection, first, Action.MAILS)


async def _of_channel(
    hub: Hub, merchant: str, connection: str, first: datetime | None, action: Action | None
) -> datetime | None:
    """Return when an action was first accepted for a channel.

    A channel connected after that was not in what the merchant saw: for it, what was accepted with its name since
    it was connected counts.
    """
    if first is None:
        return None
    connected = await hub.store.live_since(merchant, connection)
    if connected is None:
        return None
    if connected <= first:
        return first
    named = action.value if action else None
    return await hub.store.db.read(first_naming, merchant, connection, named, since=connected)
