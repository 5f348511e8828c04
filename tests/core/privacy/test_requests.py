"""Requests of privacy law: none is lost, doubled or forged, and each has an end that is shown (R66)."""

from datetime import timedelta

import pytest

from connectors.bogus.client import Fault, no_fault
from core.failpoints import listening
from core.model.forgetting import Why
from core.model.notification import Notification, NotificationKind
from core.model.privacy import PrivacyRequest, RequestKind, RequestState
from core.ports import Token
from core.services.notices import open_notices
from core.services.privacy_requests import answer
from core.store.inbox import list_deliveries, replay_delivery
from core.store.jobs import list_jobs
from core.store.personal import personal_of
from core.store.privacy_requests import list_requests
from core.store.tokens import TokenRow, token_states
from core.store.tombstones import tombstone_of
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import carry, pass_time, settle
from tests.core.privacy.shoppers import bodies, tell

LINE = ("SOCKS-CHEF", 1, 2400)


async def sold(b: Bench, *numbers: str) -> list[str]:
    """Have a shopper order in the shop; return the channel's own ids."""
    placed = [
        place(b.world, "shop", Cart(number=number, lines=(LINE,), ship_to=home())) for number in numbers
    ]
    await settle(b)
    return placed


async def told(
    b: Bench, kind: NotificationKind, event_id: str, *, subject: str = "7", orders: tuple[str, ...] = ()
) -> None:
    """Have the shop's vendor tell something."""
    notification = Notification(
        event_id=event_id, kind=kind, topic=kind.value, subject=subject, orders=orders
    )
    await carry(b, [("shop", notification)])


async def requests(b: Bench) -> list[PrivacyRequest]:
    """Return every request, the newest first."""
    return list((await b.store.read(list_requests, MERCHANT)).items)


async def readable(b: Bench, *orders: str) -> list[bool]:
    """Return of each order whether its person can be read."""
    found = [await b.store.read(personal_of, b.store.keys, MERCHANT, f"shop:{order}") for order in orders]
    return [one is not None for one in found]


async def states(b: Bench) -> dict[str, str]:
    """Return the state of each delivery of a privacy request, by its event."""
    page = await b.store.read(list_deliveries, MERCHANT, limit=200)
    return {one.event_id: one.state for one in page.items if one.topic != "order"}


def ended(b: Bench, event_id: str, kind: RequestKind, result: str, *orders: str) -> PrivacyRequest:
    """Return a request that the hub has done at this instant."""
    now = b.clock.now()
    return PrivacyRequest(
        connection="shop",
        event_id=event_id,
        kind=kind,
        received_at=now,
        orders=orders,
        state=RequestState.DONE,
        result=result,
        ended_at=now,
        ended_by="hub",
    )


@pytest.mark.req("R66")
@pytest.mark.case("F8")
async def test_two_requests_for_one_shopper_within_a_tick_forget_the_orders_of_both(on_disk: Bench) -> None:
    b = on_disk
    first, second, third = await sold(b, "KK-1", "KK-2", "KK-3")
    await told(b, NotificationKind.PERSON_REDACT, "e1", orders=(first,))
    await told(b, NotificationKind.PERSON_REDACT, "e2", orders=(second, "404"))
    await settle(b)

    assert await readable(b, first, second, third) == [False, False, True]
    redact = RequestKind.REDACT_PERSON
    known = "{} of {} orders named are known here; the person is forgotten in each"
    assert sorted(await requests(b), key=lambda one: one.event_id) == [
        ended(b, "e1", redact, known.format(1, 1), first),
        ended(b, "e2", redact, known.format(1, 2), second, "404"),
    ]
    assert await states(b) == {"e1": "done", "e2": "done"}


@pytest.mark.req("R66")
@pytest.mark.case("F8")
async def test_a_replayed_request_still_knows_its_orders_and_keeps_its_first_end(b: Bench) -> None:
    [first] = await sold(b, "KK-1")
    await told(b, NotificationKind.PERSON_REDACT, "e1", orders=(first,))
    await settle(b)
    before = await requests(b)
    b.clock.move_to(b.clock.now() + timedelta(days=1))
    await b.store.write(replay_delivery, MERCHANT, "shop", "e1", now=b.clock.now())
    await settle(b)

    assert await requests(b) == before
    assert before[0].orders == (first,)


@pytest.mark.req("R66")
async def test_a_shoppers_question_stays_open_and_its_merchant_hears_of_it(b: Bench) -> None:
    [first] = await sold(b, "KK-1")
    await told(b, NotificationKind.PERSON_EXPORT, "e1", orders=(first,))
    await settle(b)

    [asked] = await requests(b)
    assert (asked.state, asked.orders, asked.answer_by) == (
        RequestState.OPEN,
        (first,),
        b.clock.now() + timedelta(days=30),
    )
    assert not asked.overdue(b.clock.now() + timedelta(days=30))
    assert asked.overdue(b.clock.now() + timedelta(days=30, seconds=1))
    [notice] = await open_notices(b.hub, MERCHANT)
    assert (notice.kind, notice.subject) == ("data_requested", "shop e1")
    assert await readable(b, first) == [True]


async def connected(b: Bench) -> None:
    """Have the shop's token stored, as after an authorization."""
    row = TokenRow(keyring=b.store.keys, merchant=MERCHANT, connection="shop")
    await b.store.write(row.put, Token(access="a", account="kendra.test"), b.clock.now())


async def token(b: Bench) -> str | None:
    """Return the state of the shop's token."""
    found = (await b.store.read(token_states, MERCHANT)).get("shop")
    return None if found is None else found.state


@pytest.mark.req("R66")
@pytest.mark.case("F8")
async def test_a_shop_is_not_forgotten_while_its_vendor_still_takes_us(b: Bench) -> None:
    await connected(b)
    [first] = await sold(b, "KK-1")
    await told(b, NotificationKind.SHOP_REDACT, "e1")
    await settle(b)

    assert await readable(b, first) == [True]
    assert await token(b) == "connected"
    [refused] = await requests(b)
    assert (refused.state, refused.result) == (
        RequestState.REFUSED,
        "nothing was forgotten: the shop still has the app, and its vendor still takes our token",
    )


@pytest.mark.req("R66")
async def test_a_shop_that_is_gone_is_forgotten_whole(b: Bench) -> None:
    await connected(b)
    first, second = await sold(b, "KK-1", "KK-2")
    b.world.locked_out.add("shop")
    await told(b, NotificationKind.REVOKED, "e0")
    await told(b, NotificationKind.SHOP_REDACT, "e1")
    await settle(b)

    assert await readable(b, first, second) == [False, False]
    assert await token(b) is None
    [done] = await requests(b)
    result = "the persons of all 2 orders are forgotten, and the shop's account"
    assert done == ended(b, "e1", RequestKind.REDACT_SHOP, result)


@pytest.mark.req("R66")
@pytest.mark.case("F8")
async def test_of_a_shop_that_is_gone_an_order_that_was_told_and_never_read_is_forgotten_too(
    b: Bench,
) -> None:
    await connected(b)
    b.world.locked_out.add("shop")
    await tell(b, "e0", NotificationKind.ORDER, "kk-404")
    await settle(b)
    assert set(await bodies(b)) == {"e0"}

    await told(b, NotificationKind.SHOP_REDACT, "e1")
    await settle(b)

    assert await bodies(b) == {}
    grave = await b.store.read(tombstone_of, MERCHANT, "shop:kk-404")
    assert grave is not None
    assert grave.why is Why.SHOP_LEFT
    [done] = await requests(b)
    result = "the persons of all 1 orders are forgotten, and the shop's account"
    assert done == ended(b, "e1", RequestKind.REDACT_SHOP, result)


@pytest.mark.req("R66")
@pytest.mark.case("F8")
async def test_a_silent_vendor_leaves_the_shop_as_it_is_until_it_answers(b: Bench) -> None:
    await connected(b)
    [first] = await sold(b, "KK-1")
    b.world.faults = lambda operation: Fault.LOST if operation == "probe" else None
    await told(b, NotificationKind.SHOP_REDACT, "e1")
    await pass_time(b, timedelta(hours=6))

    assert await readable(b, first) == [True]
    assert [one.state for one in await requests(b)] == [RequestState.OPEN]
    assert [
        job.parked_at for job in await b.store.read(list_jobs, MERCHANT) if job.kind == "shop_redact"
    ] == [None]

    b.world.faults = no_fault
    b.world.locked_out.add("shop")
    await pass_time(b, timedelta(minutes=10))
    assert await readable(b, first) == [False]


@pytest.mark.case("F8")
async def test_an_uninstall_that_its_vendor_does_not_confirm_leaves_the_token(b: Bench) -> None:
    await connected(b)
    await told(b, NotificationKind.REVOKED, "e1")
    await pass_time(b, timedelta(minutes=30))

    assert await token(b) == "connected"
    [notice] = await open_notices(b.hub, MERCHANT)
    assert (notice.kind, notice.subject) == ("uninstall_unconfirmed", "shop 2026-11-30")
    assert not [job for job in await b.store.read(list_jobs, MERCHANT) if job.kind == "revoked"]


@pytest.mark.case("F8")
async def test_an_uninstall_that_its_vendor_confirms_a_moment_later_ends_the_token(b: Bench) -> None:
    await connected(b)
    await told(b, NotificationKind.REVOKED, "e1")
    await settle(b)
    assert await token(b) == "connected"
    b.world.locked_out.add("shop")
    await pass_time(b, timedelta(minutes=1))

    assert await token(b) == "dead"


class KilledError(BaseException):
    """Ends a process where it stands."""


@pytest.mark.req("R66")
@pytest.mark.case("F8")
@pytest.mark.parametrize("place", ["privacy.taken.before", "privacy.end.before"])
async def test_a_process_that_dies_in_the_middle_of_a_request_leaves_it_to_the_next(
    b: Bench, place: str
) -> None:
    [first] = await sold(b, "KK-1")
    await told(b, NotificationKind.PERSON_REDACT, "e1", orders=(first,))

    def kill(name: str) -> None:
        if name == place:
            raise KilledError

    with listening(kill), pytest.raises(KilledError):
        await settle(b)
    await pass_time(b, timedelta(minutes=5))

    assert await readable(b, first) == [False]
    assert [(one.event_id, one.state, one.orders) for one in await requests(b)] == [
        ("e1", RequestState.DONE, (first,))
    ]
    assert await states(b) == {"e1": "done"}


@pytest.mark.req("R66")
async def test_an_answer_whose_process_dies_before_it_is_written_is_given_again(b: Bench) -> None:
    await told(b, NotificationKind.PERSON_EXPORT, "e1")
    await settle(b)

    def kill(name: str) -> None:
        if name == "privacy.answer.before":
            raise KilledError

    with listening(kill), pytest.raises(KilledError):
        await answer(b.hub, MERCHANT, "shop", "e1", actor="user:kim")
    assert [one.state for one in await requests(b)] == [RequestState.OPEN]

    ended = await answer(b.hub, MERCHANT, "shop", "e1", actor="user:kim")
    assert (ended.state, ended.ended_by) == (RequestState.DONE, "user:kim")
