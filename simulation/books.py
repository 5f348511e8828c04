"""Compares the hub's books with those of the bogus vendors, once all is quiet."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from connectors.bogus.client import World
from core.domain.levels import wanted_level
from core.domain.state import OrderState, Stage
from core.engine.hub import Hub
from core.model.facts import Captured, ChannelTold, Fact, LabelBought, Settled
from core.model.order import ChannelState, FulfilledBy
from core.model.stock import ListingKey
from core.store.channel_locations import matched_locations
from core.store.orders import facts_of
from core.store.paging import each
from core.store.pauses import list_pauses
from core.store.rebuild import rebuild
from core.store.stock import StockRow, listable_units, page_of_stock
from core.store.tables import effects, ledger, pauses, stock

Name = tuple[str, str]
"""(kind, subject) of an effect."""
Links = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Connection -> listing -> units by SKU."""

_OVER = frozenset(
    {
        Stage.SHIPPED,
        Stage.DELIVERED,
        Stage.CANCELLED,
        Stage.CLOSED,
        Stage.SHIPPED_ELSEWHERE,
        Stage.FULFILLED_BY_CHANNEL,
        Stage.ON_HOLD,
    }
)
_COMPARED = frozenset({"label", "capture", "told", "mail"})


async def differences(hub: Hub, merchant: str, world: World, links: Links) -> list[str]:
    """Return everything in which hub and world differ, or that is not as it must be; empty where all is well."""
    outside = world.orders()
    states = {order_id: await hub.store.load(merchant, order_id) for order_id in outside}
    known = {order_id: state for order_id, state in states.items() if state is not None}
    facts = {order_id: await hub.store.read(facts_of, merchant, order_id) for order_id in known}
    found = [f"{order_id}: never reached the hub" for order_id in states if order_id not in known]
    for order_id, state in known.items():
        found += [f"{order_id}: {text}" for text in _of_order(state, outside[order_id])]
    found += _effects(known, facts, {(kind.value, of): n for (kind, of), n in world.effects.items()})
    found += await hub.store.read(_unbalanced, merchant)
    found += await hub.store.read(_unsettled, merchant)
    found += _left(known, world, links, await hub.store.read(_taken_off, merchant))
    found += _committed(known, [row async for row in each(hub.store, page_of_stock, merchant)])
    found += await _levels(hub, merchant, world, links)
    found += [
        f"{pause.connection}: {pause.action} are paused still"
        for pause in await hub.store.read(list_pauses, merchant, hub.clock.now())
    ]
    rebuilt = await hub.store.write(rebuild)
    return [*found, f"{rebuilt} rows differ from their facts"] if rebuilt else found


def _of_order(state: OrderState, outside: str) -> Iterator[str]:
    order = state.order
    if order is None:
        yield "known without its order"
        return
    yield from _standing_still(state)
    if outside != order.state.value:
        yield f"{order.state} here, {outside} at the channel"
    if state.open:
        yield f"{', '.join(i.key for i in state.open)} was never settled"
    left = any(p.departed for p in state.parcels)
    kept = state.allocations or any(p.label for p in state.parcels)
    if order.state is ChannelState.CANCELLED and kept and not left:
        yield "cancelled, and units or labels are not given back"
    if order.fulfilled_by is FulfilledBy.CHANNEL and state.allocations:
        yield "shipped by its channel, and takes our units"


def _standing_still(state: OrderState) -> Iterator[str]:
    if state.parked is not None:
        yield f"parked before {state.parked.step}: {state.parked.message}"
    elif state.stage not in _OVER:
        yield f"stands still at {state.stage}"
    elif state.stage is Stage.ON_HOLD and set(state.holds) != {"backordered"}:
        yield f"held by {', '.join(state.holds)}"


def _effects(
    states: Mapping[str, OrderState], facts: Mapping[str, list[Fact]], outside: Mapping[Name, int]
) -> Iterator[str]:
    """Yield every effect that came to pass more than once, unknown to the hub, or only in its books."""
    told = [
        pair for order_id, state in states.items() for pair in _effects_told(order_id, state, facts[order_id])
    ]
    ours = Counter(name for name, _ in told)
    unknown = {name for name, known in told if not known}
    theirs = {name: times for name, times in outside.items() if name[0] in _COMPARED}
    for name in sorted({*ours, *theirs}):
        if name in unknown and theirs.get(name, 0) <= ours[name]:
            continue  # nobody can know: shown to people, never sent again
        if ours[name] != theirs.get(name, 0):
            yield f"{name[0]} {name[1]}: {ours[name]} in the hub's books, {theirs.get(name, 0)} outside"
    for name, times in sorted(outside.items()):
        if times > 1 and not (name[0] == "mail" and name[1].startswith("shipping")):  # one for each parcel
            yield f"{name[0]} {name[1]}: came to pass {times} times"


def _effects_told(order_id: str, state: OrderState, facts: Sequence[Fact]) -> Iterator[tuple[Name, bool]]:
    """Yield every effect that the facts of an order tell of, and whether its outcome is known."""
    asked = {f.key: f.data for f in facts if f.kind == "intended"}
    for fact in facts:
        name = _named_effect(order_id, state, fact, asked)
        if name is not None:
            yield name, not (isinstance(fact, Settled) and fact.outcome == "unknown")


def _named_effect(
    order_id: str, state: OrderState, fact: Fact, asked: Mapping[str, Mapping[str, Any]]
) -> Name | None:
    """Return the name that the world gives to the effect that a fact tells of."""
    number = state.order.number if state.order else order_id
    external = order_id.partition(":")[2]
    match fact:
        case LabelBought():
            return ("label", f"{number}/{fact.parcel_id}")
        case Captured():
            return ("capture", f"{external}/{fact.authorization}")
        case ChannelTold():
            return ("told", f"{external}/{_tracking(state, fact.parcel_id)}")
        case Settled(operation="send", outcome="done" | "unknown"):
            about = str(asked[fact.key]["about"])
            kind = about if about.startswith("rule:") else about.partition(":")[0]
            return ("mail", f"{kind} {number}")
        case _:
            return None


def _tracking(state: OrderState, parcel_id: str) -> str:
    parcels = (*state.parcels, *state.voided)
    return next((p.label.tracking for p in parcels if p.parcel_id == parcel_id and p.label), "-")


def _unbalanced(conn: sa.Connection, merchant: str) -> list[str]:
    """Return counters whose ledger does not add up, or of which more was promised than lay there."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    found: list[str] = []
    moves = sa.select(ledger).where(ledger.c.merchant == merchant)
    for row in conn.execute(moves.order_by(ledger.c.sku, ledger.c.location, ledger.c.seq)):
        on_hand, committed = sums.get((row.sku, row.location), (0, 0))
        on_hand, committed = on_hand + row.d_on_hand, committed + row.d_committed
        sums[row.sku, row.location] = on_hand, committed
        if on_hand < committed and row.d_committed > 0:
            found.append(f"{row.sku} at {row.location}: {committed} promised of {on_hand}")
    return found + [
        f"{row.sku} at {row.location}: the ledger does not add up to the counter"
        for row in conn.execute(sa.select(stock).where(stock.c.merchant == merchant))
        if sums.get((row.sku, row.location), (0, 0)) != (row.on_hand, row.committed)
    ]


def _taken_off(conn: sa.Connection, merchant: str) -> dict[str, Counter[str]]:
    """Return by order how many units of each SKU were taken off on hand for it."""
    of_orders = ledger.c.merchant == merchant, ledger.c.order_id.is_not(None)
    taken: dict[str, Counter[str]] = {}
    for row in conn.execute(sa.select(ledger.c.order_id, ledger.c.sku, ledger.c.d_on_hand).where(*of_orders)):
        taken.setdefault(row.order_id, Counter())[row.sku] -= row.d_on_hand
    return taken


def _left(
    states: Mapping[str, OrderState], world: World, links: Links, taken: Mapping[str, Counter[str]]
) -> Iterator[str]:
    """Yield every order that left, or did not, by the carriers' books, and whose units say otherwise."""
    scanned = {made.reference.partition("/")[0] for made in world.shipments.values() if made.scans}
    for order_id, state in states.items():
        order = state.order
        if order is None or state.cancelled or state.stage is Stage.SHIPPED_ELSEWHERE:
            continue
        wanted: Counter[str] = Counter()
        for line in order.lines if order.number in scanned else ():
            for sku, units in links[order.connection].get(line.listing or "", {}).items():
                wanted[sku] += units * line.quantity
        off = +taken.get(order_id, Counter())
        if off != wanted:
            yield f"{order_id}: {_units(off)} taken off on hand, {_units(wanted)} left"


def _units(units: Counter[str]) -> str:
    return ", ".join(f"{sku} {count}" for sku, count in sorted(units.items())) or "none"


def ever_paused(conn: sa.Connection, merchant: str) -> list[str]:
    """Return what was paused at any time, over or not."""
    query = sa.select(pauses.c.connection, pauses.c.action).where(pauses.c.merchant == merchant)
    return [
        f"{connection} {action}" for connection, action in conn.execute(query.order_by(*pauses.primary_key))
    ]


def _unsettled(conn: sa.Connection, merchant: str) -> list[str]:
    # A push that its worker did not live to settle is settled by the next one; whether levels are true is seen there.
    of_orders = effects.c.merchant == merchant, effects.c.order_id.is_not(None)
    asked = sa.select(effects.c.key).where(effects.c.state == "intent", *of_orders)
    return [f"{key}: intended and never settled" for (key,) in conn.execute(asked)]


def _committed(states: Mapping[str, OrderState], counters: Sequence[StockRow]) -> Iterator[str]:
    held: Counter[tuple[str, str]] = Counter()
    for state in states.values():
        for allocation in state.allocations:
            held[allocation.sku, allocation.location] += allocation.units
    for row in counters:
        in_orders = held[row.sku, row.location]
        if row.committed != in_orders:
            yield f"{row.sku} at {row.location}: {row.committed} committed, {in_orders} in orders"


async def _levels(hub: Hub, merchant: str, world: World, links: Links) -> list[str]:
    config = hub.connections(merchant).config
    skus = {sku for of in links.values() for made_of in of.values() for sku in made_of}
    available = await hub.store.read(listable_units, merchant, skus)
    found: list[str] = []
    for (connection, key), shown in world.levels().items():
        named = await hub.store.read(matched_locations, merchant, connection)
        wanted = wanted_level(
            links[connection].get(key.listing, {}),
            available,
            location=named.get(key.location) if key.location else None,
            locations=tuple(config.locations),
            buffer=partial(config.buffer, connection=connection),
        )
        if wanted is not None and wanted != shown:
            found.append(f"{connection} {_text_of(key)}: shows {shown}, wanted {wanted}")
    return found


def _text_of(key: ListingKey) -> str:
    return key.listing if key.location is None else f"{key.listing} at {key.location}"
