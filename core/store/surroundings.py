"""What tells of many orders what each waits for, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.domain.state import OrderState
from core.store.channel_locations import channel_places
from core.store.orders import Standing, standings
from core.store.pauses import VendorPause, list_pauses
from core.store.products import customs_of
from core.store.switches import accepted_actions


@dataclass(frozen=True, slots=True, kw_only=True)
class AroundOrders:
    """What tells of many orders what each waits for; no personal data."""

    standings: Mapping[str, Standing]
    accepted: frozenset[tuple[str, str]]
    customs: Mapping[str, tuple[str | None, str | None]]
    places: Mapping[str, Mapping[str, tuple[str, str | None]]]
    """By connection: (the channel's own name, our location or None) by the channel's own location id."""
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
