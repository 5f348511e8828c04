"""What the store keeps besides orders: stock, listings, products, switches, labels, configs and API keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from core.model.stock import LevelChange, Listing
from core.store import keeping, ledger, levels, links, pushes
from core.store.engine import Database


class Shelves:
    """The part of ``Store`` that is not about orders; every method takes the merchant first."""

    def __init__(self, db: Database) -> None:
        self.db = db

    # Stock.

    async def count(
        self, merchant: str, counted: Sequence[tuple[str, str, int]], *, actor: str, now: datetime
    ) -> None:
        """Set what is on hand to what was counted: (SKU, location, units)."""
        await self.db.write(_count, merchant, counted, actor=actor, now=now)

    async def receive(
        self,
        merchant: str,
        units: Sequence[tuple[str, str, int]],
        *,
        actor: str,
        now: datetime,
        note: str = "",
    ) -> None:
        """Add goods that came in: (SKU, location, units)."""
        await self.db.write(_come, merchant, units, kind="received", actor=actor, note=note, now=now)

    async def adjust(
        self, merchant: str, units: Sequence[tuple[str, str, int]], *, actor: str, now: datetime, note: str
    ) -> None:
        """Add units, or take them where negative, and say why: (SKU, location, units)."""
        await self.db.write(_come, merchant, units, kind="adjusted", actor=actor, note=note, now=now)

    async def stock(self, merchant: str) -> list[keeping.StockRow]:
        """Return every counter of a merchant."""
        return await self.db.read(keeping.list_stock, merchant)

    async def available(self, merchant: str) -> dict[tuple[str, str], int]:
        """Return what may still be promised by (SKU, location); where nothing ever lay is left out."""
        rows = await self.stock(merchant)
        return {(row.sku, row.location): row.available for row in rows}

    async def showable(self, merchant: str) -> dict[tuple[str, str], int]:
        """Return what channels may show by (SKU, location): the same without the SKUs that were never counted (R82)."""
        rows = await self.stock(merchant)
        counted = {row.sku for row in rows if row.counted}
        return {(row.sku, row.location): row.available for row in rows if row.sku in counted}

    async def ledger(
        self, merchant: str, *, sku: str | None = None, order_id: str | None = None
    ) -> list[keeping.LedgerRow]:
        """Return ledger rows of a merchant, a SKU or an order."""
        return await self.db.read(keeping.list_ledger, merchant, sku=sku, order_id=order_id)

    async def save_products(self, merchant: str, products: Sequence[keeping.Product]) -> None:
        """Store products, replacing those of the same SKU."""
        await self.db.write(keeping.save_products, merchant, products)

    async def products(self, merchant: str) -> dict[str, keeping.Product]:
        """Return a merchant's products by SKU."""
        return await self.db.read(keeping.list_products, merchant)

    # Listings and their levels.

    async def save_listings(
        self, merchant: str, connection: str, offered: Sequence[Listing], *, now: datetime
    ) -> None:
        """Store what a channel offers now, whole."""
        await self.db.write(levels.save_listings, merchant, connection, offered, now=now)

    async def list_listings(self, merchant: str, connection: str | None = None) -> list[levels.ListingRow]:
        """Return a merchant's listings, or one connection's."""
        return await self.db.read(levels.list_listings, merchant, connection)

    async def save_channel_locations(
        self,
        merchant: str,
        connection: str,
        locations: Sequence[tuple[str, str]],
        *,
        ours: Mapping[str, str],
    ) -> None:
        """Store (id, name) of a channel's locations; ``ours`` says which are locations of the file."""
        await self.db.write(
            levels.save_channel_locations, merchant, connection, locations=locations, ours=ours
        )

    async def channel_locations(self, merchant: str, connection: str) -> dict[str, str | None]:
        """Return our location, or None, by the channel's own location id."""
        rows = await self.db.read(levels.list_channel_locations, merchant, connection)
        return {place: ours for place, _, ours in rows}

    async def channel_places(self, merchant: str, connection: str) -> dict[str, tuple[str, str | None]]:
        """Return (the channel's own name, our location or None) by the channel's own location id."""
        rows = await self.db.read(levels.list_channel_locations, merchant, connection)
        return {place: (name, ours) for place, name, ours in rows}

    async def channel_location_names(self, merchant: str, connection: str) -> dict[str, str]:
        """Return the channel's own name by its location id."""
        rows = await self.db.read(levels.list_channel_locations, merchant, connection)
        return {place: name for place, name, _ in rows}

    async def link(
        self, merchant: str, connection: str, listing: str, units: Mapping[str, int], *, now: datetime
    ) -> None:
        """Say what one unit of a listing is made of: units by SKU."""
        await self.db.write(levels.link, merchant, connection, listing, units=units, now=now)

    async def unlink(self, merchant: str, connection: str, listing: str, *, now: datetime) -> None:
        """Say that nobody knows any more what a listing is made of: it is no longer written."""
        await self.db.write(levels.link, merchant, connection, listing, units={}, now=now)

    async def links_of(self, merchant: str, connection: str) -> dict[str, dict[str, int]]:
        """Return units by SKU of every linked listing of a connection."""
        return await self.db.read(levels.links_of, merchant, connection)

    async def all_links(self, merchant: str) -> dict[links.Listing, dict[str, int]]:
        """Return units by SKU of every linked listing, by (connection, listing)."""
        return await self.db.read(links.all_links, merchant)

    async def link_all(self, merchant: str, made: links.Links, *, now: datetime) -> None:
        """Link many listings, all or nothing; nothing for one takes its link away."""
        await self.db.write(links.link_all, merchant, made, now=now)

    async def import_links(
        self, merchant: str, made: links.Links, *, actor: str, now: datetime
    ) -> links.LinkImport:
        """Link as a file says; the newest import can be taken back."""
        return await self.db.write(links.import_links, merchant, made, actor=actor, now=now)

    async def last_import(self, merchant: str) -> links.LinkImport | None:
        """Return the newest import of links, or None."""
        return await self.db.read(links.last_import, merchant)

    async def undo_import(self, merchant: str, *, now: datetime) -> int:
        """Take the newest import of links back; return how many listings it named."""
        return await self.db.write(links.undo_import, merchant, now=now)

    async def due_levels(
        self, merchant: str, connection: str, now: datetime, *, limit: int
    ) -> list[levels.ListingRow]:
        """Return listings that are dirty or due for a check."""
        return await self.db.read(levels.due_levels, merchant, connection, now=now, limit=limit)

    async def next_level_at(self, merchant: str, connection: str) -> datetime | None:
        """Return when a listing is next to be looked at; None where all are as they should be."""
        return await self.db.read(levels.next_level_at, merchant, connection)

    async def save_levels(self, merchant: str, rows: Sequence[levels.ListingRow]) -> None:
        """Store what came of a push or a read."""
        await self.db.write(levels.save_levels, merchant, rows)

    async def forget_level(self, merchant: str, connection: str, name: str, *, now: datetime) -> None:
        """Note that a channel changed a level by itself: it is read before it is next written."""
        found = await self.db.read(levels.listings_named, merchant, connection, name)
        await self.db.write(
            levels.mark_dirty, (), now, forget=[(merchant, connection, listing) for listing in found]
        )

    async def journal_push(  # noqa: PLR0917 - in the order in which a push is told
        self,
        merchant: str,
        connection: str,
        key: str,
        changes: Sequence[LevelChange],
        owner: str,
        now: datetime,
    ) -> None:
        """Write down which levels a call is about to set."""
        await self.db.write(
            pushes.journal_push, merchant, connection, key, changes=changes, owner=owner, now=now
        )

    async def settle_push(self, merchant: str, key: str, results: Mapping[str, str], now: datetime) -> None:
        """Write down how each listing of a call ended."""
        await self.db.write(pushes.settle_push, merchant, key, results=results, now=now)

    async def pull_brake(self, merchant: str, brake: pushes.Brake) -> None:
        """Store the changes of a round that is not written."""
        await self.db.write(pushes.pull_brake, merchant, brake)

    async def brakes(self, merchant: str) -> dict[str, pushes.Brake]:
        """Return the brakes that stand, by connection."""
        return await self.db.read(pushes.list_brakes, merchant)

    async def release_brake(self, merchant: str, connection: str, *, go: bool, now: datetime) -> None:
        """Take a brake away; ``go`` lets what it stopped be written once."""
        await self.db.write(pushes.release_brake, merchant, connection, go=go, now=now)

    async def open_levels(
        self, merchant: str, connection: str, *, agreed: Mapping[pushes.Place, int], actor: str, now: datetime
    ) -> None:
        """Accept the levels of a connection: every listing is read afresh and brought true."""
        await self.db.write(_open_levels, merchant, connection, agreed=agreed, actor=actor, now=now)

    async def put_back(
        self, merchant: str, connection: str, levels: Mapping[pushes.Place, int], *, now: datetime
    ) -> None:
        """Have listings set to the numbers they showed once."""
        await self.db.write(pushes.put_back, merchant, connection, levels=levels, now=now)

    # What the merchant accepted, and what was printed and loaded.

    async def set_switch(
        self, merchant: str, connection: str, action: str, *, on: bool, actor: str, now: datetime
    ) -> None:
        """Say whether an action of a connection may run."""
        switch = keeping.Switch(connection=connection, action=action, on=on, at=now, actor=actor)
        await self.db.write(keeping.save_switch, merchant, switch)

    async def switches(self, merchant: str) -> frozenset[tuple[str, str]]:
        """Return (connection, action) of everything that may run."""
        found = await self.db.read(keeping.list_switches, merchant)
        return frozenset(key for key, switch in found.items() if switch.on)

    async def switch_rows(self, merchant: str) -> list[keeping.Switch]:
        """Return every switch that somebody set, on or off, with who and when."""
        return list((await self.db.read(keeping.list_switches, merchant)).values())

    async def first_accepted(self, merchant: str) -> dict[tuple[str, str], datetime]:
        """Return when each (connection, action) was first accepted; what never was is left out."""
        found = await self.db.read(keeping.list_switches, merchant)
        return {key: switch.first_at for key, switch in found.items() if switch.first_at is not None}

    async def go_live(self, merchant: str, connection: str, *, actor: str, now: datetime) -> None:
        """Note since when a connection is worked with; the first time stays."""
        await self.db.write(keeping.go_live, merchant, connection, actor=actor, now=now)

    async def live_since(self, merchant: str, connection: str) -> datetime | None:
        """Return since when a connection is worked with, or None: it was never connected."""
        return await self.db.read(keeping.live_since, merchant, connection)

    async def save_label(  # noqa: PLR0917 - the key of the row, then what is in it
        self, merchant: str, order_id: str, parcel_id: str, label_id: str, label_format: str, file: bytes
    ) -> None:
        """Store a label's file; storing it again changes nothing."""
        label = keeping.LabelFile(
            order_id=order_id, parcel_id=parcel_id, label_id=label_id, format=label_format, file=file
        )
        await self.db.write(keeping.save_label, merchant, label)

    async def labels(self, merchant: str, order_id: str) -> list[keeping.LabelFile]:
        """Return an order's label files."""
        return await self.db.read(keeping.labels_of, merchant, order_id)

    async def label(self, merchant: str, order_id: str, parcel_id: str) -> keeping.LabelFile | None:
        """Return a parcel's label file and count the print; None where none is stored."""
        return await self.db.write(keeping.print_label, merchant, order_id, parcel_id=parcel_id)

    async def save_config(self, merchant: str, config_hash: str, text: str, *, now: datetime) -> None:
        """Store the config file that runs from now on."""
        await self.db.write(keeping.save_config, merchant, config_hash, text=text, now=now)

    async def latest_config(self, merchant: str) -> tuple[str, str] | None:
        """Return (hash, text) of the config file loaded last, or None."""
        return await self.db.read(keeping.latest_config, merchant)

    async def save_api_key(self, merchant: str, key: str, *, name: str, role: str, now: datetime) -> None:
        """Let an API key in under a name; only its hash is kept."""
        await self.db.write(keeping.save_api_key, merchant, key, name=name, role=role, now=now)

    async def api_key(self, key: str) -> tuple[str, str] | None:
        """Return (merchant, name) of an API key, or None."""
        return await self.db.read(keeping.find_api_key, key)

    async def delete_api_key(self, merchant: str, name: str) -> None:
        """Let the keys of a name in no longer."""
        await self.db.write(keeping.delete_api_key, merchant, name)


def _count(
    conn: sa.Connection, merchant: str, counted: Sequence[tuple[str, str, int]], *, actor: str, now: datetime
) -> None:
    changed = ledger.count(conn, merchant, counted, actor=actor, now=now)
    levels.mark_dirty(conn, changed, now)


def _open_levels(  # in one transaction: whatever runs next finds both
    conn: sa.Connection,
    merchant: str,
    connection: str,
    *,
    agreed: Mapping[pushes.Place, int],
    actor: str,
    now: datetime,
) -> None:
    switch = keeping.Switch(connection=connection, action="levels", on=True, at=now, actor=actor)
    keeping.save_switch(conn, merchant, switch)
    pushes.open_levels(conn, merchant, connection, agreed=agreed, now=now)


def _come(
    conn: sa.Connection,
    merchant: str,
    units: Sequence[tuple[str, str, int]],
    *,
    kind: ledger.Coming,
    actor: str,
    note: str,
    now: datetime,
) -> None:
    changed = ledger.come_and_go(conn, merchant, units, kind=kind, actor=actor, note=note, now=now)
    levels.mark_dirty(conn, changed, now)
