"""Every run of a rule, listed: those about orders are facts of theirs, and stand here besides so that they can be found."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.domain.fold_rules import begun_by
from core.model.facts import Fact
from core.model.merchant_runs import MerchantRun
from core.model.rule_facts import RuleMatched, RuleRetried, RuleStepped
from core.model.triggers import Subject
from core.store.pages import Page, newest_first
from core.store.rule_runs import row_of
from core.store.tables import rule_runs
from core.store.writes import Row, insert_new, update_by_key

OrderFacts = tuple[str, str, Sequence[Fact]]
"""(merchant, order id, what was told of it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRun:
    """A run as a list shows it; ``outcome`` is None while it goes on."""

    run_id: str
    rule: str
    digest: str
    trigger: str
    about: str
    """order, stock, connection or schedule."""
    subject: str
    """The order's id, the SKU, the connection, the rule."""
    next: str
    due_at: datetime
    outcome: str | None
    started_at: datetime
    ended_at: datetime | None


def listed_id(order_id: str, run_id: str) -> str:
    """Return by what a run of an order is listed: its own id is unique within the order alone."""
    return f"order-{hashlib.sha256(f'{order_id}/{run_id}'.encode()).hexdigest()[:24]}"


def list_order_runs(conn: sa.Connection, told: Sequence[OrderFacts]) -> None:
    """List the runs that facts of orders begin, and say how far those are that they tell of."""
    begun = {row["merchant"] + row["run_id"]: row for row in _begun(told)}
    moved: dict[str, Row] = {}
    for row in _moved(told):
        key = row["merchant"] + row["run_id"]
        if key in begun:
            begun[key] |= row
        else:
            moved[key] = row
    insert_new(conn, rule_runs, sorted(begun.values(), key=_key))
    update_by_key(conn, rule_runs, sorted(moved.values(), key=_key))


def _key(row: Row) -> tuple[str, str]:
    return row["merchant"], row["run_id"]


def _begun(told: Sequence[OrderFacts]) -> Iterator[dict[str, Any]]:
    for merchant, order_id, facts in told:
        for fact in facts:
            if isinstance(fact, RuleMatched | RuleRetried):
                run_id = listed_id(order_id, fact.run_id)
                run = MerchantRun(
                    run=begun_by(fact).model_copy(update={"run_id": run_id}),
                    about=Subject.ORDER,
                    subject=order_id,
                    looked_at=fact.values,
                    started_at=fact.at,
                )
                yield row_of(merchant, run)


def _moved(told: Sequence[OrderFacts]) -> Iterator[dict[str, Any]]:
    for merchant, order_id, facts in told:
        for fact in facts:
            if isinstance(fact, RuleStepped):
                yield {
                    "merchant": merchant,
                    "run_id": listed_id(order_id, fact.run_id),
                    "next": fact.next or fact.step,
                    "due_at": fact.due_at or fact.at,
                    "outcome": fact.ended.value if fact.ended is not None else None,
                    "ended_at": fact.at if fact.ended is not None else None,
                }


def page_of_runs(
    conn: sa.Connection,
    merchant: str,
    *,
    rule: str | None = None,
    subject: str | None = None,
    outcome: str | None = None,
    after: str | None = None,
    limit: int,
) -> Page[ListedRun]:
    """Return a page of a merchant's runs, the newest first; ``outcome`` may be ``open``: they go on."""
    query = sa.select(rule_runs).where(rule_runs.c.merchant == merchant)
    if rule is not None:
        query = query.where(rule_runs.c.rule == rule)
    if subject is not None:
        query = query.where(rule_runs.c.subject == subject)
    if outcome is not None:
        ended = rule_runs.c.outcome.is_(None) if outcome == "open" else rule_runs.c.outcome == outcome
        query = query.where(ended)
    key = (rule_runs.c.started_at, rule_runs.c.run_id)
    return newest_first(conn, query, key, _listed, after=after, limit=limit)


def find_listed_run(conn: sa.Connection, merchant: str, run_id: str) -> ListedRun | None:
    """Return a run by the id that a list shows."""
    query = sa.select(rule_runs).where(rule_runs.c.merchant == merchant, rule_runs.c.run_id == run_id)
    row = conn.execute(query).one_or_none()
    return None if row is None else _listed(row)


def _listed(row: sa.Row[Any]) -> ListedRun:
    return ListedRun(
        run_id=row.run_id,
        rule=row.rule,
        digest=row.digest,
        trigger=row.trigger,
        about=row.about,
        subject=row.subject,
        next=row.next,
        due_at=row.due_at,
        outcome=row.outcome,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
