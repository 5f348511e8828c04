"""Runs of rules that are about no order: each begins once, and every step of it lands once, with what it does.

Whoever goes on with a run names the version that he has seen; of two only one lands.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.domain.rules.offering import failed_notice
from core.model.effects import Outcome
from core.model.merchant_runs import MerchantRun, OpenCall
from core.model.rule_facts import RuleStepped
from core.model.rule_runs import RuleRun, RunOutcome
from core.model.rule_values import EventValues
from core.model.triggers import Subject
from core.store.columns import among, compact
from core.store.jobs import NewJob, enqueue
from core.store.listings import mark_dirty
from core.store.notices import raise_notices
from core.store.tables import buffers, effects, rule_runs
from core.store.writes import insert_new, update_by_key, upsert

RULE = "rule"
"""The kind of the job that goes on with a run."""


def begin_runs(conn: sa.Connection, merchant: str, runs: Sequence[MerchantRun], *, now: datetime) -> None:
    """Begin runs; one that began before stays as it is."""
    insert_new(conn, rule_runs, [row_of(merchant, run) for run in runs])
    going = [run for run in runs if run.outcome is None]
    enqueue(conn, merchant, [_job(run, now) for run in going])
    _tell(conn, merchant, runs)


def begin_retry(conn: sa.Connection, merchant: str, run: MerchantRun, *, of: str, now: datetime) -> bool:
    """Begin the run that repeats one; return whether it is there and nobody began it before."""
    this = (rule_runs.c.merchant == merchant, rule_runs.c.run_id == of)
    locked = conn.execute(sa.select(rule_runs.c.run_id).where(*this).with_for_update()).one_or_none()
    if locked is None or find_run(conn, merchant, run.run.run_id) is not None:
        return False
    begin_runs(conn, merchant, [run], now=now)
    return True


def go_on_runs(conn: sa.Connection, merchant: str, runs: Sequence[MerchantRun], *, now: datetime) -> None:
    """Have runs go on that waited for something that has come; one that moved on meanwhile stays where it is."""
    for run in runs:
        if save_run(conn, merchant, run) and run.outcome is None:
            enqueue(conn, merchant, [_job(run, now)])


def find_run(conn: sa.Connection, merchant: str, run_id: str) -> MerchantRun | None:
    """Return a run, or None."""
    row = conn.execute(
        sa.select(rule_runs).where(rule_runs.c.merchant == merchant, rule_runs.c.run_id == run_id)
    ).one_or_none()
    return None if row is None else _run_of(row)


def runs_waiting(conn: sa.Connection, merchant: str, come: Sequence[tuple[str, str]]) -> list[MerchantRun]:
    """Return the runs that wait for one of these: (trigger, subject)."""
    if not come:
        return []
    keys = [(merchant, trigger, subject) for trigger, subject in come]
    this = among(conn, (rule_runs.c.merchant, rule_runs.c.waits_for, rule_runs.c.subject), keys)
    query = sa.select(rule_runs).where(this, rule_runs.c.outcome.is_(None))
    return [_run_of(row) for row in conn.execute(query.order_by(rule_runs.c.run_id))]


def save_run(conn: sa.Connection, merchant: str, run: MerchantRun) -> bool:
    """Write down where a run stands now; return whether it landed: nobody went on with it since it was seen."""
    if not _lock(conn, merchant, run):
        return False
    update_by_key(conn, rule_runs, [row_of(merchant, run)])
    _tell(conn, merchant, [run])
    return True


def intend_call(
    conn: sa.Connection, merchant: str, run: MerchantRun, *, fence: str, owner: str, now: datetime
) -> bool:
    """Write down a call that is about to be made, and return whether that landed."""
    call = run.open
    if call is None or not save_run(conn, merchant, run):
        return False
    effect = {
        "merchant": merchant,
        "key": call.key,
        "order_id": None,
        "operation": call.operation,
        "connection": call.connection,
        "fence": fence,
        "owner": owner,
        "state": "intent",
        "intended_at": now,
        "request": compact({"run": run.run.run_id, "step": call.step, "again": call.again}),
        "result": "{}",
    }
    insert_new(conn, effects, [effect])
    return True


def settle_call(
    conn: sa.Connection, merchant: str, run: MerchantRun, call: OpenCall, *, outcome: Outcome, now: datetime
) -> bool:
    """Write down what came of a call and where its run stands then; return whether nobody did so before."""
    if not save_run(conn, merchant, run):
        return False
    this = (effects.c.merchant == merchant, effects.c.key == call.key, effects.c.state == "intent")
    conn.execute(sa.update(effects).where(*this).values(state=outcome.value, settled_at=now))
    return True


def set_buffer(
    conn: sa.Connection, merchant: str, run: MerchantRun, *, connection: str, units: int, now: datetime
) -> bool:
    """Have a connection show fewer units of the run's SKU from now on; its listings are brought true."""
    if not save_run(conn, merchant, run):
        return False
    row = {"merchant": merchant, "connection": connection, "sku": run.subject}
    upsert(conn, buffers, [{**row, "units": units, "rule": run.run.rule, "at": now}])
    mark_dirty(conn, [(merchant, run.subject)], now)
    return True


def _lock(conn: sa.Connection, merchant: str, run: MerchantRun) -> bool:
    this = (rule_runs.c.merchant == merchant, rule_runs.c.run_id == run.run.run_id)
    version = conn.execute(sa.select(rule_runs.c.version).where(*this).with_for_update()).scalar_one_or_none()
    return version == run.version - 1


def _tell(conn: sa.Connection, merchant: str, runs: Sequence[MerchantRun]) -> None:
    notices = [failed_notice(run) for run in runs]
    raise_notices(conn, [(merchant, notice) for notice in notices if notice is not None])


def _job(run: MerchantRun, now: datetime) -> NewJob:
    return NewJob(kind=RULE, subject=run.run.run_id, connection="-", due_at=now)


def row_of(merchant: str, known: MerchantRun) -> dict[str, Any]:
    """Return the row of a run."""
    run = known.run
    return {
        "merchant": merchant,
        "run_id": run.run_id,
        "rule": run.rule,
        "digest": run.digest,
        "trigger": run.trigger,
        "about": known.about.value,
        "subject": known.subject,
        "event": run.event.model_dump_json(exclude_none=True),
        "looked_at": compact(known.looked_at),
        "next": run.next,
        "due_at": run.due_at,
        "waits_for": None if known.outcome is not None else run.waits_for,
        "results": compact(run.results),
        "error": compact(run.error),
        "tries": run.tries,
        "version": known.version,
        "open": None if known.open is None else known.open.model_dump_json(),
        "trace": compact([one.model_dump(mode="json", exclude_defaults=True) for one in known.trace]),
        "outcome": None if known.outcome is None else known.outcome.value,
        "started_at": known.started_at,
        "ended_at": known.ended_at,
    }


def _run_of(row: sa.Row[Any]) -> MerchantRun:
    run = RuleRun(
        run_id=row.run_id,
        rule=row.rule,
        digest=row.digest,
        trigger=row.trigger,
        event=EventValues.model_validate_json(row.event),
        next=row.next,
        due_at=row.due_at,
        tries=row.tries,
        waits_for=row.waits_for,
        results=json.loads(row.results),
        error=json.loads(row.error),
    )
    return MerchantRun(
        run=run,
        about=Subject(row.about),
        subject=row.subject,
        looked_at=json.loads(row.looked_at),
        version=row.version,
        open=None if row.open is None else OpenCall.model_validate_json(row.open),
        trace=tuple(RuleStepped.model_validate(one) for one in json.loads(row.trace)),
        outcome=None if row.outcome is None else RunOutcome(row.outcome),
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def forget_runs(conn: sa.Connection, merchant: str, before: datetime) -> int:
    """Delete a merchant's runs that ended before an instant; return how many."""
    old = (rule_runs.c.merchant == merchant, rule_runs.c.ended_at < before)
    return int(conn.execute(sa.delete(rule_runs).where(*old)).rowcount)
