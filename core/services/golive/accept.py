"""Accepting written differences, and taking an acceptance back."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal

from core.csv_text import MARK, write_csv
from core.engine.hub import Hub
from core.errors import NotFoundError, RefusedError
from core.model.actions import Action
from core.model.base import Instant, Shape
from core.services import actions
from core.services.golive.document import Differences, differences, rows_shown
from core.services.golive.listings import ListingDifference, judged
from core.services.health import actions_of
from core.store.golive import GoLiveRow, accept_shown, find_shown, list_accepted, note_undone
from core.store.listing_pages import rows_of_listings
from core.store.listings import Place
from core.store.pushes import restore_levels
from core.store.switches import live_since

All = Literal["all"]


class Acceptance(Shape):
    """What somebody accepted, and the differences that were shown for it."""

    id: str
    at: Instant
    actor: str
    actions: tuple[str, ...]
    connections: tuple[str, ...]
    undone_at: Instant | None
    shown: Differences


async def accept(
    hub: Hub,
    merchant: str,
    *,
    kinds: Sequence[Action] | All = "all",
    connections: Sequence[str] | All = "all",
    document: str | None = None,
    actor: str,
) -> Acceptance:
    """Turn kinds of action on; the differences that were shown are kept with who accepted them.

    ``document`` names what was shown; without it, what holds now is written down and accepted.

    Raises:
        NotFoundError: no such connection or document.
        RefusedError: the document was accepted before, or a channel was never connected.
    """
    named = await _named(hub, merchant, connections)
    wanted = list(Action) if kinds == "all" else list(dict.fromkeys(kinds))
    able = {name: [a for a in wanted if a.value in actions_of(hub, merchant, name)] for name in named}
    shown = await _shown(hub, merchant, document)
    row = GoLiveRow(
        document_id=shown.id,
        taken_at=shown.taken_at,
        document="",
        accepted_at=hub.clock.now(),
        actor=actor,
        actions=tuple(action.value for action in wanted),
        connections=tuple(named),
    )
    if not await hub.store.write(accept_shown, merchant, row):
        raise RefusedError(f"{shown.id} was accepted before; look at the differences of now")
    for name, kinds_of_it in able.items():
        agreed = _agreed(hub, merchant, shown.id, name)
        if kinds_of_it:
            await actions.switch(hub, merchant, name, kinds_of_it, on=True, actor=actor, agreed=agreed)
    return await acceptance(hub, merchant, shown.id)


async def _agreed(
    hub: Hub, merchant: str, document: str, connection: str
) -> AsyncIterator[Mapping[Place, int]]:
    """Yield the numbers that a document showed for a connection's listings, page by page."""
    row = await _accepted_row(hub, merchant, document)
    async for rows in rows_shown(hub, merchant, row):
        yield {
            (r.listing, r.at): r.wanted
            for r in rows
            if r.connection == connection and r.state in ("differ", "unread") and r.wanted is not None
        }


async def _named(hub: Hub, merchant: str, connections: Sequence[str] | All) -> list[str]:
    """Return the connections that are accepted: of a channel that nobody connected yet, no difference was shown."""
    known = hub.connections(merchant)
    asked = list(known.ports) if connections == "all" else list(dict.fromkeys(connections))
    unseen = [
        name
        for name in asked
        if known.named(name).channel is not None and await hub.store.read(live_since, merchant, name) is None
    ]
    if unseen and connections != "all":
        raise RefusedError(
            f"{', '.join(unseen)} is not connected yet: connect it, look at its differences, then accept them"
        )
    return [name for name in asked if name not in unseen]


async def _shown(hub: Hub, merchant: str, document: str | None) -> Differences:
    if document is None:
        return await differences(hub, merchant)
    row = await hub.store.read(find_shown, merchant, document)
    if row is None:
        raise NotFoundError(f"no differences of the id {document!r} were shown; look at them again")
    return Differences.model_validate_json(row.document)


async def acceptances(hub: Hub, merchant: str) -> list[Acceptance]:
    """Return everything that was accepted, the newest first."""
    return [_acceptance_of(row) for row in await hub.store.read(list_accepted, merchant)]


async def acceptance(hub: Hub, merchant: str, document: str) -> Acceptance:
    """Return one acceptance.

    Raises:
        NotFoundError: nothing of that id was accepted.
    """
    return _acceptance_of(await _accepted_row(hub, merchant, document))


async def _accepted_row(hub: Hub, merchant: str, document: str) -> GoLiveRow:
    row = await hub.store.read(find_shown, merchant, document)
    if row is None or row.accepted_at is None:
        raise NotFoundError(f"nothing of the id {document!r} was accepted")
    return row


def _acceptance_of(row: GoLiveRow) -> Acceptance:
    return Acceptance(
        id=row.document_id,
        at=row.accepted_at or row.taken_at,
        actor=row.actor or "",
        actions=row.actions,
        connections=row.connections,
        undone_at=row.undone_at,
        shown=Differences.model_validate_json(row.document),
    )


async def undo(hub: Hub, merchant: str, document: str, *, actor: str) -> Acceptance:
    """Stop levels and set every listing that was accepted to the number it showed before, less what went since.

    What was sold or counted away since is not put on sale again.

    Raises:
        NotFoundError: nothing of that id was accepted.
        RefusedError: levels were not part of it, or it was taken back before.
    """
    accepted = await acceptance(hub, merchant, document)
    if Action.LEVELS.value not in accepted.actions:
        raise RefusedError("no levels were accepted with it; stop its actions instead")
    now = hub.clock.now()
    if not await hub.store.write(note_undone, merchant, document, now=now):
        raise RefusedError(f"{document} was taken back before")
    row = await _accepted_row(hub, merchant, document)
    for name in accepted.connections:
        if Action.LEVELS.value not in actions_of(hub, merchant, name):
            continue
        await actions.switch(hub, merchant, name, [Action.LEVELS], on=False, actor=actor)
        async for rows in rows_shown(hub, merchant, row):
            before = await _before(hub, merchant, name, rows)
            await hub.store.write(restore_levels, merchant, name, before, now=now)
    return await acceptance(hub, merchant, document)


async def _before(
    hub: Hub, merchant: str, connection: str, shown: Sequence[ListingDifference]
) -> dict[Place, int]:
    """Return what those listings of a connection that were shown are put back to."""
    changed = [r for r in shown if r.connection == connection and r.state == "differ" and r.shows is not None]
    rows = await hub.store.read(rows_of_listings, merchant, [(connection, r.listing) for r in changed])
    now = {(r.listing, r.at): r.plain for r in await judged(hub, merchant, connection, rows)}
    found: dict[Place, int] = {}
    for r in changed:
        had, have = r.plain, now.get((r.listing, r.at))
        gone = max(0, had - have) if had is not None and have is not None else 0
        found[r.listing, r.at] = max(0, (r.shows or 0) - gone)
    return found


_UNDO_COLUMNS = ("connection", "listing", "location", "shows", "wanted")


async def undo_text(hub: Hub, merchant: str, document: str) -> AsyncIterator[str]:
    """Yield the undo file as CSV, page by page: what each accepted listing showed before, and what it was to show.

    Raises:
        NotFoundError: nothing of that id was accepted.
    """
    row, head = await _accepted_row(hub, merchant, document), True
    async for shown in rows_shown(hub, merchant, row):
        lines = [
            (r.connection, r.listing, r.location or "", r.shows, r.wanted)
            for r in shown
            if r.connection in row.connections and r.state == "differ"
        ]
        text = write_csv(_UNDO_COLUMNS, lines)
        yield text if head else text.removeprefix(MARK).partition("\n")[2]
        head = False
