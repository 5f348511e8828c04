"""A list that is read page by page goes on where it was, or is begun anew where its channel has forgotten the place."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from connectors.bogus.channel import PAGE, BogusChannel
from core.errors import RejectedError, UnavailableError
from core.jobs.poll import poll_from
from core.model.order import OrderPage
from core.store.jobs import NewJob, enqueue
from core.store.tables import orders
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time

HOUR = timedelta(hours=1)
List = Callable[[BogusChannel, datetime, str | None], Awaitable[OrderPage]]


def known(b: Bench) -> Awaitable[int]:
    def count(conn: object) -> int:
        return len(list(conn.execute(orders.select())))  # type: ignore[attr-defined]

    return b.store.read(count)


async def sold_unheard(b: Bench, units: int) -> None:
    """So many orders of which no notification comes, and a poll that is due."""
    for number in range(units):
        cart = Cart(number=f"KK-{number}", lines=(("DUTCH-6", 1, 14900),), ship_to=home())
        place(b.world, "shop", cart)
    b.world.notifications.clear()
    since = poll_from(b.clock.now() - HOUR)
    job = NewJob(kind="poll", subject="shop", connection="shop", due_at=b.clock.now(), data=since)
    await b.store.write(enqueue, MERCHANT, [job])


@pytest.mark.req("R115", "R70")
@pytest.mark.parametrize("operation", ["changed_orders", "open_orders"])
async def test_a_list_whose_place_is_forgotten_is_begun_anew(
    b: Bench, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    really: List = getattr(BogusChannel, operation)
    asked: list[str | None] = []

    async def forgetful(channel: BogusChannel, since: datetime, page: str | None) -> OrderPage:
        asked.append(page)
        if page is not None and asked.count(page) == 1:
            raise RejectedError("the page token has expired", connection="shop", code="400")
        return await really(channel, since, page)

    monkeypatch.setattr(BogusChannel, operation, forgetful)
    await sold_unheard(b, PAGE + 5)
    await pass_time(b, HOUR)

    assert asked[:4] == [None, str(PAGE), None, str(PAGE)]
    assert await known(b) == PAGE + 5


@pytest.mark.req("R70")
async def test_a_channel_that_is_down_between_two_pages_is_asked_for_the_same_page_again(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, asked = BogusChannel.changed_orders, list[str | None]()

    async def down(channel: BogusChannel, since: datetime, page: str | None) -> OrderPage:
        asked.append(page)
        if len(asked) in (2, 3):
            raise UnavailableError("is down", connection="shop")
        return await really(channel, since, page)

    monkeypatch.setattr(BogusChannel, "changed_orders", down)
    await sold_unheard(b, PAGE + 5)
    await pass_time(b, HOUR)

    assert asked[:4] == [None, str(PAGE), str(PAGE), str(PAGE)]
    assert await known(b) == PAGE + 5
