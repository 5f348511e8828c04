"""Notices: what a merchant should know of once, and no order waits for; one row for each subject, for good."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from core.domain.commit import MerchantNotice
from core.store.tables import notices
from core.store.writes import insert_new


def raise_notices(conn: sa.Connection, told: Iterable[tuple[str, MerchantNotice]]) -> None:
    """Write (merchant, notice) down; one that was raised before stays as it is, seen or not."""
    of_key = {(merchant, notice.kind, notice.subject): notice for merchant, notice in told}
    rows = [
        {
            "merchant": merchant,
            "kind": kind,
            "subject": subject,
            "text": notice.text,
            "since": notice.since,
        }
        for (merchant, kind, subject), notice in sorted(of_key.items(), key=lambda item: item[0])
    ]
    insert_new(conn, notices, rows)


def unseen_notices(conn: sa.Connection, merchant: str) -> tuple[MerchantNotice, ...]:
    """Return the notices that nobody has marked as seen, the oldest first."""
    found = conn.execute(
        sa.select(notices)
        .where(notices.c.merchant == merchant, notices.c.seen_at.is_(None))
        .order_by(notices.c.since, notices.c.kind, notices.c.subject)
    )
    return tuple(
        MerchantNotice(kind=row.kind, subject=row.subject, text=row.text, since=row.since) for row in found
    )


def mark_seen(conn: sa.Connection, merchant: str, kind: str, subject: str, *, now: datetime) -> bool:
    """Mark a notice as seen, the first time; return whether there is one."""
    changed = conn.execute(
        sa.update(notices)
        .where(notices.c.merchant == merchant, notices.c.kind == kind, notices.c.subject == subject)
        .values(seen_at=sa.func.coalesce(notices.c.seen_at, now))
    )
    return bool(changed.rowcount)
