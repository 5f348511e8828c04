"""Accepting written differences, and taking an acceptance back."""

from collections.abc import Sequence
from typing import Literal

from core.csv_text import write_csv
from core.engine.hub import Hub
from core.errors import NotFoundError, RefusedError
from core.model.actions import Action
from core.model.base import Instant, Shape
from core.services import actions
from core.services.golive.document import Differences, ListingDifference, differences, rows_of
from core.services.health import actions_of
from core.store.golive import GoLiveRow, accept_shown, find_shown, list_accepted, note_undone
from core.store.pushes import Place, restore_levels
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
        agreed = {
            (r.listing, r.at): r.wanted
            for r in shown.rows
            if r.connection == name and r.state in ("differ", "unread") and r.wanted is not None
        }
        if kinds_of_it:
            await actions.switch(hub, merchant, name, kinds_of_it, on=True, actor=actor, agreed=agreed)
    return await acceptance(hub, merchant, shown.id)


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
    row = await hub.store.read(find_shown, merchant, document)
    if row is None or row.accepted_at is None:
        raise NotFoundError(f"nothing of the id {document!r} was accepted")
    return _acceptance_of(row)


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
    now, left = hub.clock.now(), await rows_of(hub, merchant)
    if not await hub.store.write(note_undone, merchant, document, now=now):
        raise RefusedError(f"{document} was taken back before")
    for name in accepted.connections:
        if Action.LEVELS.value not in actions_of(hub, merchant, name):
            continue
        await actions.switch(hub, merchant, name, [Action.LEVELS], on=False, actor=actor)
        await hub.store.write(restore_levels, merchant, name, _before(accepted.shown, name, left), now=now)
    return await acceptance(hub, merchant, document)


def _before(shown: Differences, name: str, left: Sequence[ListingDifference]) -> dict[Place, int]:
    """Return what a connection's listings are put back to; ``left`` are all listings as they are now."""
    now = {(r.listing, r.at): r.plain for r in left if r.connection == name}
    found: dict[Place, int] = {}
    for r in shown.rows:
        if r.connection == name and r.state == "differ" and r.shows is not None:
            had, have = r.plain, now.get((r.listing, r.at))
            gone = max(0, had - have) if had is not None and have is not None else 0
            found[r.listing, r.at] = max(0, r.shows - gone)
    return found


_UNDO_COLUMNS = ("connection", "listing", "location", "shows", "wanted")


def undo_text(accepted: Acceptance) -> str:
    """Return the undo file as CSV: what each accepted listing showed before, and what it was to show."""
    rows = [
        (r.connection, r.listing, r.location or "", r.shows, r.wanted)
        for r in accepted.shown.rows
        if r.connection in accepted.connections and r.state == "differ"
    ]
    return write_csv(_UNDO_COLUMNS, rows)
