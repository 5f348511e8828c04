import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa

from core.domain.commit import Landed, Moved, Sealed, Settlement
from core.domain.fold import summarize
from core.domain.state import Stage
from core.errors import NotFoundError
from core.model.effects import Outcome
from core.model.facts import Noted, Received, UnitsCommitted, UnitsReleased, UnitsShipped
from core.model.rule_runs import Offered
from core.store.claims import due_orders
from core.store.orders import facts_of, find, list_orders
from core.store.personal import find_person, personal_of
from core.store.stock import count_stock
from core.store.store import Store
from core.store.tables import orders
from tests.core.store.builders import (
    LATER,
    NOON,
    SOON,
    a_commit,
    a_need,
    a_new_order,
    a_reserve,
    an_allocation,
    an_intent,
    noted,
    received,
)
from tests.core.store.conftest import Execute
from tests.stored import effects_of, list_ledger, list_stock

KENDRA = "kendra"
FIRST = "shop:1"


async def kinds(store: Store, order_id: str = FIRST) -> list[str]:
    return [fact.kind for fact in await store.read(facts_of, KENDRA, order_id)]


async def stock_key(store: Store, sku: str = "MUG", location: str = "reno") -> tuple[int, int]:
    rows = {(row.sku, row.location): row for row in await store.read(list_stock, KENDRA)}
    row = rows[sku, location]
    return row.on_hand, row.committed


async def test_a_new_order_lands_with_its_facts_and_its_row_says_what_they_add_up_to(store: Store) -> None:
    committed = await store.commit(a_new_order(decided=(noted("seen"),)))

    assert committed == Landed(2)
    told = await store.read(facts_of, KENDRA, FIRST)
    assert told == [received(), noted("seen")]
    assert await store.load(KENDRA, FIRST) == summarize(told).model_copy(update={"offered": Offered()})
    [row] = (await store.read(list_orders, KENDRA)).items
    assert (row.number, row.total_minor, row.currency, row.version) == ("KK-1", 1000, "USD", 2)
    assert row.stage is Stage.AWAITING_PAYMENT


@pytest.mark.req("R02")
async def test_of_two_creators_of_one_order_one_lands_and_the_other_is_told_that_it_moved(
    store: Store,
) -> None:
    commits = [a_new_order(expect=None, decided=(noted(f"from {i}"),)) for i in range(8)]

    answers = await asyncio.gather(*(store.commit(commit) for commit in commits))

    assert answers.count(Landed(2)) == 1
    assert answers.count(Moved(2)) == 7
    assert await kinds(store) == ["received", "noted"]


@pytest.mark.req("R02")
async def test_the_channels_own_id_decides_even_where_the_creators_call_the_order_differently(
    store: Store,
) -> None:
    await store.commit(a_new_order())
    other = a_new_order(sealed=Sealed(personal_json='{"email": "k@example.com"}'))
    renamed = replace(other, order_id="another")

    assert await store.commit(renamed) == Moved(1)

    assert await store.load(KENDRA, "another") is None
    assert len((await store.read(list_orders, KENDRA)).items) == 1
    assert await store.read(personal_of, store.keys, KENDRA, FIRST) is None


async def test_a_commit_that_knows_the_order_may_still_say_how_to_create_it(store: Store) -> None:
    await store.commit(a_new_order())

    assert await store.commit(a_new_order(expect=1, happened=(noted("changed"),))) == Landed(2)


async def test_a_decision_on_an_order_that_moved_is_refused_and_what_happened_lands(store: Store) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 5)], actor="person:kim", now=NOON)
    await store.commit(a_new_order())
    await store.commit(a_commit(happened=(noted("somebody else"),)))

    committed = await store.commit(
        a_commit(
            expect=1,
            happened=(noted("mine"),),
            decided=(noted("decided"),),
            intents=(an_intent("buy/1"),),
            reserve=a_reserve(a_need(2)),
            due_at=None,
        )
    )

    assert committed == Moved(3)
    assert [f.text for f in await store.read(facts_of, KENDRA, FIRST) if isinstance(f, Noted)] == [
        "somebody else",
        "mine",
    ]
    assert await store.read(effects_of, KENDRA, FIRST) == []
    assert await stock_key(store) == (5, 0)
    assert await store.read(due_orders, NOON, limit=9, per_merchant=9) == [(KENDRA, FIRST, 3)]


async def test_an_outcome_lands_however_far_the_order_has_moved(store: Store) -> None:
    await store.commit(a_new_order(intents=(an_intent("buy/1"),)))
    await store.commit(a_commit(happened=(noted("somebody else"),)))

    outcome = Settlement(key="buy/1", outcome=Outcome.DONE, result={"label": "L1"})
    committed = await store.commit(a_commit(expect=1, outcomes=(outcome,), decided=(noted("decided"),)))

    assert committed == Moved(2)
    [effect] = await store.read(effects_of, KENDRA, FIRST)
    assert (effect.state, effect.result, effect.settled_at) == ("done", {"label": "L1"}, NOON)


async def test_an_effect_that_has_its_outcome_keeps_it(store: Store) -> None:
    await store.commit(a_new_order(intents=(an_intent("buy/1"),)))
    await store.commit(a_commit(outcomes=(Settlement(key="buy/1", outcome=Outcome.DONE),)))

    await store.commit(a_commit(outcomes=(Settlement(key="buy/1", outcome=Outcome.UNDONE),)))

    assert [e.state for e in await store.read(effects_of, KENDRA, FIRST)] == ["done"]


@pytest.mark.req("R42")
async def test_an_effect_key_is_used_once_for_ever(store: Store) -> None:
    await store.commit(a_new_order(intents=(an_intent("buy/1"),)))

    again = a_commit(expect=1, intents=(an_intent("buy/1", owner="w2"),), decided=(noted("bought"),))

    assert await store.commit(again) == Moved(1)
    assert await kinds(store) == ["received"]
    assert [e.owner for e in await store.read(effects_of, KENDRA, FIRST)] == ["w1"]


@pytest.mark.req("R42")
async def test_one_of_many_orders_that_want_one_effect_key_at_once_gets_it(store: Store) -> None:
    commits = [a_new_order(str(i), intents=(an_intent("same"),)) for i in range(6)]

    answers = await asyncio.gather(*(store.commit(commit) for commit in commits))

    assert answers.count(Landed(1)) == 1
    assert answers.count(Moved(1)) == 5
    assert len(await store.read(effects_of, KENDRA)) == 1


async def test_what_no_location_holds_is_backordered(store: Store) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 5)], actor="person:kim", now=NOON)

    wants = a_reserve(a_need(2), a_need(1, sku="HAT", line="2"))
    committed = await store.commit(a_new_order(reserve=wants))

    assert committed == Landed(2, (an_allocation(2),), (a_need(1, sku="HAT", line="2"),))
    assert await stock_key(store) == (5, 2)
    told = (await store.read(facts_of, KENDRA, FIRST))[1]
    assert told == UnitsCommitted(
        at=NOON, allocations=(an_allocation(2),), backordered=(a_need(1, sku="HAT", line="2"),)
    )


async def test_units_that_ship_leave_both_on_hand_and_committed_even_if_the_order_moved(store: Store) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 5)], actor="person:kim", now=NOON)
    await store.commit(a_new_order(reserve=a_reserve(a_need(2))))

    committed = await store.commit(a_commit(expect=0, ship=(an_allocation(2),)))

    assert committed == Moved(3)
    assert await stock_key(store) == (3, 0)
    assert (await store.read(facts_of, KENDRA, FIRST))[-1] == UnitsShipped(
        at=NOON, allocations=(an_allocation(2),)
    )
    assert [
        (r.kind, r.d_on_hand, r.d_committed) for r in await store.read(list_ledger, KENDRA, order_id=FIRST)
    ] == [
        ("committed", 0, 2),
        ("shipped", -2, -2),
    ]


@pytest.mark.req("R38", "R39")
async def test_units_are_set_free_once_however_often_it_is_asked_for(store: Store) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 5)], actor="person:kim", now=NOON)
    await store.commit(a_new_order(reserve=a_reserve(a_need(2))))

    for _ in range(2):
        await store.commit(a_commit(release=(an_allocation(2),)))

    assert await stock_key(store) == (5, 0)
    assert (await kinds(store)).count("units_released") == 1


async def test_a_parcel_that_left_after_its_units_were_set_free_is_off_on_hand_all_the_same(
    store: Store,
) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 1)], actor="person:kim", now=NOON)
    await store.commit(a_new_order(reserve=a_reserve(a_need(1))))
    await store.commit(a_commit(release=(an_allocation(1),)))

    await store.commit(a_commit(ship=(an_allocation(1),)))

    assert await stock_key(store) == (0, 0)


async def test_what_an_order_holds_is_given_back_before_it_takes_anew(store: Store) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 3)], actor="person:kim", now=NOON)
    await store.commit(a_new_order(reserve=a_reserve(a_need(2))))

    wants = a_reserve(a_need(3), give_back=(an_allocation(2),), why="edited")
    committed = await store.commit(a_commit(expect=2, reserve=wants))

    assert committed == Landed(4, (an_allocation(3),))
    assert await stock_key(store) == (3, 3)
    gone = (await store.read(facts_of, KENDRA, FIRST))[2]
    assert gone == UnitsReleased(at=NOON, allocations=(an_allocation(2),), why="edited")


async def test_a_line_that_no_location_holds_any_more_is_backordered_whole(store: Store) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 3)], actor="person:kim", now=NOON)
    await store.commit(a_new_order(reserve=a_reserve(a_need(2))))

    wants = a_reserve(a_need(4), give_back=(an_allocation(2),))

    assert await store.commit(a_commit(expect=2, reserve=wants)) == Landed(4, (), (a_need(4),))
    assert await stock_key(store) == (3, 0)


async def test_a_commit_for_an_order_nobody_created_is_an_error_of_its_caller_alone(store: Store) -> None:
    answers = await asyncio.gather(
        store.commit(a_new_order("1")),
        store.commit(a_commit("2", happened=(noted("?"),))),
        store.commit(a_new_order("3")),
        return_exceptions=True,
    )

    assert answers[0] == answers[2] == Landed(1)
    assert isinstance(answers[1], NotFoundError)


@pytest.mark.req("R19")
async def test_a_commit_that_breaks_its_batch_fails_alone_and_all_others_land(store: Store) -> None:
    # A lone surrogate is text that neither database can keep.
    commits = [a_new_order(str(i), references=(("payment", "\ud800"),) if i == 11 else ()) for i in range(24)]

    answers = await asyncio.gather(*(store.commit(commit) for commit in commits), return_exceptions=True)

    broken = [i for i, answer in enumerate(answers) if isinstance(answer, Exception)]
    assert broken == [11]
    assert len((await store.read(list_orders, KENDRA)).items) == 23
    assert await store.load(KENDRA, "shop:11") is None


async def test_whoever_lost_the_order_to_another_may_not_decide(store: Store) -> None:
    await store.commit(a_new_order())
    await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=SOON)
    await store.claim(KENDRA, FIRST, owner="w2", now=LATER, until=LATER)

    stale = a_commit(expect=1, owner="w1", decided=(noted("stale"),), intents=(an_intent("buy/1"),))

    assert await store.commit(stale) == Moved(1)
    assert await store.read(effects_of, KENDRA, FIRST) == []
    assert await store.commit(a_commit(expect=1, owner="w2", decided=(noted("mine"),))) == Landed(2)


async def test_a_commit_says_when_the_order_is_due_and_how_often_it_failed_and_frees_the_claim(
    store: Store,
) -> None:
    await store.commit(a_new_order())
    await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=LATER)

    await store.commit(a_commit(expect=1, due_at=SOON, attempts=3, free_claim=True))

    assert await store.read(due_orders, NOON, limit=9, per_merchant=9) == []
    claimed = await store.claim(KENDRA, FIRST, owner="w2", now=SOON, until=LATER)
    assert claimed is not None
    assert claimed.attempts == 3


async def test_an_order_that_is_due_never_is_not_claimed_until_something_happens(store: Store) -> None:
    await store.commit(a_new_order(due_at=None))
    assert await store.claim(KENDRA, FIRST, owner="w1", now=LATER, until=LATER) is None

    await store.commit(a_commit(happened=(noted("news"),)))

    assert await store.claim(KENDRA, FIRST, owner="w1", now=NOON, until=LATER) is not None


async def test_personal_data_is_sealed_and_the_order_is_found_by_mail_within_its_merchant(
    store: Store,
) -> None:
    sealed = Sealed(
        personal_json='{"email": "kara@example.com", "customer_name": "Kara"}',
        search=(("email", "kara@example.com"),),
    )
    await store.commit(a_new_order(sealed=sealed))
    await store.commit(a_new_order("9", merchant="other"))

    kept = await store.read(personal_of, store.keys, KENDRA, FIRST)
    assert kept is not None
    assert kept.customer_name == "Kara"
    assert await store.read(find_person, store.keys, KENDRA, "email", "Kara@Example.com") == [FIRST]
    assert await store.read(find_person, store.keys, "other", "email", "kara@example.com") == []
    stored = await store.read(_personal_column)
    assert b"kara" not in stored.lower()


async def test_an_order_is_found_by_its_references(store: Store) -> None:
    await store.commit(a_new_order(references=(("payment", "pi_1"), ("payment", "pi_2"))))
    await store.commit(a_new_order("2", references=(("payment", "pi_2"),)))

    assert await store.read(find, KENDRA, "payment", "pi_1") == [FIRST]
    assert await store.read(find, KENDRA, "payment", "pi_2") == [FIRST, "shop:2"]
    assert await store.read(find, "other", "payment", "pi_1") == []


@pytest.mark.parametrize("table", ["facts", "ledger"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET actor = 'nobody'", "DELETE FROM {}"])
async def test_the_database_itself_refuses_to_change_what_was_told(
    store: Store, execute: Execute, table: str, verb: str
) -> None:
    await store.write(count_stock, KENDRA, [("MUG", "reno", 5)], actor="person:kim", now=NOON)
    await store.commit(a_new_order())

    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        await execute(verb.format(table))

    assert await kinds(store) == ["received"]
    assert len(await store.read(list_ledger, KENDRA)) == 1


async def test_a_reference_across_merchants_cannot_be_stored(store: Store, execute: Execute) -> None:
    await store.commit(a_new_order())

    with pytest.raises(sa.exc.IntegrityError):
        await execute(
            "INSERT INTO refs (merchant, kind, reference, order_id) VALUES ('other', 'payment', 'p', 'shop:1')"
        )


async def test_the_same_order_of_two_merchants_is_two_orders(store: Store) -> None:
    await store.commit(a_new_order())

    assert await store.commit(a_new_order(merchant="other", decided=(noted("theirs"),))) == Landed(2)

    assert await kinds(store) == ["received"]
    assert isinstance((await store.read(facts_of, KENDRA, FIRST))[0], Received)


def _personal_column(conn: sa.Connection) -> bytes:
    return conn.execute(sa.select(orders.c.personal).where(orders.c.order_id == FIRST)).scalar_one() or b""
