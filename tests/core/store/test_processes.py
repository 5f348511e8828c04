"""A claim counts while its owner lives: what a dead process holds is free at once, what a living one holds is not."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import SteppedClock
from core.domain.commit import KeyedRequest
from core.ports import Token
from core.store.backlog import free_claims
from core.store.claims import due_orders
from core.store.idempotency import Begun, Running, begin_request
from core.store.jobs import NewJob, claim_jobs, enqueue, release_other_jobs
from core.store.processes import beat, end_process, forget_processes
from core.store.store import Store
from core.store.tables import processes
from core.store.vault import VaultTokens
from tests.core.store.builders import NOON, a_new_order

pytestmark = pytest.mark.case("F7")

KENDRA, FIRST = "kendra", "shop:1"
HOUR = timedelta(hours=1)
SILENT, GONE = NOON + timedelta(seconds=8), NOON + timedelta(seconds=8, microseconds=1)
"""The last instant at which a process that spoke at noon lives, and the first at which it is dead."""


async def claim_order(store: Store) -> None:
    await store.commit(a_new_order())
    await store.write(beat, "w1", "worker", NOON)
    assert await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=NOON + HOUR) is not None


async def test_an_order_of_a_silent_owner_is_free_after_eight_seconds_and_not_before(store: Store) -> None:
    await claim_order(store)

    assert await store.read(due_orders, SILENT, limit=9, per_merchant=9) == []
    assert await store.claim(KENDRA, FIRST, owner="w2", now=SILENT, until=NOON + HOUR) is None
    assert await store.read(due_orders, GONE, limit=9, per_merchant=9) == [(KENDRA, FIRST, 1)]
    assert await store.claim(KENDRA, FIRST, owner="w2", now=GONE, until=NOON + HOUR) is not None


async def test_an_owner_that_goes_on_speaking_keeps_what_it_holds(store: Store) -> None:
    await claim_order(store)
    await store.write(beat, "w1", "worker", SILENT)

    assert await store.claim(KENDRA, FIRST, owner="w2", now=GONE, until=NOON + HOUR) is None


async def test_what_an_owner_holds_is_free_as_soon_as_it_says_that_it_ends(store: Store) -> None:
    await claim_order(store)
    await store.write(end_process, "w1")

    assert await store.claim(KENDRA, FIRST, owner="w2", now=NOON, until=NOON + HOUR) is not None


async def test_a_claim_of_one_that_never_spoke_or_whose_name_only_begins_alike_lasts_its_time(
    store: Store,
) -> None:
    await store.commit(a_new_order("1"))
    await store.commit(a_new_order("2"))
    await store.write(beat, "w1", "worker", NOON)
    await store.claim(KENDRA, "shop:1", owner="w10", now=NOON, until=NOON + HOUR)
    await store.claim(KENDRA, "shop:2", owner="command", now=NOON, until=NOON + HOUR)

    assert await store.read(due_orders, GONE, limit=9, per_merchant=9) == []


async def test_a_job_of_a_silent_owner_is_free_after_eight_seconds_and_not_before(store: Store) -> None:
    await store.write(beat, "w1", "worker", NOON)
    push = NewJob.of_connection("push", "shop", NOON)
    await store.write(enqueue, KENDRA, [push])
    await store.write(claim_jobs, owner="w1", now=NOON, until=NOON + HOUR, limit=9)

    assert await store.write(claim_jobs, owner="w2", now=SILENT, until=NOON + HOUR, limit=9) == []
    (job,) = await store.write(claim_jobs, owner="w2", now=GONE, until=NOON + HOUR, limit=9)
    assert (job.kind, job.claimed_by) == ("push", "w2")


async def test_what_an_owner_holds_and_is_not_at_is_given_back_and_the_rest_is_kept(store: Store) -> None:
    """The answer to the claim was lost, or the database could not be told how the job ended."""
    wanted = [NewJob.of_connection(kind, "shop", NOON) for kind in ("poll", "push")]
    await store.write(enqueue, KENDRA, wanted)
    jobs = await store.write(claim_jobs, owner="w1", now=NOON, until=NOON + HOUR, limit=9)
    running = tuple(job.key for job in jobs if job.kind == "poll")

    await store.write(release_other_jobs, "w1", running)
    free = await store.write(claim_jobs, owner="w2", now=NOON, until=NOON + HOUR, limit=9)
    assert [job.kind for job in free] == ["push"]
    await store.write(release_other_jobs, "w1", ())
    free = await store.write(claim_jobs, owner="w2", now=NOON, until=NOON + HOUR, limit=9)
    assert [job.kind for job in free] == ["poll"]


async def test_a_token_whose_renewal_died_with_its_process_is_renewed_by_the_next(
    batched_store: Store,
) -> None:
    clock, asked = SteppedClock(NOON), []

    async def refresh(token: Token) -> Token:
        asked.append(token.refresh)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return Token(access="new", refresh="r2", expires_at=NOON + HOUR)

    def tokens_in(process: str) -> VaultTokens:
        return VaultTokens(
            batched_store.db,
            batched_store.keys,
            clock=clock,
            merchant=KENDRA,
            connection="shop",
            refresh=refresh,
            process=process,
        )

    old = Token(access="old", refresh="r1", expires_at=NOON + timedelta(minutes=1))
    await tokens_in("w1").save(old)
    await batched_store.write(beat, "w1", "worker", NOON)
    with pytest.raises(KeyboardInterrupt):
        await tokens_in("w1").renew(old)

    clock.move_to(SILENT)
    assert (await tokens_in("w2").current()).access == "old"
    clock.move_to(GONE)
    assert (await tokens_in("w2").renew(old)).access == "new"
    assert asked == ["r1", "r1"]


async def test_a_request_of_a_dead_process_is_carried_out_by_the_next(batched_store: Store) -> None:
    def request(owner: str) -> KeyedRequest:
        return KeyedRequest(merchant=KENDRA, caller="till", key="k1", claim=f"{owner}/1")

    async def begun(owner: str, second: int) -> object:
        now = NOON + timedelta(seconds=second)
        return await batched_store.write(
            begin_request, request(owner), fingerprint="f", now=now, until=now + HOUR
        )

    await batched_store.write(beat, "w1", "web", NOON)
    assert await begun("w1", 0) == Begun()
    assert await begun("w2", 8) == Running()
    assert await begun("w2", 9) == Begun()


async def test_a_process_that_has_the_database_for_itself_frees_requests_too(batched_store: Store) -> None:
    request = KeyedRequest(merchant=KENDRA, caller="till", key="k1", claim="w1/1")
    await batched_store.write(begin_request, request, fingerprint="f", now=NOON, until=NOON + HOUR)

    await batched_store.write(free_claims)

    known = await batched_store.write(begin_request, request, fingerprint="f", now=NOON, until=NOON + HOUR)
    assert known == Begun()


async def test_dead_processes_are_forgotten_after_a_day_and_living_ones_are_not(batched_store: Store) -> None:
    tomorrow = NOON + timedelta(days=1, seconds=9)
    await batched_store.write(beat, "dead", "worker", NOON)
    await batched_store.write(beat, "alive", "worker", NOON)
    await batched_store.write(beat, "alive", "worker", tomorrow)
    await batched_store.write(beat, "new", "worker", tomorrow)

    await batched_store.write(forget_processes, tomorrow)

    rows = await batched_store.read(
        lambda conn: conn.execute(sa.select(processes.c.owner, processes.c.since)).all()
    )
    assert sorted((owner, since) for owner, since in rows) == [("alive", NOON), ("new", tomorrow)]
