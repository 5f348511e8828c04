"""Apply commits to the database, many at once: one locked read and one set-based write per table.

Every decision is taken between the reads and the writes, on rows that are locked, by ``decide``. Locks are taken in
one order everywhere: orders, stock, effects, listings, jobs, runs, notices, each by key.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from core.domain.commit import Committed, Due, Intent, MerchantNotice, Moved, OrderCommit
from core.domain.rules.offering import failure_of
from core.domain.state import OrderState
from core.errors import HubError, NotFoundError
from core.model.rule_facts import RuleStepped
from core.store.columns import compact, keys_in, one_of
from core.store.decide import Decision, Standing, decide
from core.store.jobs import enqueue_all
from core.store.labels import write_labels
from core.store.ledger import LockedStock, StockKey, lock_stock
from core.store.listings import dirty_pushes
from core.store.notices import raise_notices
from core.store.order_notes import write_notes
from core.store.orders import load_all
from core.store.personal import seal_personal
from core.store.projection import projection
from core.store.read_back_jobs import read_back_jobs_of
from core.store.revisions import revision_beside
from core.store.run_history import list_order_runs
from core.store.sealing import Keyring
from core.store.stock_told import stock_looks_of
from core.store.tables import effects, facts, orders, refs
from core.store.tombstones import buried
from core.store.tracking_jobs import tracking_jobs_of
from core.store.void_jobs import void_jobs_of
from core.store.writes import Row, insert_new, update_by_key

OrderKey = tuple[str, str]
"""(merchant, order id)."""
Wake = tuple[str, str, int]
"""(merchant, order id, version) of an order that is due now."""


@dataclass(slots=True)
class Applied:
    """What became of each commit, in order, and which orders are due now."""

    answers: list[Committed | HubError]
    wakes: list[Wake] = field(default_factory=list)


def apply(
    conn: sa.Connection, commits: Sequence[OrderCommit], keyring: Keyring, *, look_up_keys: bool
) -> Applied:
    """Apply commits of distinct orders in the order given, and say what became of each.

    An effect key in use is refused by the database, and so is the whole batch: then each is applied again by itself with
    ``look_up_keys``, and moved on from. It happens where two decide the same at once, which the version forbids.
    """
    _create_rows(conn, commits)
    standing = _lock_orders(conn, commits)
    taken = _taken_keys(conn, commits) if look_up_keys else set[tuple[str, str]]()
    stock = lock_stock(conn, _stock_keys(commits), create=_shipped_stock_keys(commits))
    answers: list[Committed | HubError] = []
    decisions: list[Decision] = []
    for commit in commits:
        stands = standing.get((commit.merchant, commit.order_id))
        if stands is None:
            answers.append(_answer_without_row(conn, commit))
            continue
        decision = decide(commit, stands, stock, taken)
        decisions.append(decision)
        answers.append(decision.answer)
    if decisions:
        _write(conn, decisions, stock, keyring)
    return Applied(answers, [d.wake for d in decisions if d.wake is not None])


def _create_rows(conn: sa.Connection, commits: Sequence[OrderCommit]) -> None:
    rows = [
        {
            "merchant": commit.merchant,
            "order_id": commit.order_id,
            "connection": commit.create.connection,
            "external_id": commit.create.external_id,
            "number": commit.create.number,
            "placed_at": commit.create.placed_at,
            **projection(OrderState()),
            "updated_at": commit.at,
        }
        for commit in commits
        if commit.create is not None
    ]
    rows.sort(key=lambda row: (row["merchant"], row["connection"], row["external_id"]))
    insert_new(conn, orders, rows)


def _lock_orders(conn: sa.Connection, commits: Sequence[OrderCommit]) -> dict[OrderKey, Standing]:
    dialect, wanted = conn.dialect.name, sorted({(commit.merchant, commit.order_id) for commit in commits})
    found = conn.execute(_locked(dialect), keys_in(dialect, wanted)).all()
    stand = {(row.merchant, row.order_id): (row.version, row.offered_seq) for row in found}
    states = _states(conn, commits, stand)
    return {
        (row.merchant, row.order_id): Standing(
            version=row.version,
            state=states[row.merchant, row.order_id],
            claimed_by=row.claimed_by,
            claimed_until=row.claimed_until,
            attempts=row.attempts,
            error=row.error,
            waits_for=row.waits_for,
            due_at=row.due_at,
            settings=row.revision,
        )
        for row in found
    }


def _states(
    conn: sa.Connection, commits: Sequence[OrderCommit], stand: Mapping[OrderKey, tuple[int, int]]
) -> Mapping[OrderKey, OrderState]:
    """Return where locked orders stand; those whose committer knows are not read."""
    states = {
        (commit.merchant, commit.order_id): commit.known
        for commit in commits
        if commit.known is not None and _seen(commit.known) == stand.get((commit.merchant, commit.order_id))
    }
    unknown = sorted(stand.keys() - states.keys())
    if unknown:
        found = zip(unknown, load_all(conn, unknown), strict=True)
        states |= {key: state for key, state in found if state is not None}
    return states


def _seen(known: OrderState) -> tuple[int, int]:
    return known.version, known.offered.seq if known.offered is not None else 0


def _answer_without_row(conn: sa.Connection, commit: OrderCommit) -> Committed | HubError:
    """Answer a commit whose order is not there: another order has the channel's id, or nobody created it."""
    if commit.create is not None:
        version = conn.execute(
            sa.select(orders.c.version).where(
                orders.c.merchant == commit.merchant,
                orders.c.connection == commit.create.connection,
                orders.c.external_id == commit.create.external_id,
            )
        ).scalar_one()
        return Moved(version)
    return NotFoundError(f"no order {commit.order_id} of merchant {commit.merchant}")


def _taken_keys(conn: sa.Connection, commits: Sequence[OrderCommit]) -> set[tuple[str, str]]:
    wanted = sorted({(commit.merchant, intent.key) for commit in commits for intent in commit.intents})
    if not wanted:
        return set()
    dialect = conn.dialect.name
    return {(m, k) for m, k in conn.execute(_taken(dialect), keys_in(dialect, wanted))}


def _stock_keys(commits: Iterable[OrderCommit]) -> Iterator[StockKey]:
    """Yield every counter that the commits may take from or give back to."""
    for commit in commits:
        for allocation in (*commit.release, *commit.lost):
            yield (commit.merchant, allocation.sku, allocation.location)
        if commit.reserve is None:
            continue
        for allocation in commit.reserve.give_back:
            yield (commit.merchant, allocation.sku, allocation.location)
        for need in commit.reserve.needs:
            for location in commit.reserve.locations:
                yield (commit.merchant, need.sku, location)


def _shipped_stock_keys(commits: Iterable[OrderCommit]) -> Iterator[StockKey]:
    for commit in commits:
        for allocation in commit.ship:
            yield (commit.merchant, allocation.sku, allocation.location)


def _write(conn: sa.Connection, decisions: Sequence[Decision], stock: LockedStock, keyring: Keyring) -> None:
    update_by_key(conn, orders, [_order_row(decision) for decision in decisions])
    _insert(conn, facts, [row for decision in decisions for row in _fact_rows(decision)])
    stock.write(conn)
    _write_effects(conn, decisions)
    gone = _buried(conn, decisions)
    _write_personal(conn, decisions, keyring, gone)
    write_notes(conn, keyring, [d.commit for d in decisions], gone)
    write_labels(conn, keyring, [d.commit for d in decisions], gone)
    forget = {(d.commit.merchant, c, listing) for d in decisions for c, listing in d.commit.invalidate_levels}
    pushes = dirty_pushes(conn, stock.changed, decisions[0].commit.at, invalidate=forget)
    looks = (tracking_jobs_of, read_back_jobs_of, void_jobs_of)
    follow = [job for d in decisions for of in looks for job in of(d.commit.merchant, d.facts)]
    told = stock_looks_of(conn, stock.changed, decisions[0].commit.at)
    enqueue_all(conn, [*pushes, *told, *follow])
    list_order_runs(conn, [(d.commit.merchant, d.commit.order_id, d.facts) for d in decisions])
    raise_notices(conn, [(d.commit.merchant, notice) for d in decisions for notice in _notices(d)])


def _notices(decision: Decision) -> Iterator[MerchantNotice]:
    """Yield what a commit tells the merchant: what was decided, and that a rule failed."""
    yield from decision.commit.notices if decision.landed else ()
    for fact in decision.facts:
        failed = failure_of(fact, decision.commit.order_id) if isinstance(fact, RuleStepped) else None
        if failed is not None:
            yield failed


def _order_row(decision: Decision) -> Row:
    commit, before = decision.commit, decision.before
    freed = decision.landed and commit.free_claim
    kept = commit.due_at is Due.AS_BEFORE
    counts = decision.landed and not kept
    return {
        "merchant": commit.merchant,
        "order_id": commit.order_id,
        **projection(decision.state),
        "due_at": decision.due_at,
        "claimed_by": None if freed else before.claimed_by,
        "claimed_until": None if freed else before.claimed_until,
        "attempts": commit.attempts if counts else before.attempts,
        "waits_for": before.waits_for if kept else commit.waits_for if decision.landed else "",
        "error": commit.error if counts else before.error,
        "updated_at": commit.at,
    }


def _fact_rows(decision: Decision) -> Iterator[Row]:
    for seq, fact in enumerate(decision.facts, start=decision.before.version + 1):
        yield {
            "merchant": decision.commit.merchant,
            "order_id": decision.commit.order_id,
            "seq": seq,
            "kind": fact.kind,
            "v": fact.v,
            "at": fact.at,
            "actor": fact.actor,
            "data": fact.model_dump_json(),
        }


def _write_effects(conn: sa.Connection, decisions: Sequence[Decision]) -> None:
    settled = [
        {
            "of_merchant": decision.commit.merchant,
            "of_key": outcome.key,
            "state": outcome.outcome,
            "result": compact(outcome.result),
            "settled_at": decision.commit.at,
        }
        for decision in decisions
        for outcome in decision.commit.outcomes
    ]
    if settled:
        settled.sort(key=lambda row: (row["of_merchant"], row["of_key"]))
        conn.execute(_SETTLED, settled)
    intended = [_effect_row(d.commit, intent) for d in decisions if d.landed for intent in d.commit.intents]
    _insert(conn, effects, sorted(intended, key=lambda row: (row["merchant"], row["key"])))


def _effect_row(commit: OrderCommit, intent: Intent) -> Row:
    return {
        "merchant": commit.merchant,
        "key": intent.key,
        "order_id": commit.order_id,
        "operation": intent.operation,
        "connection": intent.connection,
        "fence": intent.fence,
        "owner": intent.owner,
        "state": "intent",
        "intended_at": commit.at,
        "request": compact(intent.request),
        "result": "{}",
    }


def _buried(conn: sa.Connection, decisions: Sequence[Decision]) -> set[OrderKey]:
    """Return of which orders of those that bring anything personal nothing is kept."""
    bring = (d.commit for d in decisions if d.commit.sealed or d.commit.note or d.commit.labels)
    return buried(conn, [(commit.merchant, commit.order_id) for commit in bring])


def _write_personal(
    conn: sa.Connection, decisions: Sequence[Decision], keyring: Keyring, gone: set[OrderKey]
) -> None:
    """Store sealed personal data and the references; a creator that came late brings none."""
    on_time = [decision.commit for decision in decisions if not decision.late]
    sealed = seal_personal(conn, keyring, on_time, gone)
    references = {
        (d.commit.merchant, *found_by, d.commit.order_id)
        for d in decisions
        for found_by in d.commit.references
    }
    references |= {
        (m, *found_by, order_id) for (m, order_id), one in sealed.items() for found_by in one.search
    }
    sealed_rows = [
        {"merchant": m, "order_id": order_id, "personal": one.personal, "personal_key": one.key_id}
        for (m, order_id), one in sealed.items()
    ]
    update_by_key(conn, orders, sealed_rows)
    columns = ("merchant", "kind", "reference", "order_id")
    insert_new(conn, refs, [dict(zip(columns, row, strict=True)) for row in sorted(references)])


def _insert(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    if rows:
        conn.execute(_inserted(table), rows)


@functools.cache
def _inserted(table: sa.Table) -> sa.Insert:
    return sa.insert(table)


@functools.cache
def _locked(dialect: str) -> sa.Select[Any]:
    key = (orders.c.merchant, orders.c.order_id)
    columns = (
        "version",
        "offered_seq",
        "claimed_by",
        "claimed_until",
        "attempts",
        "error",
        "due_at",
        "waits_for",
    )
    beside = revision_beside(orders.c.merchant)
    query = sa.select(*key, *(orders.c[name] for name in columns), beside).where(one_of(dialect, key))
    return query.order_by(*key).with_for_update(of=orders)


@functools.cache
def _taken(dialect: str) -> sa.Select[Any]:
    key = (effects.c.merchant, effects.c.key)
    return sa.select(*key).where(one_of(dialect, key))


_SETTLED = (
    sa.update(effects)
    .where(
        effects.c.merchant == sa.bindparam("of_merchant"),
        effects.c.key == sa.bindparam("of_key"),
        effects.c.state == "intent",
    )
    .values({name: sa.bindparam(name) for name in ("state", "result", "settled_at")})
)
