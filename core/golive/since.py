"""From when on orders are the hub's to ship, and shoppers its to write to: channel by channel (R85)."""

from collections.abc import Mapping
from datetime import datetime

from core.flow.steps import Action
from core.hub import Hub
from core.store.golive import first_naming
from core.store.keeping import LIVE, Switch

_Switches = Mapping[tuple[str, str], Switch]


async def orders_since(hub: Hub, merchant: str, connection: str) -> datetime | None:
    """Return since when a channel's orders are the hub's to ship: when labels were first accepted; None: not yet.

    Where no connection sells labels, the first acceptance of anything counts.
    """
    switches, carrier = await _switches(hub, merchant), hub.desk(merchant).carrier
    if carrier is None:
        first = min((s.first_at for s in switches.values() if s.first_at is not None), default=None)
        return await _of_channel(hub, merchant, connection, switches, first, None)
    first = _first_at(switches, carrier, Action.LABELS)
    return await _of_channel(hub, merchant, connection, switches, first, Action.LABELS)


async def mails_since(hub: Hub, merchant: str, connection: str) -> datetime | None:
    """Return since when who orders at a channel is mailed: when mails were first accepted; None: not yet."""
    switches, mailer = await _switches(hub, merchant), hub.desk(merchant).mailer
    first = _first_at(switches, mailer, Action.MAILS) if mailer is not None else None
    return await _of_channel(hub, merchant, connection, switches, first, Action.MAILS)


async def _switches(hub: Hub, merchant: str) -> _Switches:
    return {(s.connection, s.action): s for s in await hub.store.switch_rows(merchant)}


def _first_at(switches: _Switches, connection: str, action: Action) -> datetime | None:
    switch = switches.get((connection, action.value))
    return None if switch is None else switch.first_at


async def _of_channel(  # noqa: PLR0917 - whose, of which channel, and what was accepted
    hub: Hub,
    merchant: str,
    connection: str,
    switches: _Switches,
    first: datetime | None,
    action: Action | None,
) -> datetime | None:
    """Return when an action was first accepted for a channel.

    A channel connected after that was not in what the merchant saw: for it, what was accepted with its name since
    it was connected counts.
    """
    live = switches.get((connection, LIVE))
    if first is None or live is None:
        return None
    if live.at <= first:
        return first
    named = action.value if action else None
    return await hub.store.db.read(first_naming, merchant, connection, named, since=live.at)
