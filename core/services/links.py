"""Links as people accept, import and take them back."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass

from core.csv_text import MARK
from core.domain.link_proposals import Components
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.services import links_file
from core.services.links_file import LinksError, Names
from core.store.links import import_links, link_all, links_among, undo_import
from core.store.names import exactly, linked_connections, listings_to_export
from core.store.products import known_or_alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a file would change: a listing, what it is made of now and then."""

    connection: str
    listing: str
    before: Components
    after: Components


Made = Sequence[tuple[str, str, Mapping[str, int]]]
"""(connection, listing, units by SKU)."""


async def check(hub: Hub, merchant: str, links: Made) -> dict[tuple[str, str], Mapping[str, int]]:
    """Return links as a person says them, by (connection, listing).

    Raises:
        LinksError: with what is wrong with each.
    """
    skus = {sku for _, _, of in links for sku in of}
    names = await _names(hub, merchant, skus, {(connection, listing) for connection, listing, _ in links})
    made: dict[tuple[str, str], Mapping[str, int]] = {}
    wrong: list[tuple[str, str]] = []
    for number, (connection, listing, of) in enumerate(links, start=1):
        problems = [names.wrong(connection, listing, sku, units) for sku, units in of.items()]
        problems += [] if of else ["it is made of nothing; to take a link away, unlink the listing"]
        problems += ["it is named twice"] if (connection, listing) in made else []
        wrong += [(f"link {number}", problem) for problem in problems if problem]
        made[connection, listing] = of
    if wrong:
        raise LinksError(wrong)
    return made


async def accept(hub: Hub, merchant: str, links: Made) -> None:
    """Link listings as a person says, all or nothing.

    Raises:
        LinksError: with what is wrong with each; nothing was linked.
    """
    made = await check(hub, merchant, links)
    await hub.store.write(link_all, merchant, made, now=hub.clock.now())


async def unlink(hub: Hub, merchant: str, connection: str, listing: str) -> None:
    """Take a link away: the listing is no longer written, and its open orders are held.

    Raises:
        NotFoundError: nothing is linked there.
    """
    if not await hub.store.read(links_among, merchant, [(connection, listing)]):
        raise NotFoundError(f"{connection} has no link of {listing!r}")
    await hub.store.write(link_all, merchant, {(connection, listing): {}}, now=hub.clock.now())


async def exported(hub: Hub, merchant: str) -> AsyncIterator[str]:
    """Yield all links as CSV, page by page; listings that nobody linked with SKU and units left open."""
    before: str | None = None
    pages = 0
    async for listed in _listed(hub, merchant):
        made = await hub.store.read(links_among, merchant, listed)
        if before is not None:
            # What is behind the first page may be of other characters: the file is marked as UTF-8 either way.
            yield before if pages > 1 or before.startswith(MARK) else MARK + before
        before, pages = links_file.written(made, listed, head=pages == 0), pages + 1
    yield links_file.written({}, ()) if before is None else before


async def _listed(hub: Hub, merchant: str) -> AsyncIterator[list[tuple[str, str]]]:
    """Yield every (connection, listing) that is linked or offered, some hundred at a time."""
    connections = {*hub.connections(merchant).ports, *await hub.store.read(linked_connections, merchant)}
    waiting: list[tuple[str, str]] = []
    for connection in sorted(connections):
        after: str | None = ""
        while after is not None:
            names = await hub.store.read(
                listings_to_export, merchant, connection, after=after, limit=_AT_ONCE
            )
            waiting += [(connection, name) for name in names]
            if len(waiting) >= _AT_ONCE:
                yield waiting
                waiting = []
            after = names[-1] if len(names) == _AT_ONCE else None
    if waiting:
        yield waiting


_AT_ONCE = 500


async def preview(hub: Hub, merchant: str, text: str) -> tuple[Change, ...]:
    """Return what a CSV file of links would change; nothing is changed.

    Raises:
        LinksError: with every wrong line.
    """
    made = links_file.read(text, await _names(hub, merchant, *links_file.mentioned(text)))
    known = await hub.store.read(links_among, merchant, made)
    return tuple(
        Change(connection=connection, listing=listing, before=known.get((connection, listing), {}), after=of)
        for (connection, listing), of in sorted(made.items())
        if known.get((connection, listing), {}) != of
    )


async def import_file(hub: Hub, merchant: str, text: str, *, actor: str) -> tuple[Change, ...]:
    """Link as a CSV file says, all or nothing; return what changed.

    Raises:
        LinksError: with every wrong line; nothing was linked.
    """
    changes = await preview(hub, merchant, text)
    if changes:
        made = {(c.connection, c.listing): c.after for c in changes}
        await hub.store.write(import_links, merchant, made, actor=actor, now=hub.clock.now())
    return changes


async def undo(hub: Hub, merchant: str) -> int:
    """Take the newest import back; return how many listings it named.

    Raises:
        RefusedError: there is none, or its listings were linked anew since.
    """
    return await hub.store.write(undo_import, merchant, now=hub.clock.now())


async def _names(
    hub: Hub, merchant: str, skus: Collection[str], listings: Collection[tuple[str, str]]
) -> Names:
    """Return which of some SKUs and (connection, listing) links may name."""
    return Names(
        products=await hub.store.read(known_or_alike, merchant, skus),
        listings=await hub.store.read(exactly, merchant, sorted(listings)),
        connections=frozenset(n for n, p in hub.connections(merchant).ports.items() if p.levels is not None),
    )
