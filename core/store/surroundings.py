"""What a run reads besides its order, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.model.order import Personal
from core.model.products import Product
from core.store.channel_locations import channel_places
from core.store.golive import mails_since
from core.store.pauses import KindKey, VendorPause, list_pauses, waits_of_order
from core.store.personal import personal_of
from core.store.products import list_products
from core.store.sealing import Keyring
from core.store.switches import accepted_actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known around an order."""

    products: Mapping[str, Product]
    personal: Personal | None
    accepted: frozenset[tuple[str, str]]
    """(connection, action) of everything that may run."""
    mails_since: datetime | None
    places: Mapping[str, tuple[str, str | None]]
    """(the channel's own name, our location or None) by the channel's own location id."""
    pauses: tuple[VendorPause, ...]
    waits: tuple[KindKey, ...]
    """The pauses whose end the order waits for."""


def read_surroundings(
    conn: sa.Connection,
    keys: Keyring,
    merchant: str,
    order_id: str,
    *,
    connection: str | None,
    mailer: str | None,
    now: datetime,
) -> Surroundings:
    """Return what a run needs; ``connection`` is the order's channel, None while the order is not known."""
    pauses = list_pauses(conn, merchant, now)
    return Surroundings(
        products=list_products(conn, merchant),
        personal=personal_of(conn, keys, merchant, order_id),
        accepted=accepted_actions(conn, merchant),
        mails_since=None if connection is None else mails_since(conn, merchant, connection, mailer=mailer),
        places={} if connection is None else channel_places(conn, merchant, connection),
        pauses=pauses,
        waits=waits_of_order(conn, merchant, order_id) if pauses else (),
    )
