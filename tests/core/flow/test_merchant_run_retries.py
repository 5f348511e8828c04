"""Runs about no order are retried as rows of their own, once."""

import asyncio

import pytest
import sqlalchemy as sa

from connectors.bogus.client import Fault
from core.store.tables import restores
from tests.builders import MERCHANT, Bench
from tests.core.flow.merchant_runs import count, runs
from tests.core.flow.merchant_runs import in_force as in_force_now
from tests.core.flow.play import pass_time, settle
from tests.core.flow.retried import (
    HOUR,
    OUT,
    asked,
    out,
    refused,
    retry,
)

pytestmark = [pytest.mark.req("S30"), pytest.mark.req("R42"), pytest.mark.req("R75")]


async def test_a_run_about_stock_is_retried_as_a_row_of_its_own(on_disk: Bench) -> None:
    b = on_disk
    run_id = await out(b)
    b.world.answers["/first"] = (200, {})

    again = await retry(b, run_id, "then.1")
    await settle(b)

    assert again == f"{run_id}~2"
    first, second = await runs(b)
    assert (first.run.run_id, second.run.run_id) == (run_id, again)
    assert [(t.action, t.outcome.value) for t in second.trace] == [("http", "done"), ("notify", "done")]
    assert (second.subject, second.about.value, second.outcome) == ("CHEF-8", "stock", "done")
    assert asked(b)["POST /first"] == 1
    assert [m.text for m in b.world.mails if m.kind == "rule:out"] == ["CHEF-8 is out"]
    assert await refused(b, run_id, "then.1") == (
        f"the run was retried already, as run {again}; if that one failed, retry that one"
    )


async def test_a_run_about_stock_that_is_asked_for_twice_at_once_begins_once(on_disk: Bench) -> None:
    b = on_disk
    run_id = await out(b)

    told = await asyncio.gather(*(retry(b, run_id, "then.1") for _ in range(3)), return_exceptions=True)
    await settle(b)

    assert [isinstance(one, str) for one in told].count(True) == 1
    assert [run.run.run_id for run in await runs(b)] == [run_id, f"{run_id}~2"]


async def test_a_run_about_stock_that_began_before_a_backup_came_back_is_refused(b: Bench) -> None:
    run_id = await out(b)
    now = b.clock.now()
    await b.store.write(
        lambda conn: conn.execute(
            sa.insert(restores).values(merchant=MERCHANT, restored_at=now, taken_at=now - HOUR)
        )
    )

    assert await refused(b, run_id, "then.1") == (
        "a backup was brought back since the run began: nobody can tell what was done of it meanwhile; do by hand what"
        " is left of it"
    )


async def test_a_run_about_stock_in_doubt_is_refused(b: Bench) -> None:
    b.world.faults = lambda operation: Fault.REPLY_LOST if operation == "send" else None
    b.world.answers = {"/first": (200, {})}
    await in_force_now(b, OUT)
    await count(b, 0)
    await pass_time(b, HOUR)
    [run] = await runs(b)

    assert await refused(b, run.run.run_id, "then.2") == (
        "nobody can tell whether then.2 (notify) was done, and it is not done twice: look where it was sent to; nothing"
        " comes behind it"
    )
