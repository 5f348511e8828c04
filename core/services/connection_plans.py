"""What accepting, stopping, answering and resuming of connections, and going live, will do, told before it is done (R113)."""

from collections.abc import Sequence

from core.domain.state import Stage
from core.engine.hub import Hub
from core.jobs.push_guard import describe
from core.model.actions import Action
from core.model.money import Money
from core.services.golive.accept import acceptance
from core.services.golive.document import Differences, by_connection, differences
from core.services.health import actions_of
from core.services.plans import Plan
from core.store.openings import list_openings
from core.store.orders import counts_by_stage
from core.store.pauses import list_pauses
from core.store.push_guard import first_stopped, list_stopped_pushes
from core.store.switches import accepted_actions

_NAMED = 10
STOP_IT = "Stop it on the page Connections; what was done by then stays done."


async def accept_plan(
    hub: Hub, merchant: str, kinds: Sequence[Action], connections: Sequence[str] | None = None
) -> Plan:
    """Return what accepting kinds of action will do, of all connections or of those that are named."""
    ports = hub.connections(merchant).ports
    shown = await differences(hub, merchant)
    of = [name for name in ports if connections is None or name in connections]
    does = [
        text
        for kind in kinds
        for name in of
        if kind.value in actions_of(hub, merchant, name)
        for text in await _accepting(hub, merchant, name, kind, shown)
    ]
    what = "everything" if len(kinds) == len(Action) else ", ".join(kind.words for kind in kinds)
    return Plan(
        title=f"Accept {what}" + (f": {', '.join(of)}" if connections is not None else ""),
        does=tuple(does) or ("Nothing: no connection of yours does that.",),
        back="Stop it on the page Connections. Quantities are put back by the undo file of Go-live.",
        stands=" ".join([*does, *(f"{a.connection}/{a.action}" for a in shown.accepted)]),
    )


async def _accepting(
    hub: Hub, merchant: str, connection: str, kind: Action, shown: Differences
) -> tuple[str, ...]:
    match kind:
        case Action.LABELS:
            ready = (await hub.store.read(counts_by_stage, merchant)).get(Stage.READY, 0)
            return (f"Buys labels at {connection}: {_orders(ready)} ready to ship now, and each that comes.",)
        case Action.LEVELS:
            counts = by_connection(shown).get(connection, {})
            differ, unread = counts.get("differ", 0), counts.get("unread", 0)
            later = f", and {unread} more once read" if unread else ""
            listed = "1 quantity" if differ == 1 else f"{differ} quantities"
            return (
                f"Writes {listed} at {connection}, where it shows another{later}; from then on whenever stock changes.",
            )
        case Action.MAILS:
            return (f"Mails shoppers through {connection} who order from now on.",)
        case Action.CAPTURES:
            amounts = " and ".join(
                f"{Money(minor=minor, currency=currency).text()} {currency}"
                for currency, minor in shown.money.minor.items()
            )
            authorized = f": {amounts} is authorized and not captured" if amounts else ""
            return (f"Captures money of {connection} once the labels of an order are bought{authorized}.",)


def _orders(number: int) -> str:
    return f"{number} order is" if number == 1 else f"{number} orders are"


async def stop_plan(hub: Hub, merchant: str, connection: str, kinds: Sequence[Action]) -> Plan:
    """Return what stopping kinds of action of a connection will do.

    Raises:
        NotFoundError: no such connection.
    """
    hub.connections(merchant).require(connection)
    accepted = sorted(a for name, a in await hub.store.read(accepted_actions, merchant) if name == connection)
    stopped = [kind for kind in kinds if kind.value in accepted]
    return Plan(
        title=f"Stop {', '.join(kind.words for kind in kinds)}: {connection}",
        does=tuple(_STOPPING[kind].format(connection) for kind in stopped)
        or ("Nothing: it is not accepted.",),
        back="Accept it again; what differs by then is written or bought at once.",
        stands=" ".join(accepted),
    )


_STOPPING = {
    Action.LABELS: "Buys no label at {} from the next step of every order on; orders wait.",
    Action.LEVELS: "Writes no quantity of {} any more; what is sold elsewhere stays on sale there.",
    Action.MAILS: "Mails no shopper through {} any more; orders ship all the same.",
    Action.CAPTURES: "Captures no money of {} any more; authorizations may lapse.",
}


async def push_guard_plan(hub: Hub, merchant: str, connection: str, *, go: bool) -> Plan:
    """Return what answering the push guard will do.

    Raises:
        NotFoundError: no such connection.
    """
    hub.connections(merchant).require(connection)
    stopped = (await hub.store.read(list_stopped_pushes, merchant)).get(connection)
    title = f"Write it once: {connection}" if go else f"Stop its quantities: {connection}"
    if stopped is None:
        why = f"nothing of {connection} is stopped by the push guard: nothing waits for an answer"
        return Plan(title=title, does=(), refused=why)
    number, zeros = stopped.changes, stopped.zeros
    does = (
        f"Writes {number} of {stopped.listings} quantities of {connection}, {zeros} of them as sold out."
        if go
        else f"Writes none of the {number} quantities of {connection}, and no other until you accept them again."
    )
    changes = await hub.store.read(first_stopped, merchant, connection, limit=_NAMED)
    first = [f"{c.key.listing}: {c.last_read} becomes {c.units}" for c in changes]
    return Plan(
        title=title,
        does=(does, *(first if go else ())),
        back=STOP_IT if go else "Accept Set listed quantities again.",
        stands=f"{describe(stopped)} {stopped.at.isoformat()}",
    )


async def resume_plan(hub: Hub, merchant: str, connection: str) -> Plan:
    """Return what trying a connection's paused work again will do.

    Raises:
        NotFoundError: no such connection.
    """
    hub.connections(merchant).require(connection)
    stand = await hub.store.read(list_pauses, merchant, hub.clock.now())
    paused = [p for p in stand if p.connection == connection]
    title = f"Try {connection} again now"
    if not paused:
        return Plan(title=title, does=(), refused=f"nothing of {connection} is paused")
    return Plan(
        title=title,
        does=(
            *(
                f"Asks {connection} again for {p.action}, paused since {p.since:%Y-%m-%d %H:%M} UTC: {p.reason}"
                for p in paused
            ),
            "If it serves, everything that waits for it goes on: labels are bought, money captured, channels told.",
        ),
        back="None is needed: if it serves nobody still, the pause stands.",
        stands=" ".join(f"{p.action}@{p.since.isoformat()}" for p in paused),
    )


async def undo_acceptance_plan(hub: Hub, merchant: str, document: str) -> Plan:
    """Return what taking an acceptance back will do.

    Raises:
        NotFoundError: nothing of that id was accepted.
    """
    accepted = await acceptance(hub, merchant, document)
    counts = [by_connection(accepted.shown).get(name, {}) for name in accepted.connections]
    changed = sum(of.get("differ", 0) for of in counts)
    refused = ""
    if Action.LEVELS.value not in accepted.actions:
        refused = "no levels were accepted with it; stop its actions instead"
    elif accepted.undone_at is not None:
        refused = f"{document} was taken back before"
    return Plan(
        title="Put every quantity back",
        does=(
            f"Stops quantities of {', '.join(accepted.connections)}.",
            f"Writes {changed} listings as they were before {accepted.at:%Y-%m-%d %H:%M} UTC, less what was sold since.",
        ),
        back="Accept quantities again.",
        refused=refused,
        stands=accepted.id,
    )


async def undo_opening_plan(hub: Hub, merchant: str) -> Plan:
    """Return what taking the newest opening counts back will do."""
    heads = await hub.store.read(list_openings, merchant)
    newest = next((o for o in heads if o.undone_at is None), None)
    title = "Take the newest counts back"
    if newest is None:
        return Plan(title=title, does=(), refused="no opening counts are loaded")
    return Plan(
        title=title,
        does=(
            f"Puts {newest.counts} counts of opening {newest.number} ({newest.source}) back to what stood there before.",
            "Where quantities are accepted, the channels are written to match.",
        ),
        back="Load the file again.",
        stands=str(newest.number),
    )
