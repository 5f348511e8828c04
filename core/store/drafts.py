"""The draft of a merchant's crossdock.yaml that is tried beside the file in force; there is one at most."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.store.configs import save_config
from core.store.tables import drafts
from core.store.writes import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is tried, since when and until when, and who wants it."""

    digest: str
    since: datetime
    until: datetime
    actor: str


def save_draft(conn: sa.Connection, merchant: str, draft: Draft, text: str) -> None:
    """Have a draft tried from now on, in place of one that there was."""
    save_config(conn, merchant, draft.digest, text, now=draft.since)
    row = {
        "merchant": merchant,
        "digest": draft.digest,
        "since": draft.since,
        "until": draft.until,
        "actor": draft.actor,
    }
    upsert(conn, drafts, [row])


def draft_of(conn: sa.Connection, merchant: str) -> Draft | None:
    """Return a merchant's draft; None where none is tried."""
    row = conn.execute(sa.select(drafts).where(drafts.c.merchant == merchant)).one_or_none()
    if row is None:
        return None
    return Draft(digest=row.digest, since=row.since, until=row.until, actor=row.actor)


def drop_draft(conn: sa.Connection, merchant: str, digest: str) -> bool:
    """Have a draft tried no more, unless it is another one by now; return whether it was there."""
    this = (drafts.c.merchant == merchant, drafts.c.digest == digest)
    return conn.execute(sa.delete(drafts).where(*this)).rowcount > 0
