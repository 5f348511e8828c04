"""The proof that a person is forgotten: every place is searched for keys that open, for hashes, and for the person's own words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

import sqlalchemy as sa

from core.errors import ConfigError
from core.store.forgetting import bodies_of
from core.store.keys import Purpose, find_search_hash, place_of
from core.store.personal import purpose_of_body
from core.store.sealing import Keyring, SealBrokenError

CARVED = ("data_keys", "refs")
"""The tables whose files are searched on PostgreSQL: keys that open, hashes that a guess confirms; the rest is sealed."""
SEARCHED_BY = ("email", "phone", "zip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What must be nowhere."""

    merchant: str
    purposes: frozenset[Purpose]
    """Of the keys under which the person's data was sealed."""
    texts: tuple[bytes, ...] = ()
    """Hashes by which the orders were found, and words of the person."""


@dataclass(slots=True)
class Seen:
    """What was found in one place."""

    keys: set[Purpose] = field(default_factory=set)
    texts: set[bytes] = field(default_factory=set)

    @property
    def clean(self) -> bool:
        """Whether nothing was."""
        return not self.keys and not self.texts


def sought_of(
    conn: sa.Connection,
    keyring: Keyring,
    merchant: str,
    order_ids: Sequence[str],
    words: Iterable[str] = (),
    *,
    connections: Iterable[str],
) -> Sought:
    """Return what must be nowhere once orders are forgotten; ``words`` are the person's: mail address, name, phone."""
    told = bodies_of(conn, merchant, order_ids, connections, emptied=True)
    of_bodies = {purpose_of_body(row.kind, row.subject, row.received_at) for row in told}
    own = {purpose for purpose in of_bodies if purpose.is_own}
    known = [word for word in words if word]
    hashes = [find_search_hash(conn, keyring, merchant, kind, w) for kind, w in product(SEARCHED_BY, known)]
    texts = {text.encode() for text in (*hashes, *known) if text}
    return Sought(
        merchant=merchant,
        purposes=frozenset({*map(Purpose.order, order_ids), *own}),
        texts=tuple(sorted(texts)),
    )


def search(data: bytes, keyring: Keyring, sought: Sought, seen: Seen) -> None:
    """Add to ``seen`` what some bytes hold: every wrapped key in them is tried on today's key ring."""
    seen.texts |= {text for text in sought.texts if text in data}
    for wrapped in keyring.carve(data):
        for purpose in sought.purposes - seen.keys:
            try:
                keyring.open_sealed(wrapped, place_of(sought.merchant, purpose.text))
            except (SealBrokenError, ConfigError):
                continue
            seen.keys.add(purpose)
