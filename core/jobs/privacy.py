"""What privacy law and vendors ask: forget a person, hand out what is known of one, forget a shop.

How a person is forgotten is core/engine/forgetting.
"""

import logging
from datetime import datetime

import sqlalchemy as sa

from core.engine.forgetting import forget
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.model.forgetting import Why
from core.ports import Token
from core.store.inbox import deliveries_of_job
from core.store.jobs import Job
from core.store.orders import orders_of_connection
from core.store.tokens import TokenRow

LOG = logging.getLogger("crossdock.privacy")


async def revoke_token(hub: Hub, job: Job) -> Reschedule | None:
    """The merchant took the app away at the vendor: its token is forgotten; the connections page says Reconnect."""
    row = TokenRow(keyring=hub.store.keys, merchant=job.merchant, connection=job.connection)
    await hub.store.write(_forget_token, row, hub.owner, hub.clock.now())
    return None


def _forget_token(conn: sa.Connection, row: TokenRow, owner: str, now: datetime) -> None:
    """Delete the token, and keep the name of the account: the vendor's request to forget the shop comes days later."""
    kept = row.find(conn)
    row.drop(conn)
    if kept is None or kept.token.account is None:
        return
    row.put(conn, Token(access="", account=kept.token.account), now)
    emptied = row.find(conn)
    if emptied is not None and row.claim(conn, emptied, owner=owner, now=now, until=now):
        row.mark_dead(conn, emptied, owner)


async def redact_person(hub: Hub, job: Job) -> Reschedule | None:
    """Forget the person behind the orders that the request names, and nobody else (R66)."""
    order_ids = [f"{job.connection}:{order}" for order in job.data.get("orders", ())]
    asked = await hub.store.read(deliveries_of_job, job)
    await forget(hub, job.merchant, order_ids, why=Why.VENDOR, actor="channel", deliveries=asked)
    return None


async def export_person(_hub: Hub, job: Job) -> Reschedule | None:
    """Note that a person asks what is known of them; a merchant reads it off the orders' pages and answers."""
    orders = ", ".join(job.data.get("orders", ())) or "none named"
    LOG.warning("%s: a shopper of %s asks for their data; orders: %s", job.merchant, job.connection, orders)
    return None


async def redact_shop(hub: Hub, job: Job) -> Reschedule | None:
    """Forget every person of a connection whose shop left for good, and the shop's own name."""
    order_ids = await hub.store.read(orders_of_connection, job.merchant, job.connection)
    await forget(hub, job.merchant, order_ids, why=Why.SHOP_LEFT, actor="channel")
    row = TokenRow(keyring=hub.store.keys, merchant=job.merchant, connection=job.connection)
    await hub.store.write(_forget_account, row)
    return None


def _forget_account(conn: sa.Connection, row: TokenRow) -> None:
    """Delete what was kept of a shop that left; one that came back meanwhile keeps its token."""
    kept = row.find(conn)
    if kept is not None and kept.dead:
        row.drop(conn)
