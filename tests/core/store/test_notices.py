"""A notice is one row for good, whoever raises it how often; on both databases (R95)."""

import asyncio
from datetime import timedelta

import pytest

from core.domain.commit import Landed, MerchantNotice, Moved
from core.store.notices import mark_seen, unseen_notices
from core.store.store import Store
from tests.core.store.builders import LATER, NOON, a_commit, a_new_order, noted


def notice(subject: str = "Overnight", *, minute: int = 0, text: str = "told") -> MerchantNotice:
    return MerchantNotice(
        kind="unlisted_method", subject=subject, text=text, since=NOON + timedelta(minutes=minute)
    )


async def open_ones(store: Store, merchant: str = "kendra") -> list[MerchantNotice]:
    return list(await store.read(unseen_notices, merchant))


@pytest.mark.req("R95")
async def test_twenty_orders_at_once_leave_one_row_for_each_merchant_and_subject(store: Store) -> None:
    raised = (notice("Overnight"), notice("Pick-up"))
    commits = [a_new_order(str(n), notices=raised[:: 1 if n % 2 else -1]) for n in range(20)]
    commits += [a_new_order(str(n), merchant="rival", notices=raised[:1]) for n in range(20)]
    await asyncio.gather(*(store.commit(commit) for commit in commits))
    assert await open_ones(store) == list(raised)
    assert await open_ones(store, "rival") == [notice("Overnight")]


@pytest.mark.req("R95")
async def test_the_first_word_stays_and_one_that_was_seen_stays_seen(store: Store) -> None:
    await store.commit(a_new_order("1", notices=(notice(),)))
    await store.commit(a_new_order("2", notices=(notice(minute=5, text="again"),)))
    assert await open_ones(store) == [notice()]

    for now in (NOON, LATER):
        assert await store.write(mark_seen, "kendra", "unlisted_method", "Overnight", now=now)
    await store.commit(a_new_order("3", notices=(notice(minute=9),)))
    assert await open_ones(store) == []
    assert not await store.write(mark_seen, "rival", "unlisted_method", "Overnight", now=NOON)


@pytest.mark.req("R95")
async def test_a_decision_that_is_refused_tells_nothing(store: Store) -> None:
    await store.commit(a_new_order("1"))
    commit = a_commit("1", expect=0, decided=(noted("rated"),), notices=(notice(),))
    assert await store.commit(commit) == Moved(1)
    assert await open_ones(store) == []
    assert await store.commit(
        a_commit("1", expect=1, decided=(noted("rated"),), notices=(notice(),))
    ) == Landed(2)
    assert await open_ones(store) == [notice()]
