"""Forgotten stays forgotten: the six ways by which a redacted shopper could be read, each closed (F6)."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.bogus.channel import change_order, order_of
from core.engine.forgetting import LOOK_BACK, Forgot, finish_forgetting, forget
from core.failpoints import listening
from core.model.forgetting import Why
from core.model.notification import NotificationKind
from core.store.forgetting import Remains, remains_of
from core.store.orders import facts_of
from core.store.tombstones import open_tombstones, tombstone_of
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time, settle
from tests.core.privacy.shoppers import BODY, MAIL, NAME, ORDER, bodies, known, order, places, row, tell

NOTHING: tuple[None, list[str], int] = (None, [], 0)


async def forget_her(b: Bench, emails: Sequence[str] = ()) -> Forgot:
    done = await forget(b.hub, MERCHANT, [ORDER], why=Why.REQUEST, actor="person:kendra", emails=emails)
    for _ in range(10):
        if done.overwritten:
            return done
        # A busy server may have been in the way (its own clean-up reads too): the next looks of the hub finish it.
        await finish_forgetting(b.hub, MERCHANT)
        grave = await b.store.read(tombstone_of, MERCHANT, ORDER)
        done = replace(done, overwritten=grave is not None and grave.done_at is not None)
    return done


async def remains(b: Bench) -> Remains:
    names = list(b.hub.connections(MERCHANT).ports)
    return await b.store.read(remains_of, MERCHANT, [ORDER], connections=names)


@pytest.mark.case("F6")
@pytest.mark.req("R66")
async def test_bodies_of_deliveries_that_tell_of_the_order_its_payments_and_parcels_go_and_those_of_others_stay(
    on_disk: Bench,
) -> None:
    b = on_disk
    await order(b)
    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    assert state.order is not None
    assert state.parcels[0].label is not None
    payment, tracker = state.order.transactions[0].reference, state.parcels[0].label.tracker_id
    await tell(b, "of the order", NotificationKind.ORDER, "kk-1001")
    await tell(b, "of its payment", NotificationKind.PAYMENT, str(payment), connection="pay")
    await tell(b, "of its parcel", NotificationKind.TRACKING, str(tracker), connection="post")
    await tell(b, "nobody can read", NotificationKind.UNREADABLE, "torn", body=b"{{" + BODY)
    await tell(b, "of another order", NotificationKind.ORDER, "kk-9")
    await tell(b, "of another payment", NotificationKind.PAYMENT, "pi_other", connection="pay")
    assert len(await bodies(b)) == 6

    done = await forget_her(b)

    assert done.erased.bodies == 6  # four of these, and the two by which the shop told of the order
    assert set(await bodies(b)) == {"of another order", "of another payment"}


@pytest.mark.case("F6")
async def test_the_request_to_forget_goes_with_the_person_it_names(on_disk: Bench) -> None:
    b = on_disk
    await order(b)
    await tell(b, "their export", NotificationKind.PERSON_EXPORT, "c-1")
    await tell(b, "the request", NotificationKind.PERSON_REDACT, "c-1", orders=("kk-1001",))
    assert set(await bodies(b)) == {"their export", "the request"}

    await pass_time(b, timedelta(seconds=1))

    assert await bodies(b) == {}
    assert await known(b) == NOTHING


@pytest.mark.case("F6")
async def test_no_wrapped_key_that_opens_is_carved_from_file_log_or_dead_rows(on_disk: Bench) -> None:
    """The keys of today open a wrapped key wherever it lies: it must be overwritten, not only unlinked."""
    b = on_disk
    await order(b)
    await tell(b, "of its parcel", NotificationKind.TRACKING, "tracker-shp-1", connection="post")
    assert {what for _, what in await places(b, [ORDER])} >= {"key"}

    assert (await forget_her(b)).overwritten

    assert await places(b, [ORDER]) == set()
    assert (await row(b, "SELECT count(*) FROM data_keys WHERE purpose LIKE 'order:%'")) == (0,)


@pytest.mark.case("F6")
async def test_a_key_that_was_only_deleted_is_carved(on_disk: Bench) -> None:
    """The search can fail: rows deleted as an older hub did are found by it."""
    b = on_disk
    await order(b)

    await b.store.write(
        lambda conn: conn.exec_driver_sql("DELETE FROM data_keys WHERE purpose LIKE 'order:%'")
    )

    assert {what for _, what in await places(b, [ORDER])} == {"key", "words"}  # her hashes are there as well


@pytest.mark.case("F6")
async def test_a_backup_of_before_does_not_open_with_today_s_keys(tmp_path: Path, on_disk: Bench) -> None:
    b = on_disk
    await order(b)
    backup = tmp_path / "backup"
    with backup.open("wb") as file:
        async for _, chunk in b.store.db.raw(("orders", "refs", "labels", "deliveries", "facts")):
            file.write(chunk)
    if b.store.db.__class__.__name__ == "Sqlite":  # one file: a backup leaves the keys out of it
        backup = _without_keys(tmp_path)

    await forget_her(b)

    assert await places(b, [ORDER], files=[("backup", backup.read_bytes())]) - {("backup", "words")} == set()
    assert NAME.encode() not in backup.read_bytes()


def _without_keys(folder: Path) -> Path:
    made = folder / "apart.db"
    with sqlite3.connect(folder / "hub.db") as db:
        db.execute("VACUUM INTO ?", [str(made)])
    with sqlite3.connect(made, isolation_level=None) as copy:
        copy.execute("DELETE FROM data_keys")
        copy.execute("VACUUM")
    return made


@pytest.mark.case("F6")
async def test_label_files_are_sealed_and_go_with_the_person(on_disk: Bench) -> None:
    b = on_disk
    await order(b)
    assert (await known(b))[2] == 1
    assert await places(b, [ORDER]) & {("labels", "words"), ("hub.db", "words")} == set()

    await forget_her(b)

    assert await known(b) == NOTHING
    assert await remains(b) == Remains()


@pytest.mark.case("F6")
async def test_a_refund_afterwards_brings_neither_name_nor_mail_nor_hashes_back(on_disk: Bench) -> None:
    b = on_disk
    await order(b)
    await forget_her(b)
    before = await b.store.load(MERCHANT, ORDER)
    assert before is not None
    assert before.order is not None
    refunded = order_of(b.world, "shop", "kk-1001")
    later = b.clock.now() + timedelta(minutes=1)
    b.clock.move_to(later)
    change_order(b.world, "shop", refunded.model_copy(update={"tips": refunded.total}))
    await tell(b, "refund", NotificationKind.ORDER, "kk-1001")

    await settle(b)

    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    assert state.order is not None
    assert (state.order.tips, state.order.total) == (refunded.total, before.order.total)  # the money is told
    assert state.forgotten_at == before.forgotten_at
    assert await known(b) == NOTHING
    assert await remains(b) == Remains()
    assert await bodies(b) == {}
    assert await places(b, [ORDER]) == set()


@pytest.mark.req("R66")
async def test_amounts_units_and_the_timeline_stay_and_say_when_and_why(on_disk: Bench) -> None:
    b = on_disk
    await order(b)
    counted = await row(b, "SELECT number, total_minor, currency FROM orders")
    labelled = await b.store.load(MERCHANT, ORDER)
    facts = await b.store.read(facts_of, MERCHANT, ORDER)

    await forget_her(b)
    await settle(b)

    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    assert labelled is not None
    assert (
        await row(b, "SELECT number, total_minor, currency FROM orders")
        == counted
        == ("KK-1001", 6997, "USD")
    )
    assert (state.parcels, state.allocations) == (labelled.parcels, labelled.allocations)
    *before, last = await b.store.read(facts_of, MERCHANT, ORDER)
    assert before == facts
    assert (last.kind, last.actor, last.at) == ("forgotten", "person:kendra", state.forgotten_at)


@pytest.mark.req("R66")
async def test_of_two_persons_one_is_forgotten_and_the_other_is_read_as_before(on_disk: Bench) -> None:
    b = on_disk
    await order(b)
    await order(b, "KK-1002", email="other@canary.test")

    await forget_her(b)

    personal, found, labels = await known(b, "shop:kk-1002")
    assert personal is not None
    assert (personal.customer_name, found, labels) == (NAME, [], 1)


@pytest.mark.req("R66")
async def test_an_order_that_is_not_known_yet_is_forgotten_before_it_comes(on_disk: Bench) -> None:
    b = on_disk
    await forget_her(b)

    await order(b)

    state = await b.store.load(MERCHANT, ORDER)
    assert state is not None
    assert state.order is not None
    assert (state.order.total.minor, state.holds) == (6997, {"address_withheld": "forgotten"})
    assert state.forgotten_at is not None
    assert await known(b) == NOTHING
    assert await bodies(b) == {}


@pytest.mark.req("R66")
async def test_a_person_s_order_of_before_that_comes_to_light_later_is_forgotten_and_a_new_one_is_not(
    on_disk: Bench,
) -> None:
    b = on_disk
    await order(b)
    missed = b.world.shop("shop").orders["kk-1001"]
    asked = b.clock.now()
    await forget_her(b, emails=[MAIL])
    b.clock.move_to(asked + timedelta(hours=1))
    old = missed.order.model_copy(update={"order_id": "kk-0900", "number": "KK-0900", "transactions": ()})
    b.world.shop("shop").orders["kk-0900"] = missed.model_copy(update={"order": old})
    await tell(b, "found by the poll", NotificationKind.ORDER, "kk-0900")
    await settle(b)

    await order(b, "KK-2000")
    while await finish_forgetting(b.hub, MERCHANT):
        pass

    assert await known(b, "shop:kk-0900") == (None, ["shop:kk-2000"], 0)
    assert await bodies(b) == {}
    grave = await b.store.read(tombstone_of, MERCHANT, "shop:kk-0900")
    assert grave is not None
    assert (grave.why, grave.done_at) == (Why.REQUEST, b.clock.now())
    personal, _, labels = await known(b, "shop:kk-2000")
    assert personal is not None
    assert (personal.email, labels) == (MAIL, 1)


@pytest.mark.case("F6")
@pytest.mark.parametrize("place", ["erase", "tell", "overwrite", "close"])
async def test_what_a_crash_cut_off_is_done_to_its_end_by_the_next_look(on_disk: Bench, place: str) -> None:
    b = on_disk
    await order(b)

    def die(name: str) -> None:
        if name == f"forgetting.{place}.before":
            raise RuntimeError(name)

    with listening(die), pytest.raises(RuntimeError):
        await forget_her(b)
    if place == "erase":  # nothing was begun: whoever asked, asks again
        assert (await known(b))[2] == 1
        await forget_her(b)

    for _ in range(5):  # PostgreSQL's own vacuum may be in the way of a look for seconds
        assert await finish_forgetting(b.hub, MERCHANT) is False
        if not await b.store.read(open_tombstones, MERCHANT, 9, since=b.clock.now() - LOOK_BACK):
            break

    assert await places(b, [ORDER]) == set()
    assert await known(b) == NOTHING
    assert [fact.kind for fact in await b.store.read(facts_of, MERCHANT, ORDER)][-1] == "forgotten"
    grave = await b.store.read(tombstone_of, MERCHANT, ORDER)
    assert grave is not None
    assert grave.done_at == b.clock.now()


async def test_forgotten_twice_it_is_told_once(on_disk: Bench) -> None:
    b = on_disk
    await order(b)
    await forget_her(b)

    assert (await forget_her(b)).erased == Remains()

    facts = await b.store.read(facts_of, MERCHANT, ORDER)
    assert [fact.kind for fact in facts].count("forgotten") == 1
