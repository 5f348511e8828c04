"""What linking, counting and receiving will do, told before it is done (R113)."""

from collections.abc import Mapping
from dataclasses import replace

from core.domain.link_conflicts import conflicts
from core.domain.link_proposals import Components, describe
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.model.actions import Action
from core.services.actions import Lines, check_lines, check_link
from core.services.golive.listings import ListingDifference, differences_of
from core.services.link_review import known, listings_named
from core.services.links import preview
from core.services.plans import Plan
from core.store.ledger import Seen
from core.store.links import last_import, links_among
from core.store.orders import orders_held
from core.store.products import products_of
from core.store.stock import StockRow, stock_of
from core.store.switches import accepted_actions


async def link_plan(hub: Hub, merchant: str, connection: str, listing: str, of: Components) -> Plan:
    """Return what saying what a listing is made of will do.

    Raises:
        NotFoundError: a SKU that is no product of ours, or no such connection.
        RefusedError: units of less than one.
    """
    await check_link(hub, merchant, connection, of)
    before = (await hub.store.read(links_among, merchant, [(connection, listing)])).get(
        (connection, listing), {}
    )
    was = f" (until now {describe(before)})" if before else ""
    does = [f"One {listing} sold at {connection} takes {describe(of)}{was}."]
    does += await _written(hub, merchant, connection, listing, of)
    does += await _careful(hub, merchant, connection, listing, of)
    held = len(await hub.store.read(orders_held, merchant, "unlinked_sku"))
    if held:
        does.append(
            f"Of {held} orders held because a listing is not linked, those that wait for this one go on."
        )
    return Plan(
        title=f"Link {listing} of {connection}: {describe(of)}",
        does=tuple(does),
        back=f"Link it again as it was: {describe(before)}." if before else "Unlink it.",
        stands=describe(before),
    )


async def _careful(hub: Hub, merchant: str, connection: str, listing: str, of: Components) -> list[str]:
    """Return what in the listing's own name contradicts the link."""
    found = await listings_named(hub, merchant, [(connection, listing)])
    products = await hub.store.read(products_of, merchant, of)
    told = conflicts(map(known, products.values()), [replace(o, of=of) for o in found.values()])
    return [f"Careful: {conflict.what}." for conflict in told if conflict.kind == "pack"]


async def unlink_plan(hub: Hub, merchant: str, connection: str, listing: str) -> Plan:
    """Return what taking a link away will do.

    Raises:
        NotFoundError: nothing is linked there.
    """
    before = (await hub.store.read(links_among, merchant, [(connection, listing)])).get((connection, listing))
    if before is None:
        raise NotFoundError(f"{connection} has no link of {listing!r}")
    return Plan(
        title=f"Unlink {listing} of {connection}",
        does=(
            "Writes its quantity no more: the channel goes on showing what it shows now.",
            "Holds its open orders until it is linked again.",
        ),
        back=f"Link it again: {describe(before)}.",
        stands=describe(before),
    )


async def import_plan(hub: Hub, merchant: str, text: str) -> Plan:
    """Return what importing a CSV file of links will do.

    Raises:
        LinksError: with every wrong line.
    """
    changes = await preview(hub, merchant, text)
    does = [
        f"{c.listing} of {c.connection}: {describe(c.before) or 'not linked'} becomes {describe(c.after)}."
        for c in changes
    ]
    written = ["Writes their quantities, where they are accepted."] if changes else []
    return Plan(
        title=f"Link {len(changes)} listings",
        does=tuple(does + written) or ("Nothing: every line says what is linked already.",),
        back="Take the import back.",
        stands=" ".join(does),
    )


async def undo_import_plan(hub: Hub, merchant: str) -> Plan:
    """Return what taking the newest import of links back will do."""
    newest, title = await hub.store.read(last_import, merchant), "Take the newest import of links back"
    if newest is None or newest.undone_at is not None:
        return Plan(title=title, does=(), refused="there is no import to take back")
    return Plan(
        title=title,
        does=(
            f"Links {newest.listings} listings as they were before {newest.at:%Y-%m-%d %H:%M} UTC.",
            "Writes their quantities, where they are accepted.",
        ),
        back="Import the file again.",
        stands=str(newest.number),
    )


async def _written(hub: Hub, merchant: str, connection: str, listing: str, of: Components) -> list[str]:
    """Return what becomes of the quantities that the channel shows."""
    rows = await differences_of(hub, merchant, connection, listing, of)
    accepted = (connection, Action.LEVELS.value) in await hub.store.read(accepted_actions, merchant)
    return [_quantity(row, accepted=accepted) for row in rows]


def _quantity(row: ListingDifference, *, accepted: bool) -> str:
    at = f" at {row.location}" if row.location else ""
    if row.wanted is None:
        return f"Writes no quantity{at}: {row.because}."
    if row.shows == row.wanted:
        return f"Its quantity{at} stays {row.wanted}."
    shows = "what it shows" if row.shows is None else row.shows
    if not accepted:
        return f"Its quantity{at} would become {row.wanted} instead of {shows}; quantities are not accepted, so none is written."
    return f"Writes its quantity{at}: {shows} becomes {row.wanted}."


async def stock_plan(hub: Hub, merchant: str, lines: Lines, *, receive: bool) -> tuple[Plan, Seen]:
    """Return what a count or a receipt will do, and the counters as they were seen.

    Raises:
        NotFoundError: a SKU that is no product of ours, or a location that crossdock.yaml does not name.
    """
    await check_lines(hub, merchant, lines)
    skus = {sku for sku, _, _ in lines}
    rows = {(row.sku, row.location): row for row in await hub.store.read(stock_of, merchant, skus)}
    seen = {(sku, at): rows[sku, at].entries if (sku, at) in rows else 0 for sku, at, _ in lines}
    held = len(await hub.store.read(orders_held, merchant, "backordered"))
    does = [_counted(rows, line, receive=receive) for line in lines]
    does.append("Writes the quantities of its listings, where they are accepted.")
    if held:
        does.append(f"Serves orders that wait for units, the oldest first: {held} are backordered.")
    named = ", ".join(f"{units} x {sku} at {at}" for sku, at, units in lines)
    plan = Plan(
        title=f"{'Receive' if receive else 'Count'} {named}",
        does=tuple(does),
        back="Count it as it was; orders that were served keep their units.",
        stands=" ".join(f"{sku}@{at}:{number}" for (sku, at), number in seen.items()),
    )
    return plan, seen


def _counted(rows: Mapping[tuple[str, str], StockRow], line: tuple[str, str, int], *, receive: bool) -> str:
    sku, at, units = line
    row = rows.get((sku, at))
    before, committed = (row.on_hand, row.committed) if row is not None else (0, 0)
    after = before + units if receive else units
    free = f", {after - committed} of them free" if committed else ""
    return f"{sku} at {at}: {before} on hand become {after}{free}."
