"""The store: everything the hub remembers, behind one class whose methods only say where the work is done.

Every method takes the merchant first. Writes that many tasks make at once (commits, claims, deliveries) and the read
of an order are grouped into one transaction each; see ``group``.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Self

from core.flow.state import OrderState, Stage
from core.model.facts import Fact
from core.model.order import Personal
from core.store import claims, errands, inbox, personal, reads
from core.store.append_only import create_all
from core.store.commit import Committer, InTransaction, OnWake
from core.store.engine import Database, database
from core.store.group import Grouped
from core.store.rebuild import rebuild
from core.store.sealing import Keyring
from core.store.shelves import Shelves
from core.store.token_row import TokenRow
from core.store.unit import Committed, Unit


class Store(Shelves):
    """One database of the hub; share it among all tasks of a process and ``close`` it at the end."""

    def __init__(self, db: Database, keys: Keyring, *, batched: bool) -> None:
        super().__init__(db)
        self.keys = keys
        self._committer = Committer(db, keys, batched=batched)
        self._claims: Grouped[claims.ClaimWish, claims.Claimed | None] = Grouped(
            lambda wishes: db.write(claims.claim_all, wishes)
        )
        self._loads: Grouped[tuple[str, str], OrderState | None] = Grouped(
            lambda wanted: db.read(reads.load_all, wanted), limit=256
        )
        self._deliveries: Grouped[inbox.Delivered, int] = Grouped(
            lambda asks: db.write(inbox.deliver_all, keys, asks)
        )

    @classmethod
    async def open(cls, url: str, *, keys: Keyring, batched: bool = True) -> Self:
        """Open a database that ``migrations`` brought up to date."""
        return cls(database(url), keys, batched=batched)

    async def close(self) -> None:
        """Wait for what is under way, then close every connection."""
        await self._committer.settle()
        for group in (self._claims, self._loads, self._deliveries):
            await group.settle()
        await self.db.close()

    async def create_tables(self) -> None:
        """Create every table in an empty database at once, for tests and simulation."""
        await self.db.write(create_all)

    def on_wake(self, tell: OnWake | None) -> None:
        """Have ``tell`` called, after the transaction, with (merchant, order id, version) left due now."""
        self._committer.on_wake = tell

    def in_transaction(self, enqueue: InTransaction | None) -> None:
        """Have ``enqueue`` called inside the transaction with its connection and all orders it leaves due now."""
        self._committer.in_transaction = enqueue

    # Orders: the unit, and whose turn it is.

    async def commit(self, unit: Unit) -> Committed:
        """Commit a unit: see core/store/unit.py for its two halves."""
        return await self._committer.commit(unit)

    async def claim(
        self, merchant: str, order_id: str, *, owner: str, now: datetime, until: datetime
    ) -> claims.Claimed | None:
        """Claim an order that is due and that nobody holds, or return None."""
        return await self._claims.ask(
            claims.ClaimWish(merchant=merchant, order_id=order_id, owner=owner, now=now, until=until)
        )

    async def renew(
        self, owner: str, keys: Collection[tuple[str, str]], until: datetime
    ) -> frozenset[tuple[str, str]]:
        """Prolong claims on (merchant, order id) and return those still held."""
        return await self.db.write(claims.renew, owner, keys, until=until)

    async def give_back(self, merchant: str, order_id: str, *, owner: str) -> None:
        """End a claim."""
        await self.db.write(claims.give_back, merchant, order_id, owner=owner)

    async def due(self, now: datetime, *, limit: int, per_merchant: int) -> list[tuple[str, str, int]]:
        """Return (merchant, order id, version) of orders due and held by nobody, fair over merchants."""
        return await self.db.read(claims.due, now, limit=limit, per_merchant=per_merchant)

    async def wake_open_orders(self, merchant: str, now: datetime) -> None:
        """Have every order that is not over looked at: what is allowed has changed."""
        await self.db.write(claims.wake_open_orders, merchant, now)

    # Orders: reading.

    async def load(self, merchant: str, order_id: str) -> OrderState | None:
        """Return where an order stands, or None."""
        return await self._loads.ask((merchant, order_id))

    async def facts(self, merchant: str, order_id: str) -> list[Fact]:
        """Return an order's facts, the first one first."""
        return await self.db.read(reads.facts_of, merchant, order_id)

    async def effects(self, merchant: str, order_id: str | None = None) -> list[reads.EffectRow]:
        """Return the effects of an order, or all of a merchant's, the oldest first."""
        return await self.db.read(reads.effects_of, merchant, order_id)

    async def personal(self, merchant: str, order_id: str) -> Personal | None:
        """Return an order's personal data, or None where there is none or it was forgotten."""
        return await self.db.read(personal.personal_of, self.keys, merchant, order_id)

    async def address_digest(self, merchant: str, order_id: str, text: str) -> str | None:
        """Return a keyed digest of an order's address, by which a fact may tell whether it changed; None: forgotten."""
        return await self.db.read(personal.address_digest, self.keys, merchant, order_id, text)

    async def find(self, merchant: str, kind: str, reference: str) -> list[str]:
        """Return the ids of the orders a reference belongs to."""
        return await self.db.read(reads.find, merchant, kind, reference)

    async def find_person(self, merchant: str, kind: str, value: str) -> list[str]:
        """Return the ids of the orders of a person, by email, phone or postcode in clear."""
        return await self.db.read(personal.find_person, self.keys, merchant, kind, value)

    async def find_number(self, merchant: str, number: str) -> list[str]:
        """Return the ids of the orders that people call ``number``."""
        return await self.db.read(reads.find_number, merchant, number)

    async def find_external(self, merchant: str, connection: str, external_id: str) -> str | None:
        """Return the id of the order that a channel calls ``external_id``, or None."""
        return await self.db.read(reads.find_external, merchant, connection, external_id)

    async def list_orders(
        self,
        merchant: str,
        *,
        stage: Stage | None = None,
        hold: str | None = None,
        connection: str | None = None,
        text: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> reads.Page[reads.OrderRow]:
        """Return a page of orders, the newest first."""
        return await self.db.read(
            reads.list_orders,
            merchant,
            stage=stage,
            hold=hold,
            connection=connection,
            text=text,
            after=after,
            limit=limit,
        )

    async def orders_held(self, merchant: str, reason: str) -> list[str]:
        """Return the ids of the orders held for a reason."""
        return await self.db.read(reads.orders_held, merchant, reason)

    async def counts_by_stage(self, merchant: str) -> dict[Stage, int]:
        """Return how many orders stand at each stage."""
        return await self.db.read(reads.counts_by_stage, merchant)

    async def account_of(self, merchant: str, connection: str) -> str | None:
        """Return the vendor's account that a connection's token was granted for, or None."""
        row = TokenRow(keyring=self.keys, merchant=merchant, connection=connection)
        kept = await self.db.read(row.find)
        return None if kept is None else kept.token.account

    async def rebuild(self, merchant: str | None = None) -> int:
        """Compute every order's row again from its facts; return how many differed."""
        return await self.db.write(rebuild, merchant)

    # Deliveries and errands.

    async def deliver(
        self, merchant: str, connection: str, deliveries: Sequence[inbox.Delivery], *, now: datetime
    ) -> int:
        """Store deliveries, each once, and ring for the new ones; return how many were new."""
        return await self._deliveries.ask(inbox.Delivered(merchant, connection, deliveries, now))

    async def list_deliveries(
        self,
        merchant: str,
        *,
        connection: str | None = None,
        state: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> reads.Page[inbox.DeliveryRow]:
        """Return a page of deliveries, the newest first."""
        return await self.db.read(
            inbox.list_deliveries, merchant, connection=connection, state=state, after=after, limit=limit
        )

    async def delivery_body(self, merchant: str, connection: str, event_id: str) -> bytes | None:
        """Return a delivery's body in clear, or None where it is no longer kept."""
        return await self.db.read(personal.body_of, self.keys, merchant, connection, event_id)

    async def replay(self, merchant: str, connection: str, event_id: str, *, now: datetime) -> None:
        """Ring again for a delivery."""
        await self.db.write(inbox.replay, merchant, connection, event_id, now=now)

    async def ring(
        self,
        merchant: str,
        kind: str,
        subject: str,
        *,
        connection: str,
        due_at: datetime,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Make an errand due by ``due_at``; ``data`` is kept only where the errand is new."""
        wish = errands.Ring(kind=kind, subject=subject, connection=connection, due_at=due_at, data=data or {})
        await self.db.write(errands.ring_all, [(merchant, wish)])

    async def ring_all(self, merchant: str, rings: Sequence[errands.Ring]) -> None:
        """Make several errands due in one transaction."""
        await self.db.write(errands.ring_all, [(merchant, ring) for ring in rings])

    async def claim_errands(
        self,
        *,
        owner: str,
        now: datetime,
        until: datetime,
        limit: int,
        kinds: Sequence[str] | None = None,
        skip: Sequence[errands.ErrandKey] = (),
    ) -> list[errands.Errand]:
        """Claim errands that are due and held by nobody, the longest due first; ``skip`` is left alone."""
        return await self.db.write(
            errands.claim_errands, owner=owner, now=now, until=until, limit=limit, kinds=kinds, skip=skip
        )

    async def renew_errands(self, owner: str, keys: Sequence[errands.ErrandKey], until: datetime) -> None:
        """Prolong an owner's claims on errands."""
        await self.db.write(errands.renew_errands, owner, keys, until=until)

    async def give_back_errands(self, owner: str, keys: Sequence[errands.ErrandKey]) -> None:
        """End an owner's claims on errands that were cut off; they stay due."""
        await self.db.write(errands.give_back_errands, owner, keys)

    async def finish(
        self,
        errand: errands.Errand,
        *,
        now: datetime,
        due_at: datetime | None = None,
        data: Mapping[str, Any] | None = None,
        error: str | None = None,
        attempts: int = 0,
        park: bool = False,
    ) -> bool:
        """End an errand's run; return whether it rang meanwhile and so is due now."""
        return await self.db.write(
            errands.finish,
            errand,
            now=now,
            due_at=due_at,
            data=None if data is None else dict(data),
            error=error,
            attempts=attempts,
            park=park,
        )

    async def errands(self, merchant: str, *, kind: str | None = None) -> list[errands.Errand]:
        """Return a merchant's errands."""
        return await self.db.read(errands.list_errands, merchant, kind=kind)
