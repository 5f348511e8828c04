"""While nothing is accepted, rules about stock, connections and hours begin nothing, and their runs wait for that."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from connectors.bogus.client import Effect, Fault, Outage
from core.services.replays import replay_order
from core.store.tables import restores
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.merchant_runs import count, in_force, mails, runs, told
from tests.core.flow.play import accept_all, at, pass_time, settle, stop_all
from tests.core.flow.ruled import use

pytestmark = pytest.mark.req("S30")

HOUR = timedelta(hours=1)
ALL = """
- id: out
  when: stock.out
  then: [{notify: {to: ops@example.test, text: "{{stock.sku}} is out"}}]
- id: lost
  when: [connection.lost, connection.back]
  then: [{notify: {to: ops@example.test, text: "{{event.trigger}} {{connection.name}}"}}]
- id: often
  every: 2h
  then: [{notify: {to: ops@example.test, text: "{{event.at}}"}}]
"""


async def test_what_comes_to_pass_before_anything_is_accepted_starts_nothing_then_or_later(b: Bench) -> None:
    await settle(b)
    await in_force(b, ALL)
    await stop_all(b)
    now = b.clock.now()
    b.world.outages = (Outage(connection="amz", since=now, until=now + HOUR, how=Fault.BEFORE),)
    await count(b, 0)
    await pass_time(b, 3 * HOUR)
    assert await told(b) == []

    await accept_all(b)
    await pass_time(b, 2 * HOUR)

    assert await told(b) == [("schedule", "often", "often", "done")]
    [run] = await runs(b)
    assert run.run.event.at == at("2026-11-30T20:00:00+00:00")


async def test_what_comes_to_pass_after_it_was_accepted_starts_a_rule(b: Bench) -> None:
    await in_force(b, ALL)
    await stop_all(b)
    await count(b, 0)
    await settle(b)
    await accept_all(b)
    for units in (5, 0):
        await count(b, units)
        await settle(b)

    assert mails(b, "out") == ["CHEF-8 is out"]


async def test_a_run_that_has_begun_waits_until_something_is_accepted(b: Bench) -> None:
    await in_force(
        b, "- {id: out, when: stock.out, then: [{wait: 1h}, {notify: {to: ops@example.test, text: out}}]}"
    )
    await count(b, 0)
    await settle(b)
    await stop_all(b)
    await pass_time(b, 5 * HOUR)
    assert (mails(b, "out"), await told(b)) == ([], [("stock.out", "CHEF-8", "out", None)])

    await accept_all(b)
    await pass_time(b, HOUR)

    assert (mails(b, "out"), await told(b)) == (["out"], [("stock.out", "CHEF-8", "out", "done")])


def _bring_back(conn: sa.Connection, restored_at: datetime, taken_at: datetime) -> None:
    of = {"merchant": MERCHANT, "restored_at": restored_at, "taken_at": taken_at}
    conn.execute(sa.insert(restores), of)


async def test_after_a_backup_was_brought_back_a_run_from_before_asks_nobody_unless_it_may_be_repeated(
    b: Bench,
) -> None:
    await in_force(
        b,
        """
        - id: out
          when: stock.out
          then:
            - wait: 1h
            - http: {via: crm, path: /once}
              else: [{http: {via: crm, path: /why, json: {code: "{{error.code}}"}, idempotent: true}}]
            - notify: {to: ops@example.test, text: out}
        """,
    )
    await count(b, 0)
    await settle(b)
    now = b.clock.now()
    await b.store.write(_bring_back, now + timedelta(minutes=1), now)
    await stop_all(b)
    await accept_all(b)
    await pass_time(b, 2 * HOUR)

    [run] = await runs(b)
    assert {name for effect, name in b.world.effects if effect is Effect.HOOK} == {"POST /why"}
    assert mails(b, "out") == []
    assert [(step.step, step.outcome.value, step.code) for step in run.trace[2:]] == [
        ("then.1", "failed", "restored"),
        ("then.1.else.0", "done", ""),
        ("then.2", "failed", "restored"),
    ]
    assert run.trace[-1].message == (
        "a backup was brought back since it began: nobody can tell whether it was done"
    )


async def test_an_order_is_replayed_as_if_rules_were_at_work_although_nothing_is_accepted(b: Bench) -> None:
    use(b, "- {id: new, when: order.received, then: [{tag: new}, {wait: 1h}, {tag: waited}]}")
    await stop_all(b)
    lines = (("SKILLET-12", 1, 7900),)
    place(b.world, "shop", Cart(number="KK-1", lines=lines, ship_to=home(), email="kara@example.test"))
    await pass_time(b, 2 * HOUR)

    trace = await replay_order(b.hub, MERCHANT, "shop:kk-1")

    assert trace.state.tags == ("new", "waited")
    kept = await b.store.load(MERCHANT, "shop:kk-1")
    assert kept is not None
    assert kept.tags == ()
