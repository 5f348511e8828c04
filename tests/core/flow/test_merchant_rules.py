"""Rules about stock, connections and hours: told once, run step by step, each step written down with what it does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.bogus.client import Effect, Fault, Outage
from core.domain.commit import MerchantNotice
from core.engine.pauses import resume
from core.jobs.housekeeping import tick_old_requests
from core.model.rule_runs import RunOutcome
from core.model.stock import ListingKey
from core.store.buffers import Buffer, buffers_of
from core.store.jobs import list_jobs
from core.store.notices import unseen_notices
from core.store.stock import receive_stock
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home, review
from tests.core.flow.merchant_runs import count, in_force, mails, runs, told
from tests.core.flow.play import at, pass_time, settle
from tests.core.flow.ruled import use
from tests.stored import effects_of

pytestmark = pytest.mark.req("S30")

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
STOCK = """
- id: low
  when: stock.low
  then: [{notify: {to: ops@example.test, text: "{{stock.sku}}: {{stock.available}} of {{stock.low}}"}}]
- id: out
  when: [stock.out, stock.back]
  then: [{notify: {to: ops@example.test, text: "{{event.trigger}} {{stock.sku}} {{stock.available}}"}}]
"""


# --- stock ---


async def test_a_sku_that_runs_low_and_out_and_comes_back_is_told_once_each(on_disk: Bench) -> None:
    b = on_disk
    await in_force(b, STOCK)
    for units in (4, 3, 2, 0, 5, 3):
        await count(b, units)
        await settle(b)

    assert mails(b, "low") == ["CHEF-8: 3 of 3", "CHEF-8: 3 of 3"]
    assert mails(b, "out") == ["stock.out CHEF-8 0", "stock.back CHEF-8 5"]
    assert {outcome for *_, outcome in await told(b)} == {"done"}


async def test_it_is_the_sum_over_all_locations_that_counts(b: Bench) -> None:
    await in_force(b, STOCK)
    await count(b, 0, "SKILLET-12", "reno")
    await settle(b)
    assert await told(b) == [("stock.low", "SKILLET-12", "low", "done")]

    await count(b, 0, "SKILLET-12", "easton")
    await settle(b)

    assert mails(b, "out") == ["stock.out SKILLET-12 0"]


async def test_an_order_that_takes_the_last_units_tells_it(on_disk: Bench) -> None:
    b = on_disk
    await in_force(b, STOCK)
    cart = Cart(number="KK-1", lines=(("DUTCH-6", 4, 7900),), ship_to=home(), email="k@example.test")
    place(b.world, "shop", cart)

    await pass_time(b, HOUR)

    assert mails(b, "low") == ["DUTCH-6: 0 of 3"]
    assert mails(b, "out") == ["stock.out DUTCH-6 0"]


@pytest.mark.req("R08")
async def test_what_was_so_before_rules_listened_is_not_told(b: Bench) -> None:
    await count(b, 2)
    await settle(b)

    await in_force(b, STOCK)
    await count(b, 1)
    await settle(b)

    assert await told(b) == []


@pytest.mark.req("R08")
async def test_what_came_to_pass_while_no_rule_listened_is_not_told_to_a_later_file(b: Bench) -> None:
    await in_force(b, STOCK)
    await in_force(b, "- {id: r, when: order.received, then: [{tag: a}]}")
    await count(b, 0)
    await settle(b)

    await in_force(b, STOCK)
    await count(b, 4)
    await settle(b)

    assert mails(b, "out") == ["stock.back CHEF-8 4"]


@pytest.mark.req("R08")
async def test_a_rule_that_was_taken_out_and_put_back_is_told_at_once(b: Bench) -> None:
    await in_force(b, STOCK)
    await count(b, 3)
    await settle(b)
    await in_force(b, "- {id: r, when: order.received, then: [{tag: a}]}")
    await count(b, 9)
    await settle(b)

    await in_force(b, STOCK)
    await count(b, 2)
    await settle(b)

    assert mails(b, "low") == ["CHEF-8: 3 of 3", "CHEF-8: 2 of 3"]


async def test_a_merchant_without_rules_about_stock_is_left_no_job(b: Bench) -> None:
    await in_force(b, "- {id: r, when: connection.lost, then: [{stop: true}]}")
    await count(b, 0)

    assert {job.kind for job in await b.store.read(list_jobs, MERCHANT)} == {"push", "backorders"}


async def test_a_condition_chooses_and_a_rule_that_stops_ends_the_list(b: Bench) -> None:
    await in_force(
        b,
        """
        - {id: no, when: stock.out, if: "stock.sku == 'OTHER'", then: [{stop: true}]}
        - {id: yes, when: stock.out, if: "stock.low != null && stock.on_hand == 0", stop: true, then: [{stop: true}]}
        - {id: after, when: stock.out, then: [{stop: true}]}
        """,
    )
    await count(b, 0)
    await settle(b)

    assert await told(b) == [("stock.out", "CHEF-8", "yes", "stopped")]
    assert (await runs(b))[0].looked_at == {"stock.low": 3, "stock.on_hand": 0}


async def test_another_process_with_another_file_goes_by_the_rules_in_force(b: Bench) -> None:
    await in_force(b, STOCK)
    in_force_there = b.hub.config(MERCHANT).rules
    other = review(b.store, now=b.clock.now(), owner="w2")
    use(other, "[]", digest="other")
    other.hub.older_rules[MERCHANT, in_force_there.digest] = in_force_there
    other.world.mails = b.world.mails

    await count(b, 0)
    await settle(other)

    assert mails(b, "out") == ["stock.out CHEF-8 0"]


# --- steps ---


async def test_a_run_waits_and_looks_at_the_stock_of_then(b: Bench) -> None:
    await in_force(
        b,
        """
        - id: out
          when: stock.out
          then:
            - wait: 2h
            - if: stock.available > 0
              notify: {to: ops@example.test, text: back by itself}
            - notify: {to: ops@example.test, text: "{{stock.available}} now"}
        """,
    )
    await count(b, 0)
    await pass_time(b, HOUR)
    assert mails(b, "out") == []
    await b.store.write(
        receive_stock, MERCHANT, [("CHEF-8", "reno", 7)], actor="person:kendra", now=b.clock.now()
    )
    await pass_time(b, HOUR + MINUTE)

    assert mails(b, "out") == ["back by itself", "7 now"]
    assert [(one.action, one.outcome.value) for one in (await runs(b))[0].trace] == [
        ("wait", "waiting"),
        ("wait", "done"),
        ("notify", "done"),
        ("notify", "done"),
    ]


WATCH = """
- id: watch
  when: stock.out
  then:
    - wait: {until: stock.back, for: 5h}
      else: [{notify: {to: ops@example.test, text: "{{error.code}}"}}]
    - notify: {to: ops@example.test, text: over}
"""


async def test_a_run_waits_until_its_sku_is_back(b: Bench) -> None:
    await in_force(b, WATCH)
    await count(b, 0)
    await pass_time(b, HOUR)
    await count(b, 9, "BOARD-WAL")
    await pass_time(b, HOUR)
    assert mails(b, "watch") == []

    await count(b, 9)
    await pass_time(b, MINUTE)

    assert mails(b, "watch") == ["over"]


async def test_what_does_not_come_in_time_is_answered_by_else(b: Bench) -> None:
    await in_force(b, WATCH)
    await count(b, 0)
    await pass_time(b, 6 * HOUR)

    assert mails(b, "watch") == ["too_late", "over"]


async def test_an_address_is_asked_and_its_answer_used_by_later_steps(b: Bench) -> None:
    await in_force(
        b,
        """
        - id: ask
          when: stock.low
          then:
            - id: buy
              http: {via: crm, path: /buy, json: {sku: "{{stock.sku}}", units: "=stock.low"}, take: {number: body.number}}
            - notify: {to: ops@example.test, text: "ordered as {{steps.buy.number}}"}
        """,
    )
    b.world.answers["/buy"] = (200, {"number": "PO-7"})
    await count(b, 1)
    await settle(b)

    assert [(r.path, r.body) for r in b.world.asked.values()] == [("/buy", {"sku": "CHEF-8", "units": 3})]
    assert mails(b, "ask") == ["ordered as PO-7"]


async def test_a_refusal_is_answered_by_else_and_an_outage_is_tried_again(b: Bench) -> None:
    await in_force(
        b,
        """
        - id: ask
          when: stock.out
          then:
            - http: {via: crm, path: /no}
              else: [{notify: {to: ops@example.test, text: "refused {{error.code}}"}}]
            - http: {via: crm, path: /later}
              retry: {attempts: 3, first: 1m}
            - notify: {to: ops@example.test, text: done}
        """,
    )
    b.world.answers["/no"] = (404, {})
    faults = [Fault.BEFORE, Fault.BEFORE, None]
    b.world.faults = lambda operation: faults.pop() if operation == "call" and faults else None
    await count(b, 0)
    await pass_time(b, HOUR)

    assert mails(b, "ask") == ["refused 404", "done"]
    assert {e.state for e in await b.store.read(effects_of, MERCHANT) if e.operation == "call"} == {
        "refused",
        "undone",
        "done",
    }


async def test_what_may_have_been_done_is_repeated_only_where_the_rule_says_it_may(b: Bench) -> None:
    await in_force(
        b,
        """
        - id: ask
          when: stock.out
          then:
            - http: {via: crm, path: /once}
              else: [{http: {via: crm, path: /unknown, json: {code: "{{error.code}}"}}}]
            - http: {via: crm, path: /again, idempotent: true}
            - notify: {to: ops@example.test, text: hello}
              else: [{stop: true}]
        """,
    )
    faults: dict[str, list[Fault | None]] = {
        "call": [Fault.REPLY_LOST, None, Fault.REPLY_LOST],
        "send": [Fault.REPLY_LOST],
    }
    b.world.faults = lambda operation: faults[operation].pop() if faults.get(operation) else None
    await count(b, 0)
    await pass_time(b, HOUR)

    done = {name: times for (effect, name), times in b.world.effects.items() if effect is Effect.HOOK}
    assert done == {"POST /once": 1, "POST /unknown": 1, "POST /again": 1}
    assert mails(b, "ask") == ["hello"]
    assert await told(b) == [("stock.out", "CHEF-8", "ask", "stopped")]
    assert [e for e in await b.store.read(effects_of, MERCHANT) if e.state == "intent"] == []


async def test_a_run_that_fails_is_told_to_people_once(on_disk: Bench) -> None:
    b = on_disk
    await in_force(b, "- {id: ask, when: [stock.out, stock.back], then: [{http: {via: crm, path: /no}}]}")
    b.world.answers["/no"] = (500, {})
    now = b.clock.now()
    for units in (0, 9, 0):
        await count(b, units)
        await settle(b)

    assert [outcome for *_, outcome in await told(b)] == ["failed"] * 3
    assert await b.store.read(unseen_notices, MERCHANT) == (
        MerchantNotice(
            kind="rule_failed",
            subject="ask 2026-11-30",
            text="Rule ask failed for CHEF-8: crm: call: answered 500. See the page Runs",
            since=now,
        ),
    )


async def test_a_condition_that_cannot_be_computed_fails_the_run_and_is_told(b: Bench) -> None:
    await in_force(b, "- {id: odd, when: stock.out, if: '10 / stock.available > 1', then: [{stop: true}]}")
    await count(b, 0)
    await settle(b)

    assert await told(b) == [("stock.out", "CHEF-8", "odd", "failed")]
    (notice,) = await b.store.read(unseen_notices, MERCHANT)
    assert (notice.kind, notice.text.startswith("Rule odd failed for CHEF-8: ")) == ("rule_failed", True)


@pytest.mark.req("R09")
async def test_a_run_that_has_begun_ends_under_the_file_that_it_began_with(b: Bench) -> None:
    first = "- {id: r, when: stock.out, then: [{wait: 2h}, {notify: {to: ops@example.test, text: old}}]}"
    await in_force(b, first)
    await count(b, 0)
    await pass_time(b, HOUR)
    old = b.hub.config(MERCHANT).rules
    b.hub.older_rules[MERCHANT, old.digest] = old

    await in_force(b, first.replace("old", "new"), digest="new")
    await count(b, 0, "DUTCH-6", "easton")
    await pass_time(b, 3 * HOUR)

    assert mails(b, "r") == ["old", "new"]


@pytest.mark.req("R09")
async def test_a_run_whose_file_nobody_can_read_any_more_fails_and_is_told(b: Bench) -> None:
    await in_force(b, "- {id: r, when: stock.out, then: [{wait: 2h}, {stop: true}]}")
    await count(b, 0)
    await pass_time(b, HOUR)

    await in_force(b, "[]", digest="new")
    await pass_time(b, 2 * HOUR)

    assert [run.outcome for run in await runs(b)] == [RunOutcome.FAILED]
    assert [n.kind for n in await b.store.read(unseen_notices, MERCHANT)] == ["rule_failed"]


# --- hours ---

EVENING = """
- id: evening
  every: day at 17:00
  location: easton
  then: [{notify: {to: ops@example.test, text: "{{orders.shipped}} shipped, {{orders.ready}} ready"}}]
"""


async def test_a_rule_is_started_at_its_hour_in_the_zone_of_its_location(on_disk: Bench) -> None:
    b = on_disk
    await in_force(b, EVENING)
    cart = Cart(number="KK-1", lines=(("SKILLET-12", 1, 7900),), ship_to=home(), email="k@example.test")
    place(b.world, "shop", cart)

    await pass_time(b, at("2026-11-30T21:59:00+00:00") - b.clock.now())
    assert await told(b) == []
    await pass_time(b, timedelta(days=2))

    assert mails(b, "evening") == ["1 shipped, 0 ready", "1 shipped, 0 ready"]
    assert [run.run.event.at for run in await runs(b)] == [
        at("2026-11-30T22:00:00+00:00"),
        at("2026-12-01T22:00:00+00:00"),
    ]


async def test_hours_that_went_by_while_the_hub_was_down_are_told_once(b: Bench) -> None:
    await in_force(b, EVENING)
    await settle(b)

    b.clock.move_to(at("2026-12-04T12:00:00+00:00"))
    await in_force(b, EVENING)
    await settle(b)
    assert [run.run.event.at for run in await runs(b)] == [at("2026-11-30T22:00:00+00:00")]

    await pass_time(b, 11 * HOUR)
    assert [run.run.event.at for run in await runs(b)][1:] == [at("2026-12-04T22:00:00+00:00")]


async def test_a_rule_that_is_renamed_moved_or_gone_starts_no_more_at_its_old_hour(b: Bench) -> None:
    await in_force(b, EVENING)
    await in_force(b, EVENING.replace("id: evening", "id: night").replace("17:00", "18:00"), "two")
    await pass_time(b, 8 * HOUR)
    assert [(run.run.rule, run.run.event.at) for run in await runs(b)] == [
        ("night", at("2026-11-30T23:00:00+00:00"))
    ]

    await in_force(b, "- {id: night, when: stock.out, then: [{stop: true}]}", "three")
    await pass_time(b, timedelta(days=2))

    assert len(await runs(b)) == 1
    assert [job for job in await b.store.read(list_jobs, MERCHANT) if job.kind == "hour"] == []


async def test_a_file_that_says_the_same_of_an_hour_leaves_it_as_it_was_planned(b: Bench) -> None:
    await in_force(b, "- {id: often, every: 2h, then: [{stop: true}]}")
    await pass_time(b, HOUR)
    await in_force(b, "- {id: often, every: 2h, then: [{wait: 1m}, {stop: true}]}", "two")
    await pass_time(b, 4 * HOUR)

    assert [run.run.event.at.hour for run in await runs(b)] == [18, 20]


# --- connections ---

LOST = """
- id: lost
  when: [connection.lost, connection.back]
  then: [{notify: {to: ops@example.test, text: "{{event.trigger}} {{connection.name}} {{connection.use}}"}}]
"""


def is_down(b: Bench, minutes: int, *, how: Fault = Fault.BEFORE) -> None:
    since = b.clock.now()
    b.world.outages = (Outage(connection="amz", since=since, until=since + minutes * MINUTE, how=how),)


async def test_a_connection_whose_vendor_is_silent_for_long_is_lost_and_then_back_once(
    on_disk: Bench,
) -> None:
    b = on_disk
    await settle(b)
    await in_force(b, LOST)
    is_down(b, 90)
    await count(b, 4)
    await pass_time(b, HOUR)
    assert mails(b, "lost") == ["connection.lost amz bogus"]

    await pass_time(b, HOUR)

    assert mails(b, "lost") == ["connection.lost amz bogus", "connection.back amz bogus"]


async def test_a_short_outage_is_not_told(b: Bench) -> None:
    await settle(b)
    await in_force(b, LOST)
    is_down(b, 3)
    await count(b, 4)
    await pass_time(b, 2 * HOUR)

    assert await told(b) == []


async def test_a_connection_whose_credentials_nobody_takes_is_lost_at_once(b: Bench) -> None:
    await settle(b)
    await in_force(b, LOST)
    is_down(b, 600, how=Fault.REFUSED)
    await count(b, 4)
    await pass_time(b, 2 * MINUTE)
    assert mails(b, "lost") == ["connection.lost amz bogus"]

    b.world.outages = ()
    await resume(b.hub, MERCHANT, "amz")
    await settle(b)

    assert mails(b, "lost")[1:] == ["connection.back amz bogus"]


@pytest.mark.req("R08")
async def test_a_connection_that_was_lost_before_rules_listened_is_only_told_as_back(b: Bench) -> None:
    await settle(b)
    is_down(b, 60)
    await count(b, 4)
    await pass_time(b, timedelta(minutes=30))

    await in_force(b, LOST)
    await pass_time(b, HOUR)

    assert mails(b, "lost") == ["connection.back amz bogus"]


# --- buffers ---

BUFFERED = """
- {id: keep, when: stock.low, then: [{set_buffer: {channel: amz, units: 3}}]}
- {id: let-go, when: stock.back, then: [{set_buffer: {channel: amz, units: 0}}]}
"""


async def test_a_rule_keeps_the_last_units_from_a_connection_until_another_lets_them_go(
    on_disk: Bench,
) -> None:
    b = on_disk
    knife = ListingKey(listing="KK-CHEF8")
    await in_force(b, BUFFERED)
    await settle(b)
    await count(b, 4)
    await settle(b)
    assert b.world.shop("amz").levels[knife] == 2  # as crossdock.yaml says: two are never shown

    await count(b, 3)
    await settle(b)
    assert b.world.shop("amz").levels[knife] == 0
    assert await b.store.read(buffers_of, MERCHANT, ["CHEF-8"]) == [
        Buffer(connection="amz", sku="CHEF-8", units=3, rule="keep", at=b.clock.now())
    ]

    for units in (0, 4):
        await count(b, units)
        await settle(b)
    assert b.world.shop("amz").levels[knife] == 4
    assert {e.state for e in await b.store.read(effects_of, MERCHANT)} == {"done"}


async def test_a_buffer_of_a_connection_that_is_gone_fails(b: Bench) -> None:
    await in_force(b, BUFFERED)
    known = b.hub.connections(MERCHANT)
    left = {name: c for name, c in known.config.connections.items() if name != "amz"}
    b.hub.merchants[MERCHANT] = replace(known, config=replace(known.config, connections=left))
    await count(b, 3)
    await settle(b)

    assert await told(b) == [("stock.low", "CHEF-8", "keep", "failed")]
    assert await b.store.read(buffers_of, MERCHANT, ["CHEF-8"]) == []


async def test_a_run_is_kept_for_ninety_days_after_it_ended(on_disk: Bench) -> None:
    b = on_disk
    await in_force(b, STOCK)
    await count(b, 0)
    await settle(b)
    b.clock.move_to(b.clock.now() + timedelta(days=90))
    await tick_old_requests(b.hub)
    assert len(await told(b)) == 2

    b.clock.move_to(b.clock.now() + timedelta(seconds=1))
    await tick_old_requests(b.hub)

    assert await told(b) == []
