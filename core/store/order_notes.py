"""The texts of notes: one sealed row each, under the key of its order.

A text is written in the transaction of the fact that tells of it, so that neither is ever there alone; but of an order
whose person was forgotten nothing is sealed any more, and its notes are forgotten with it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from core.domain.commit import OrderCommit
from core.model.annotations import NoteAdded
from core.model.facts import FACT
from core.store.keys import Purpose, find_key, keys_for
from core.store.sealing import Keyring, Place, key_id_of, open_sealed, seal
from core.store.tables import facts, order_notes


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNote:
    """A note of an order; ``text`` is None where it is forgotten."""

    note_id: str
    at: datetime
    actor: str
    text: str | None = field(repr=False)


def write_notes(
    conn: sa.Connection, keyring: Keyring, commits: Sequence[OrderCommit], gone: Collection[tuple[str, str]]
) -> None:
    """Seal and store the notes that commits bring, but of orders that are ``gone``."""
    brought = {(c.merchant, c.order_id): c.note for c in commits if c.note is not None}
    if not brought:
        return
    kept = sorted(set(brought).difference(gone))
    keys = keys_for(conn, keyring, [(merchant, Purpose.order(order_id)) for merchant, order_id in kept])
    rows = []
    for merchant, order_id in kept:
        note = brought[merchant, order_id]
        place = _place(merchant, order_id, note.note_id)
        sealed = seal(keys[merchant, Purpose.order(order_id)], note.text.encode(), place)
        row = {"merchant": merchant, "order_id": order_id, "note_id": note.note_id, "sealed": sealed}
        rows.append(row)
    if rows:
        conn.execute(sa.insert(order_notes), rows)


def note_texts(conn: sa.Connection, keyring: Keyring, merchant: str, order_id: str) -> dict[str, str]:
    """Return the texts of an order's notes by id; one that is forgotten is left out."""
    key = find_key(conn, keyring, merchant, Purpose.order(order_id))
    if key is None:
        return {}
    query = sa.select(order_notes.c.note_id, order_notes.c.sealed).where(
        order_notes.c.merchant == merchant, order_notes.c.order_id == order_id
    )
    return {
        note_id: open_sealed(key, sealed, _place(merchant, order_id, note_id)).decode()
        for note_id, sealed in conn.execute(query)
        if key_id_of(sealed) == key.key_id
    }


def notes_of(conn: sa.Connection, keyring: Keyring, merchant: str, order_id: str) -> list[OrderNote]:
    """Return an order's notes, the first one first."""
    texts = note_texts(conn, keyring, merchant, order_id)
    query = sa.select(facts.c.data).where(
        facts.c.merchant == merchant, facts.c.order_id == order_id, facts.c.kind == "note_added"
    )
    told = [FACT.validate_json(data) for data in conn.execute(query.order_by(facts.c.seq)).scalars()]
    return [
        OrderNote(note_id=fact.note_id, at=fact.at, actor=fact.actor, text=texts.get(fact.note_id))
        for fact in told
        if isinstance(fact, NoteAdded)
    ]


def _place(merchant: str, order_id: str, note_id: str) -> Place:
    return Place(merchant=merchant, table="order_notes", row=(order_id, note_id))
