"""The digest of a run: what happened in it, line by line, then every fact and every effect in the order they came."""

import hashlib
import json
from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from core.store.tables import effects, facts

_SEEDLESS = "address"
"""A digest of the address under the order's own key, which no seed chooses."""


def digest_of(conn: sa.Connection, trace: Iterable[str]) -> str:
    """Return the digest of a run: the same one, the same run."""
    found = hashlib.sha256()
    for line in (*trace, *_facts(conn), *_effects(conn)):
        found.update(line.encode())
        found.update(b"\n")
    return found.hexdigest()


def _facts(conn: sa.Connection) -> Iterator[str]:
    columns = (facts.c.merchant, facts.c.order_id, facts.c.seq, facts.c.kind, facts.c.data)
    for merchant, order_id, seq, kind, data in conn.execute(sa.select(*columns).order_by(sa.text("rowid"))):
        told = {name: value for name, value in json.loads(data).items() if name != _SEEDLESS}
        yield f"{merchant} {order_id} {seq} {kind} {json.dumps(told, sort_keys=True)}"


def _effects(conn: sa.Connection) -> Iterator[str]:
    columns = (effects.c.merchant, effects.c.key, effects.c.state, effects.c.owner, effects.c.result)
    for row in conn.execute(sa.select(*columns).order_by(sa.text("rowid"))):
        yield " ".join(row)
