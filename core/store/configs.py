"""What each crossdock.yaml said, and which of them was in force since when."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.store.tables import config_versions, configs
from core.store.writes import upsert

STARTED = "hub"
"""The actor of what came in force because a process was started with it."""


def save_config(conn: sa.Connection, merchant: str, config_hash: str, text: str, *, now: datetime) -> None:
    """Store a config file that runs from now on."""
    row = {"merchant": merchant, "hash": config_hash, "loaded_at": now, "text": text}
    upsert(conn, configs, [row])


def text_of_config(conn: sa.Connection, merchant: str, digest: str) -> str | None:
    """Return what a file said that was loaded once; None where none of that digest was."""
    query = sa.select(configs.c.text).where(configs.c.merchant == merchant, configs.c.hash == digest)
    return conn.execute(query).scalar_one_or_none()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigVersion:
    """A file of a merchant that was put in force: the newest one is."""

    number: int
    """From 1."""
    digest: str
    since: datetime
    actor: str
    """``hub``: a process that started with it; else who applied it."""


def note_version(conn: sa.Connection, merchant: str, digest: str, *, actor: str, now: datetime) -> None:
    """Note that a file is in force from now on, unless it is already; the caller lets nobody else do so meanwhile."""
    newest = list_versions(conn, merchant, limit=1)
    if newest and newest[0].digest == digest:
        return
    number = newest[0].number + 1 if newest else 1
    row = {"merchant": merchant, "number": number, "digest": digest, "since": now, "actor": actor}
    conn.execute(sa.insert(config_versions), row)


def list_versions(conn: sa.Connection, merchant: str, *, limit: int) -> list[ConfigVersion]:
    """Return what was in force since when, the newest first."""
    query = sa.select(config_versions).where(config_versions.c.merchant == merchant)
    rows = conn.execute(query.order_by(config_versions.c.number.desc()).limit(limit))
    return [
        ConfigVersion(number=row.number, digest=row.digest, since=row.since, actor=row.actor) for row in rows
    ]


def applied_over(conn: sa.Connection, merchant: str, digest: str) -> str | None:
    """Return what runs in place of a file that a process starts with: what somebody applied after that file; else None.

    A file that was never in force is none that anything was applied over.
    """
    newest = list_versions(conn, merchant, limit=1)
    if not newest or newest[0].digest == digest or newest[0].actor == STARTED:
        return None
    this = (config_versions.c.merchant == merchant, config_versions.c.digest == digest)
    if conn.execute(sa.select(config_versions.c.number).where(*this).limit(1)).first() is None:
        return None
    return text_of_version(conn, merchant, newest[0].number)


def text_of_version(conn: sa.Connection, merchant: str, number: int) -> str | None:
    """Return what the file of a version said; None where there is no such version."""
    same = (config_versions.c.merchant == configs.c.merchant, config_versions.c.digest == configs.c.hash)
    this = (config_versions.c.merchant == merchant, config_versions.c.number == number)
    return conn.execute(sa.select(configs.c.text).where(*same, *this)).scalar_one_or_none()
