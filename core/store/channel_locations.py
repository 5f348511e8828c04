"""A channel's own locations, and which of ours each is."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from core.store.reads import one_statement
from core.store.revisions import change_settings
from core.store.tables import channel_locations


def save_channel_locations(
    conn: sa.Connection,
    merchant: str,
    connection: str,
    locations: Sequence[tuple[str, str]],
    *,
    ours: Mapping[str, str],
) -> None:
    """Store (id, name) of a channel's locations; ``ours`` says which of them is which location of the file."""
    change_settings(conn, merchant)
    conn.execute(
        sa.delete(channel_locations).where(
            channel_locations.c.merchant == merchant, channel_locations.c.connection == connection
        )
    )
    rows = [
        {
            "merchant": merchant,
            "connection": connection,
            "channel_location": place,
            "name": name,
            "location": ours.get(place),
        }
        for place, name in locations
    ]
    if rows:
        conn.execute(sa.insert(channel_locations), rows)


def list_channel_locations(
    conn: sa.Connection, merchant: str, connection: str
) -> list[tuple[str, str, str | None]]:
    """Return (the channel's id, its name, our location or None) of a connection's locations."""
    columns = (channel_locations.c.channel_location, channel_locations.c.name, channel_locations.c.location)
    found = conn.execute(
        sa.select(*columns)
        .where(channel_locations.c.merchant == merchant, channel_locations.c.connection == connection)
        .order_by(channel_locations.c.channel_location)
    )
    return [(place, name, ours) for place, name, ours in found]


def channel_places(conn: sa.Connection, merchant: str, connection: str) -> dict[str, tuple[str, str | None]]:
    """Return (the channel's own name, our location or None) by the channel's own location id."""
    rows = list_channel_locations(conn, merchant, connection)
    return {place: (name, ours) for place, name, ours in rows}


@one_statement
def matched_locations(conn: sa.Connection, merchant: str, connection: str) -> dict[str, str | None]:
    """Return our location, or None, by the channel's own location id."""
    return {place: ours for place, _, ours in list_channel_locations(conn, merchant, connection)}
