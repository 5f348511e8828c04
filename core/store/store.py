"""The store: everything the hub remembers.

What many tasks ask at once (commits, claims, deliveries, the state of an order) is grouped into one transaction each,
see ``group``; everything else is a function of the noun's own module, handed to ``read`` or ``write``:
``await store.read(list_switches, merchant)``.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Concatenate, ParamSpec, Self, TypeVar

import sqlalchemy as sa

from core.domain.commit import Committed, OrderCommit
from core.domain.state import OrderState
from core.store import claims, inbox
from core.store.append_only import create_all
from core.store.commit import Committer, InTransaction, Measured, OnWake
from core.store.engine import Database, database
from core.store.group import Grouped
from core.store.idempotency import UNDER, land
from core.store.job_ends import JobEnd, end_jobs
from core.store.known import Known, know_all
from core.store.orders import find_all, load_all
from core.store.sealing import Keyring

P = ParamSpec("P")
T = TypeVar("T")
_DELIVERIES = 256
"""Asks of one transaction: what came during the one before goes in together, or a busy minute never catches up."""


class Store:
    """One database of the hub; share it among all tasks of a process and ``close`` it at the end."""

    def __init__(self, db: Database, keys: Keyring, *, batched: bool) -> None:
        self.db = db
        self.keys = keys
        self._committer = Committer(db, keys, batched=batched)
        self._claims: Grouped[claims.ClaimWish, claims.Claimed | None] = Grouped(
            lambda wishes: db.write(claims.claim_all, wishes)
        )
        self._loads: Grouped[tuple[str, str], OrderState | None] = Grouped(
            lambda wanted: db.read(load_all, wanted), limit=256
        )
        self._known: Grouped[tuple[str, str], Known] = Grouped(
            lambda wanted: db.read(know_all, keys, wanted), limit=256
        )
        self._finds: Grouped[tuple[str, str, str], list[str]] = Grouped(
            lambda wanted: db.read(find_all, wanted), limit=256
        )
        self._ends: Grouped[JobEnd, bool] = Grouped(
            lambda ends: db.write(end_jobs, ends), apart=lambda end: end.job.key
        )
        self._deliveries: Grouped[inbox.Delivered, int] = Grouped(
            lambda asks: db.write_first(inbox.deliver_all, keys, asks), limit=_DELIVERIES
        )

    @classmethod
    async def open(cls, url: str, *, keys: Keyring, batched: bool = True, name: str = "crossdock") -> Self:
        """Open a database that ``migrations`` brought up to date, for a process of a name."""
        return cls(database(url, name), keys, batched=batched)

    async def close(self) -> None:
        """Wait for what is under way, then close every connection."""
        await self._committer.settle()
        for group in (self._claims, self._loads, self._known, self._finds, self._ends, self._deliveries):
            await group.settle()
        await self.db.close()

    @property
    def deliveries_waiting(self) -> int:
        """How many deliveries came while others are being stored: their senders wait for an answer."""
        return self._deliveries.waiting

    async def create_tables(self) -> None:
        """Create every table in an empty database at once, for tests and simulation."""
        await self.write(create_all)

    def on_wake(self, tell: OnWake | None) -> None:
        """Have ``tell`` called, after the transaction, with (merchant, order id, version) left due now."""
        self._committer.on_wake = tell

    def in_transaction(self, enqueue: InTransaction | None) -> None:
        """Have ``enqueue`` called inside the transaction with its connection and all orders it leaves due now."""
        self._committer.in_transaction = enqueue

    def measure_commits(self, measured: Measured) -> None:
        """Have ``measured`` measure each transaction of commits."""
        self._committer.measured = measured

    async def read(
        self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function of core/store that only reads, in a transaction of its own."""
        return await self.db.read(function, *args, **kwargs)

    async def write(
        self, function: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function of core/store that writes, in a transaction of its own."""
        request = UNDER.get()
        if request is None:
            return await self.db.write(function, *args, **kwargs)

        def work(conn: sa.Connection) -> T:
            land(conn, request)
            return function(conn, *args, **kwargs)

        return await self.db.write(work)

    async def commit(self, commit: OrderCommit) -> Committed:
        """Commit what happened to an order and what is decided: see core/domain/commit for the two halves."""
        request = UNDER.get()
        return await self._committer.commit(commit if request is None else replace(commit, request=request))

    async def claim(
        self, merchant: str, order_id: str, *, owner: str, now: datetime, until: datetime
    ) -> claims.Claimed | None:
        """Claim an order that is due and that nobody holds, or return None."""
        return await self._claims.ask(
            claims.ClaimWish(merchant=merchant, order_id=order_id, owner=owner, now=now, until=until)
        )

    async def load(self, merchant: str, order_id: str) -> OrderState | None:
        """Return where an order stands, or None."""
        return await self._loads.ask((merchant, order_id))

    async def know(self, merchant: str, order_id: str) -> Known:
        """Return what is known of an order, and of what is yet to become one."""
        return await self._known.ask((merchant, order_id))

    async def find(self, merchant: str, kind: str, reference: str) -> list[str]:
        """Return the ids of the orders that a reference of a kind belongs to."""
        return await self._finds.ask((merchant, kind, reference))

    async def end_job(self, end: JobEnd) -> bool:
        """End a run of a job and free its claim; return whether it was asked for meanwhile and so is due now."""
        return await self._ends.ask(end)

    async def deliver(
        self, merchant: str, connection: str, deliveries: Sequence[inbox.Delivery], *, now: datetime
    ) -> int:
        """Store deliveries, each once, and enqueue the jobs of the new ones; return how many were new."""
        return await self._deliveries.ask(inbox.Delivered(merchant, connection, deliveries, now))
