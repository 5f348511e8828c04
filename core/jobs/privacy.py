"""What privacy law and vendors ask: forget a person, hand out what is known of one, forget a shop.

How a person is forgotten is core/engine/forgetting.
"""

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.domain.commit import MerchantNotice
from core.domain.notices import DATA_REQUESTED, UNINSTALL_UNCONFIRMED
from core.engine.forgetting import forget
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.errors import AuthError
from core.failpoints import failpoint
from core.model.forgetting import Why
from core.model.privacy import PrivacyRequest, RequestKind, RequestState
from core.ports import Token
from core.store.inbox import deliveries_of_job, orders_told
from core.store.jobs import Job
from core.store.notices import raise_notices
from core.store.orders import known_orders, orders_of_connection
from core.store.privacy_requests import end_request, take_request
from core.store.tokens import TokenRow

LOG = logging.getLogger("crossdock.privacy")
_FORGOTTEN_AT_ONCE = 5000
"""So many orders of a shop that left are forgotten before the next are looked up."""


LOOK_AGAIN = (timedelta(minutes=1), timedelta(minutes=10))
"""When a vendor is asked again that told us of an end and still takes us: its own systems may need a moment."""


async def revoke_token(hub: Hub, job: Job) -> Reschedule | None:
    """The merchant took the app away at the vendor: its token is forgotten; the connections page says Reconnect.

    Whoever holds any signed body could say so: the vendor itself is asked, and one that still takes us is believed.
    """
    if not await _takes_us(hub, job.merchant, job.connection):
        row = TokenRow(keyring=hub.store.keys, merchant=job.merchant, connection=job.connection)
        await hub.store.write(_forget_token, row, hub.owner, hub.clock.now())
        return None
    looks = int(job.data.get("looks", 0))
    if looks < len(LOOK_AGAIN):
        return Reschedule(due_at=hub.clock.now() + LOOK_AGAIN[looks], data={"looks": looks + 1})
    await _notify(
        hub,
        job,
        UNINSTALL_UNCONFIRMED,
        f"{job.connection} {hub.clock.now():%Y-%m-%d}",
        f"We were told that the app was taken away at {job.connection}, but its vendor still takes our token: nothing was "
        "changed. Connect it again if that is wrong; if nobody took it away, somebody sent the message in its name.",
    )
    return None


async def _takes_us(hub: Hub, merchant: str, connection: str) -> bool:
    """Return whether a vendor still accepts a connection; where nothing can be asked of it, what it told stands.

    Raises:
        ConnectorError: it cannot be told just now.
    """
    probe = hub.connections(merchant).named(connection).probe
    if probe is None:
        return False
    try:
        await probe()
    except AuthError:
        return False
    return True


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
    request = await _taken(hub, job, RequestKind.REDACT_PERSON)
    order_ids = [f"{job.connection}:{order}" for order in request.orders]
    known = await hub.store.read(known_orders, job.merchant, order_ids)
    asked = await hub.store.read(deliveries_of_job, job)
    await forget(hub, job.merchant, order_ids, why=Why.VENDOR, actor="channel", deliveries=asked)
    result = f"{len(known)} of {len(order_ids)} orders named are known here; the person is forgotten in each"
    await _end(hub, job.merchant, request, RequestState.DONE, result)
    return None


async def export_person(hub: Hub, job: Job) -> Reschedule | None:
    """Have a person answer a shopper who asks what is known of them: the request stays open until one says so."""
    request = await _taken(hub, job, RequestKind.EXPORT_PERSON)
    if request.state is not RequestState.OPEN:
        return None
    await _notify(
        hub,
        job,
        DATA_REQUESTED,
        f"{job.connection} {request.event_id}",
        f"A shopper of {job.connection} asks what is known of them. Send them what the page of privacy requests gives, "
        f"by {request.answer_by:%Y-%m-%d}, and mark the request as answered there.",
    )
    return None


async def _notify(hub: Hub, job: Job, kind: str, subject: str, text: str) -> None:
    """Have the merchant hear of something once."""
    notice = MerchantNotice(kind=kind, subject=subject, text=text, since=hub.clock.now())
    failpoint("privacy.notice.before")
    await hub.store.write(raise_notices, [(job.merchant, notice)])


async def redact_shop(hub: Hub, job: Job) -> Reschedule | None:
    """Forget every person of a connection whose shop left for good, and the shop's own name.

    A vendor that still takes us is not gone: then nothing is forgotten, and the request is refused for people to see.
    """
    request = await _taken(hub, job, RequestKind.REDACT_SHOP)
    if request.state is not RequestState.OPEN:
        return None
    if await _takes_us(hub, job.merchant, job.connection):
        result = "nothing was forgotten: the shop still has the app, and its vendor still takes our token"
        LOG.warning("%s: asked to forget all of %s; %s", job.merchant, job.connection, result)
        await _end(hub, job.merchant, request, RequestState.REFUSED, result)
        return None
    of, after = (job.merchant, job.connection), None
    told = set(await hub.store.read(orders_told, *of))
    number = len(told)
    while known := await hub.store.read(orders_of_connection, *of, after=after, limit=_FORGOTTEN_AT_ONCE):
        after, ids = known[-1], [order_id for _, order_id in known]
        number += len(set(ids) - told)
        await forget(hub, job.merchant, ids, why=Why.SHOP_LEFT, actor="channel")
    await forget(hub, job.merchant, sorted(told), why=Why.SHOP_LEFT, actor="channel")
    row = TokenRow(keyring=hub.store.keys, merchant=job.merchant, connection=job.connection)
    await hub.store.write(_forget_account, row)
    result = f"the persons of all {number} orders are forgotten, and the shop's account"
    await _end(hub, job.merchant, request, RequestState.DONE, result)
    return None


async def _taken(hub: Hub, job: Job, kind: RequestKind) -> PrivacyRequest:
    """Return the row of the request that a job is for, written at its first run: a replay finds it again."""
    asked = PrivacyRequest(
        connection=job.connection,
        event_id=job.object_id,
        kind=kind,
        received_at=hub.clock.now(),
        orders=tuple(job.data.get("orders", ())),
    )
    failpoint("privacy.taken.before")
    return await hub.store.write(take_request, job.merchant, asked)


async def _end(hub: Hub, merchant: str, request: PrivacyRequest, state: RequestState, result: str) -> None:
    failpoint("privacy.end.before")
    await hub.store.write(
        end_request, merchant, request, state=state, result=result, now=hub.clock.now(), by="hub"
    )


def _forget_account(conn: sa.Connection, row: TokenRow) -> None:
    """Delete what was kept of a shop that left; one that came back meanwhile keeps its token."""
    kept = row.find(conn)
    if kept is not None and kept.dead:
        row.drop(conn)
