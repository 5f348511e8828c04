"""Commit what comes of orders: one transaction each (plain), or everything that waits in one (batched). Same rules, same answers."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import sqlalchemy as sa

from core.domain.commit import Committed, OrderCommit
from core.errors import HubError
from core.store.apply import Applied, Wake, apply
from core.store.engine import Database
from core.store.group import Grouped
from core.store.idempotency import land
from core.store.sealing import Keyring

InTransaction = Callable[[sa.Connection, list[Wake]], None]
"""Told, inside the transaction, which orders it leaves due now: a queue in the same database enqueues here."""
OnWake = Callable[[str, str, int], None]
"""Told (merchant, order id, version), after the transaction, of each order left due now."""
Measured = Callable[[int], AbstractContextManager[object]]
"""Measures a transaction of so many commits."""
Answer = Committed | HubError


class Committer:
    """Commits in groups, or one by one where ``batched`` is false.

    One commit per order and batch. An error that no rule foresees rolls the batch back, which is then halved until the
    commit that fails by itself is found: its caller gets the error, everybody else's lands.
    """

    def __init__(self, db: Database, keyring: Keyring, *, batched: bool) -> None:
        self._db = db
        self._keyring = keyring
        self._group: Grouped[OrderCommit, Committed] = Grouped(
            self._commit_all, apart=lambda commit: (commit.merchant, commit.order_id)
        )
        self._batched = batched
        self.in_transaction: InTransaction | None = None
        self.on_wake: OnWake | None = None
        self.measured: Measured = lambda _: nullcontext()

    async def commit(self, commit: OrderCommit) -> Committed:
        """Commit for one order.

        Raises:
            NotFoundError: the commit creates no order and none of that id is there.
        """
        if self._batched:
            return await self._group.ask(commit)
        [answer] = await self._commit_all([commit])
        if isinstance(answer, HubError):
            raise answer
        return answer

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        await self._group.settle()

    async def _commit_all(self, commits: Sequence[OrderCommit]) -> Sequence[Answer]:
        with self.measured(len(commits)):
            applied = await self._write(commits)
        if self.on_wake is not None:
            for wake in applied.wakes:
                self.on_wake(*wake)
        return applied.answers

    async def _write(self, commits: Sequence[OrderCommit]) -> Applied:
        try:
            return await self._db.write(self._apply, commits)
        except sa.exc.IntegrityError:
            if len(commits) > 1:
                raise
        # A key of it is in use: now we read that it is.
        return await self._db.write(self._apply, commits, look_up_keys=True)

    def _apply(
        self, conn: sa.Connection, commits: Sequence[OrderCommit], *, look_up_keys: bool = False
    ) -> Applied:
        for request in {commit.request for commit in commits if commit.request is not None}:
            land(conn, request)
        applied = apply(conn, commits, self._keyring, look_up_keys=look_up_keys)
        if self.in_transaction is not None and applied.wakes:
            self.in_transaction(conn, applied.wakes)
        return applied
