"""Forgetting a person: the one function, whoever asks for it (a person, a vendor, a limit that is over)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.domain.commit import OrderCommit
from core.engine.hub import Hub
from core.failpoints import failpoint
from core.model.facts import Forgotten
from core.model.forgetting import Why
from core.store.forgetting import OVERWRITTEN, Remains, Wish, forget_orders, remains_of
from core.store.tombstones import Tombstone, close_tombstones, open_tombstones

LOG = logging.getLogger("crossdock.privacy")

AT_ONCE = 200
"""Orders in one transaction."""
LOOK_BACK = timedelta(days=1)
"""For how long it is looked whether something came back of the forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgot:
    """What was forgotten, and whether it is overwritten already; if not, it is tried again until it is."""

    order_ids: tuple[str, ...]
    at: datetime
    erased: Remains
    overwritten: bool


async def forget(
    hub: Hub,
    merchant: str,
    order_ids: Sequence[str],
    *,
    why: Why,
    actor: str,
    emails: Sequence[str] = (),
    deliveries: Sequence[tuple[str, str]] = (),
) -> Forgot:
    """Forget the persons of orders for good: whatever brings them again, nothing of it is kept.

    ``order_ids`` are ours (``connection:id``); one that we do not know yet is forgotten before it is known. ``emails``
    are persons whose orders placed until now are forgotten also where they come to light later. ``deliveries`` are
    (connection, event id) of requests whose own bodies name the person. It may be done again: it ends the same.
    """
    at, ids = hub.clock.now(), tuple(dict.fromkeys(order_ids))
    wish = Wish(order_ids=(), at=at, why=why, actor=actor)
    first = replace(wish, emails=tuple(emails), deliveries=tuple(deliveries))
    parts = [ids[i : i + AT_ONCE] for i in range(0, len(ids), AT_ONCE)] or [()]
    erased = Remains()
    for part in parts:
        erased += await _erase(hub, merchant, replace(first, order_ids=part))
        first = wish
        await _tell(hub, merchant, part, why=why, actor=actor)
    overwritten = await _overwrite(hub, merchant, ids)
    LOG.info("%s: personal data of %d orders forgotten (%s)", merchant, len(ids), why.value)
    return Forgot(order_ids=ids, at=at, erased=erased, overwritten=overwritten)


async def finish_forgetting(hub: Hub, merchant: str) -> bool:
    """Do to its end what a crash cut off, or what others were in the way of; return whether there may be more.

    What was kept while it was being forgotten (two processes at one moment) is found here and goes too.
    """
    since = hub.clock.now() - LOOK_BACK
    left = await hub.store.read(open_tombstones, merchant, AT_ONCE, since=since)
    if not left:
        return False
    for tombstone in left:
        await _erase(hub, merchant, _wish_of(tombstone))
        await _tell(hub, merchant, [tombstone.order_id], why=tombstone.why, actor=tombstone.actor)
    before = any(tombstone.why is Why.BEFORE for tombstone in left)
    done = await _overwrite(hub, merchant, [tombstone.order_id for tombstone in left], whole=before)
    return done and len(left) == AT_ONCE


def _wish_of(tombstone: Tombstone) -> Wish:
    return Wish(order_ids=(tombstone.order_id,), at=tombstone.at, why=tombstone.why, actor=tombstone.actor)


async def _erase(hub: Hub, merchant: str, wish: Wish) -> Remains:
    failpoint("forgetting.erase.before")
    store = hub.store
    return await store.write(
        forget_orders, store.keys, merchant, wish, connections=list(hub.connections(merchant).ports)
    )


async def _tell(hub: Hub, merchant: str, order_ids: Sequence[str], *, why: Why, actor: str) -> None:
    """Tell it on the timeline of every order that we know, once."""
    for order_id in order_ids:
        state = await hub.store.load(merchant, order_id)
        if state is None or state.order is None or state.forgotten_at is not None:
            continue
        now = hub.clock.now()
        fact = Forgotten(at=now, actor=actor, why=why)
        failpoint("forgetting.tell.before")
        await hub.store.commit(OrderCommit(merchant=merchant, order_id=order_id, at=now, happened=(fact,)))


async def _overwrite(hub: Hub, merchant: str, order_ids: Sequence[str], *, whole: bool = False) -> bool:
    """Overwrite what was deleted, and close the tombstones of which nothing is left; True where that is all of them."""
    names = list(hub.connections(merchant).ports)
    failpoint("forgetting.overwrite.before")
    # An older hub left label files as they are: there the deleted rows of labels would tell as well.
    tables = (*OVERWRITTEN, "labels") if whole else OVERWRITTEN
    if not await hub.store.db.overwrite(tables, whole=whole):
        return False
    left = await hub.store.read(remains_of, merchant, order_ids, connections=names)
    if left:
        return False
    failpoint("forgetting.close.before")
    await hub.store.write(close_tombstones, merchant, order_ids, at=hub.clock.now())
    return True
