"""What a database that was brought back from a backup must not believe: that nothing happened since.

Between the backup and the loss orders came, labels were bought, money was taken, shoppers were mailed. So nothing is
changed at a vendor until a person accepts it again; every open order and every level is read anew; no mail is sent about
an order of that time, for nobody can be asked whether it was; and before a label is bought, its carrier is asked what it
sold meanwhile (steps/fulfillment.py).
"""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.model.actions import Action
from core.store.backlog import free_claims
from core.store.golive import open_orders
from core.store.jobs import NewJob, enqueue
from core.store.listings import mark_dirty
from core.store.revisions import change_settings
from core.store.tables import configs, jobs, listings, one_time_links, orders, restores, sessions, switches
from core.store.tombstones import bury_keyless

ACTOR = "restore"
"""Who stopped every action when a backup was brought back."""


def after_restore(conn: sa.Connection, *, taken_at: datetime, now: datetime) -> None:
    """Leave every merchant reading only, and have what may have changed since the backup read again."""
    free_claims(conn)
    bury_keyless(conn, now)
    of = [sa.select(table.c.merchant) for table in (configs, switches, orders, jobs)]
    for merchant in conn.execute(sa.union(*of)).scalars().all():
        change_settings(conn, merchant)
        conn.execute(sa.insert(restores), {"merchant": merchant, "restored_at": now, "taken_at": taken_at})
        _stop_everything(conn, merchant, now)
        _sign_everybody_out(conn, merchant)
        _read_orders_again(conn, merchant, now)
    shown = conn.execute(sa.select(listings.c.merchant, listings.c.connection, listings.c.listing)).all()
    mark_dirty(conn, (), now, invalidate=[(m, c, name) for m, c, name in shown])


def _stop_everything(conn: sa.Connection, merchant: str, now: datetime) -> None:
    """Stop every kind of action as a person would; of mails, only who orders from now on is mailed again."""
    of_actions = switches.c.merchant == merchant, switches.c.action.in_([action.value for action in Action])
    conn.execute(sa.update(switches).where(*of_actions).values(state="off", at=now, actor=ACTOR))
    mails = (*of_actions, switches.c.action == Action.MAILS.value, switches.c.first_at.is_not(None))
    conn.execute(sa.update(switches).where(*mails).values(first_at=now))


def _sign_everybody_out(conn: sa.Connection, merchant: str) -> None:
    """End every session and one-time link: some were taken back since the backup, and nobody knows which."""
    conn.execute(sa.delete(sessions).where(sessions.c.merchant == merchant))
    conn.execute(sa.delete(one_time_links).where(one_time_links.c.merchant == merchant))


def _read_orders_again(conn: sa.Connection, merchant: str, now: datetime) -> None:
    """Have every open order fetched, and every channel asked for all that is open and all that changed since."""
    known = [order_id for order_id, _, _ in open_orders(conn, merchant)]
    of = sa.select(orders.c.order_id, orders.c.connection).where(orders.c.merchant == merchant)
    connections: dict[str, str] = {row[0]: row[1] for row in conn.execute(of)}
    fetches = [
        NewJob(kind="fetch", subject=order_id, connection=connections[order_id], due_at=now)
        for order_id in known
    ]
    enqueue(conn, merchant, fetches)
    polls = sa.select(jobs).where(jobs.c.merchant == merchant, jobs.c.kind == "poll")
    for row in conn.execute(polls).all():
        this = jobs.c.merchant == merchant, jobs.c.kind == row.kind, jobs.c.subject == row.subject
        conn.execute(sa.update(jobs).where(*this).values(due_at=now, data=_from_the_start(row.data)))


_OF_LIST = frozenset(
    {"page", "pages", "kept", "anew", "asked", "began", "behind", "opened", "opening", "high"}
)
"""What a poll remembers of the lists that it has read or is reading."""


def _from_the_start(data: str) -> str:
    """Return what a poll remembers without its place in a list, and without having listed what is open."""
    memory: dict[str, Any] = json.loads(data)
    return json.dumps({k: v for k, v in memory.items() if k not in _OF_LIST})
