"""Who asks by mail address to be forgotten is, until that instant, also where no order is found by it (any more)."""

from datetime import timedelta

import pytest

from core.engine.forgetting import Forgot, finish_forgetting
from core.errors import NotFoundError
from core.model.notification import NotificationKind
from core.services.shoppers import Person, export_person, forget_person, forget_plan
from core.store.forgetting import Remains
from core.store.tombstones import buried_until, tombstone_of
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import settle
from tests.core.privacy.shoppers import MAIL, ORDER, known, order, row, tell

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LATE = "shop:kk-0900"


async def ask(b: Bench, person: Person) -> Forgot:
    return await forget_person(b.hub, MERCHANT, person, actor="person:kendra")


async def comes_to_light(b: Bench, placed_before: timedelta) -> None:
    """Tell now of an order that she placed a while ago, and of which nothing told then."""
    sold = b.world.shop("shop").orders["kk-1001"]
    then = b.clock.now() - placed_before
    changes = {"order_id": "kk-0900", "number": "KK-0900", "transactions": (), "placed_at": then}
    late = sold.order.model_copy(update={**changes, "updated_at": then})
    b.world.shop("shop").orders["kk-0900"] = sold.model_copy(update={"order": late})
    await tell(b, "found late", NotificationKind.ORDER, "kk-0900")
    await settle(b)
    while await finish_forgetting(b.hub, MERCHANT):
        pass


@pytest.mark.case("F6", "F8")
@pytest.mark.req("R66")
@pytest.mark.parametrize("first", [Person(email=MAIL), Person(order="KK-1001")])
async def test_asked_again_an_order_placed_between_that_comes_to_light_later_is_forgotten(
    on_disk: Bench, first: Person
) -> None:
    b = on_disk
    await order(b)
    await ask(b, first)
    b.clock.move_to(b.clock.now() + 2 * DAY)

    again = await ask(b, Person(email=f" {MAIL.upper()} "))

    assert (again.order_ids, again.erased, again.overwritten) == ((), Remains(), True)
    assert await b.store.read(buried_until, b.store.keys, MERCHANT, MAIL) == b.clock.now()
    b.clock.move_to(b.clock.now() + DAY)
    await comes_to_light(b, placed_before=DAY + 5 * MINUTE)
    assert await known(b, LATE) == (None, [], 0)
    grave = await b.store.read(tombstone_of, MERCHANT, LATE)
    assert grave is not None
    assert grave.done_at == b.clock.now()


@pytest.mark.case("F6")
@pytest.mark.req("R66")
async def test_an_order_placed_after_the_last_request_is_kept(on_disk: Bench) -> None:
    b = on_disk
    await order(b)
    await ask(b, Person(email=MAIL))
    await ask(b, Person(email=MAIL))
    b.clock.move_to(b.clock.now() + DAY)

    await comes_to_light(b, placed_before=DAY - MINUTE)

    personal, found, _ = await known(b, LATE)
    assert personal is not None
    assert (personal.email, found) == (MAIL, [LATE])


@pytest.mark.case("F6")
@pytest.mark.req("R66")
async def test_a_person_of_whom_no_order_was_ever_known_is_forgotten_before_one_is(on_disk: Bench) -> None:
    b = on_disk
    planned = await forget_plan(b.hub, MERCHANT, Person(email=MAIL))
    assert (planned.order_ids, planned.refused) == ((), "")
    assert await b.store.read(buried_until, b.store.keys, MERCHANT, MAIL) is None

    assert (await ask(b, Person(email=MAIL))).order_ids == ()

    assert await b.store.read(buried_until, b.store.keys, MERCHANT, MAIL) == b.clock.now()
    await order(b)  # placed at that very instant
    assert await known(b) == (None, [], 0)
    assert (await b.store.read(tombstone_of, MERCHANT, ORDER)) is not None


@pytest.mark.req("R66")
@pytest.mark.parametrize("person", [Person(order="KK-1001"), Person(email="KK-1001"), Person(email=" ")])
async def test_an_order_that_is_not_known_and_what_is_no_address_are_refused_and_nobody_is_forgotten(
    on_disk: Bench, person: Person
) -> None:
    with pytest.raises(NotFoundError):
        await forget_plan(on_disk.hub, MERCHANT, person)
    with pytest.raises(NotFoundError):
        await ask(on_disk, person)

    assert await row(on_disk, "SELECT count(*) FROM forgotten") == (0,)


@pytest.mark.req("R66")
async def test_of_an_address_without_a_known_order_nothing_is_known_to_export(on_disk: Bench) -> None:
    await ask(on_disk, Person(email=MAIL))

    with pytest.raises(NotFoundError):
        await export_person(on_disk.hub, MERCHANT, Person(email=MAIL))
