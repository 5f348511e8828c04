"""The settings of a merchant, in one snapshot: what decisions about orders look at besides the order.

A process keeps a snapshot under its revision (``core/engine/settings``). What grows with a merchant's catalogue is no part
of it: products and links are looked up by an order's own SKUs and listings.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa

from core.domain.shipping.routing import Zones
from core.model.actions import Action
from core.store.active_rules import digest_in_force
from core.store.pauses import VendorPause, list_pauses
from core.store.revisions import revisions_of
from core.store.switches import LIVE, Switch, list_switches
from core.store.tables import channel_locations, go_lives, restores
from core.store.tombstones import any_person_buried
from core.store.zones import zones_of

Places = Mapping[str, tuple[str, str | None]]
"""(the channel's own name, our location or None) by the channel's own location id."""


@dataclass(frozen=True, slots=True)
class AcceptedDocument:
    """What a merchant accepted at once: kinds of action, for which connections, when."""

    at: datetime
    actions: frozenset[str]
    connections: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A merchant's settings as of a revision."""

    revision: int
    switches: Mapping[tuple[str, str], Switch]
    """By (connection, action)."""
    documents: tuple[AcceptedDocument, ...]
    """The oldest first."""
    places: Mapping[str, Places]
    """By connection; empty while nobody read a channel's locations."""
    zones: Zones
    pauses: tuple[VendorPause, ...]
    restores: tuple[tuple[datetime, datetime], ...]
    """(when a backup was brought back, when it was taken)."""
    persons_forgotten: bool
    """Whether a person's orders are not to be kept whatever order they are of."""
    digest: str | None = None
    """Of the crossdock.yaml in force; None where nothing ever served the merchant."""

    @cached_property
    def accepted(self) -> frozenset[tuple[str, str]]:
        """(connection, action) of everything that may run."""
        return frozenset(key for key, switch in self.switches.items() if switch.on)

    def orders_since(self, connection: str, *, carrier: str | None) -> datetime | None:
        """Return since when a channel's orders are the hub's to ship: when labels were first accepted; None: not yet (R85).

        Where no connection sells labels, the first acceptance of anything counts.
        """
        if carrier is None:
            first = min((s.first_at for s in self.switches.values() if s.first_at is not None), default=None)
            return self._of_channel(connection, first, None)
        return self._accepted_since(connection, carrier, Action.LABELS)

    def mails_since(self, connection: str, *, mailer: str | None) -> datetime | None:
        """Return since when who orders at a channel is mailed: when mails were first accepted; None: not yet."""
        return None if mailer is None else self._accepted_since(connection, mailer, Action.MAILS)

    def lost_since(self, placed_at: datetime) -> datetime | None:
        """Return from when on things may have been done for an order that this database does not know of; None: none."""
        return min(
            (taken_at for restored_at, taken_at in self.restores if restored_at >= placed_at), default=None
        )

    def _accepted_since(self, connection: str, seller: str, action: Action) -> datetime | None:
        switch = self.switches.get((seller, action.value))
        return self._of_channel(connection, None if switch is None else switch.first_at, action)

    def _of_channel(self, connection: str, first: datetime | None, action: Action | None) -> datetime | None:
        """Return when an action was first accepted for a channel.

        A channel connected after that was not in what the merchant saw: for it, what was accepted with its name since
        it was connected counts.
        """
        live = self.switches.get((connection, LIVE))
        if first is None or live is None:
            return None
        if live.at <= first:
            return first
        named = (
            document.at
            for document in self.documents
            if document.at >= live.at
            and connection in document.connections
            and (action is None or action.value in document.actions)
        )
        return next(named, None)


def read_settings(conn: sa.Connection, merchant: str, now: datetime) -> Settings:
    """Return a merchant's settings; the revision is read first, so that they are never older than it says."""
    return Settings(
        revision=revisions_of(conn, [merchant]).get(merchant, 0),
        switches=list_switches(conn, merchant),
        documents=_accepted_documents(conn, merchant),
        places=_places(conn, merchant),
        zones=zones_of(conn, merchant),
        pauses=list_pauses(conn, merchant, now),
        restores=_restores(conn, merchant),
        persons_forgotten=any_person_buried(conn, [merchant]),
        digest=digest_in_force(conn, merchant),
    )


def _accepted_documents(conn: sa.Connection, merchant: str) -> tuple[AcceptedDocument, ...]:
    columns = (go_lives.c.accepted_at, go_lives.c.actions, go_lives.c.connections)
    query = sa.select(*columns).where(go_lives.c.merchant == merchant, go_lives.c.accepted_at.is_not(None))
    return tuple(
        AcceptedDocument(at, frozenset(json.loads(actions)), frozenset(json.loads(connections)))
        for at, actions, connections in conn.execute(query.order_by(go_lives.c.accepted_at))
    )


def _places(conn: sa.Connection, merchant: str) -> dict[str, Places]:
    found: dict[str, dict[str, tuple[str, str | None]]] = {}
    query = sa.select(channel_locations).where(channel_locations.c.merchant == merchant)
    for row in conn.execute(query.order_by(*channel_locations.primary_key)):
        found.setdefault(row.connection, {})[row.channel_location] = (row.name, row.location)
    return dict(found)


def _restores(conn: sa.Connection, merchant: str) -> tuple[tuple[datetime, datetime], ...]:
    columns = (restores.c.restored_at, restores.c.taken_at)
    query = sa.select(*columns).where(restores.c.merchant == merchant).order_by(restores.c.restored_at)
    return tuple((restored_at, taken_at) for restored_at, taken_at in conn.execute(query))
