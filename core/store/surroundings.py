"""What a run reads besides its order, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.domain.state import OrderState
from core.model.order import Personal
from core.model.products import Product
from core.store.channel_locations import channel_places
from core.store.golive import mails_since
from core.store.orders import Standing, standings
from core.store.pauses import KindKey, VendorPause, list_pauses, waits_of_order
from core.store.personal import personal_of
from core.store.products import customs_of, list_products
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AroundOrders:
    """What tells of many orders what each waits for; no personal data."""

    standings: Mapping[str, Standing]
    accepted: frozenset[tuple[str, str]]
    customs: Mapping[str, tuple[str | None, str | None]]
    places: Mapping[str, Mapping[str, tuple[str, str | None]]]
    """By connection; see ``Surroundings``."""
    pauses: tuple[VendorPause, ...]


def read_around(
    conn: sa.Connection, merchant: str, order_ids: Sequence[str], *, now: datetime
) -> AroundOrders:
    """Return what is known around orders, in so many reads however many orders there are."""
    found = standings(conn, merchant, order_ids)
    states: list[OrderState] = [standing.state for standing in found.values()]
    channels = sorted({state.order.connection for state in states if state.order is not None})
    return AroundOrders(
        standings=found,
        accepted=accepted_actions(conn, merchant),
        customs=customs_of(conn, merchant, sorted({n.sku for state in states for n in state.needs})),
        places={name: channel_places(conn, merchant, name) for name in channels},
        pauses=list_pauses(conn, merchant, now),
    )
