"""A shipping method that crossdock.yaml does not name goes by the default, and its merchant hears of it once (R95)."""

from core.domain.notices import UNLISTED_METHOD
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.failpoints import failpoint
from core.model.commit import MerchantNotice
from core.store import notices as rows


async def open_notices(hub: Hub, merchant: str) -> tuple[MerchantNotice, ...]:
    """Return what a merchant has not seen yet and is still so, the oldest first."""
    config = hub.config(merchant)
    unseen = await hub.store.read(rows.unseen_notices, merchant)
    return tuple(n for n in unseen if n.kind != UNLISTED_METHOD or not config.names(n.subject))


async def see(hub: Hub, merchant: str, kind: str, subject: str) -> None:
    """Mark a notice as seen; seen twice is seen.

    Raises:
        NotFoundError: there is no such notice.
    """
    failpoint("notices.seen.before")
    if not await hub.store.write(rows.mark_seen, merchant, kind, subject, now=hub.clock.now()):
        raise NotFoundError(f"no notice {kind!r} of {subject!r}")
