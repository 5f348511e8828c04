"""A shipping method that crossdock.yaml does not name goes by the default, and its merchant hears of it once (R95)."""

from core.domain.commit import MerchantNotice
from core.domain.notices import UNLISTED_METHOD
from core.engine.hub import Hub
from core.errors import NotFoundError, RefusedError
from core.failpoints import failpoint
from core.services.parked import in_words
from core.store import notices as rows
from core.store.parked import count_parked

PARKED = "parked"


async def open_notices(hub: Hub, merchant: str) -> tuple[MerchantNotice, ...]:
    """Return what a merchant has not seen yet and is still so, the oldest first."""
    config = hub.config(merchant)
    unseen = await hub.store.read(rows.unseen_notices, merchant)
    stored = [n for n in unseen if n.kind != UNLISTED_METHOD or not config.names(n.subject)]
    return (*stored, *await _of_parked(hub, merchant))


async def _of_parked(hub: Hub, merchant: str) -> list[MerchantNotice]:
    """Return the alert of parked work, for as long as there is any (R68): it ends by itself, not by being seen."""
    parked = await hub.store.read(count_parked, merchant)
    if parked.since is None:
        return []
    counted = in_words(parked.orders, parked.jobs, parked.deliveries)
    text = f"Needs attention: {counted} failed and will not be done before they are tried again"
    return [MerchantNotice(kind=PARKED, subject="work", text=text, since=parked.since)]


async def see(hub: Hub, merchant: str, kind: str, subject: str) -> None:
    """Mark a notice as seen; seen twice is seen.

    Raises:
        NotFoundError: there is no such notice.
        RefusedError: it is of parked work, and stands for as long as there is any.
    """
    if kind == PARKED:
        raise RefusedError(
            "this notice goes away when nothing is parked any more; try it again: crossdock parked"
        )
    failpoint("notices.seen.before")
    if not await hub.store.write(rows.mark_seen, merchant, kind, subject, now=hub.clock.now()):
        raise NotFoundError(f"no notice {kind!r} of {subject!r}")
