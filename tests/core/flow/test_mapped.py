"""What a merchant's map reads of an order: tags once, attributes that rules see, one notice of what it could not read."""

from dataclasses import replace
from typing import Any, cast

from core.domain.rules.values import order_values
from core.domain.state import OrderState
from core.model.facts import Received
from core.model.order import FetchedOrder
from core.ports import Channel
from core.services.notices import open_notices, see
from core.steps.sync import sync_order
from core.store.orders import facts_of
from simulation.shoppers import place
from tests.builders import MERCHANT, Bench
from tests.core.flow.test_red_team import edit
from tests.core.flow.test_whole_way import KARA
from tests.core.notices.test_notices import NOON, an_order

ATTRIBUTES: dict[str, bool | int | str] = {"gift": True, "units": 3, "po": "PO-4711"}
UNREAD = (("attributes.source", "missing"),)


class Mapped:
    """A channel whose connector applies a map."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel

    async def fetch_order(self, order_id: str) -> FetchedOrder:
        fetched = await self._channel.fetch_order(order_id)
        order = fetched.order.model_copy(update={"attributes": ATTRIBUTES})
        told: FetchedOrder = fetched.model_copy(
            update={"order": order, "tags": ("vip", "gift"), "unmapped": UNREAD}
        )
        return told


def map_shop(b: Bench) -> None:
    known = b.hub.connections(MERCHANT)
    shop = known.ports["shop"]
    ports = {**known.ports, "shop": replace(shop, channel=cast(Channel, Mapped(shop.channel)))}
    b.hub.merchants[MERCHANT] = replace(known, ports=ports)


async def state_of(b: Bench, order_id: str) -> OrderState:
    state = await b.store.load(MERCHANT, order_id)
    assert state is not None
    return state


async def test_tags_are_put_on_an_order_once_when_it_is_received(b: Bench) -> None:
    map_shop(b)
    external = place(b.world, "shop", KARA)
    order_id = f"shop:{external}"

    await sync_order(b.hub, MERCHANT, "shop", external)
    first = await state_of(b, order_id)
    edit(b, external, method="Express")
    await sync_order(b.hub, MERCHANT, "shop", external)

    assert sorted(first.tags) == ["gift", "vip"]
    after = await state_of(b, order_id)
    assert sorted(after.tags) == ["gift", "vip"]
    facts = await b.store.read(facts_of, MERCHANT, order_id)
    assert [(fact.actor, fact.kind) for fact in facts].count(("channel", "tagged")) == 2
    assert [fact.kind for fact in facts].count("changed") == 1


async def test_rules_see_the_attributes(b: Bench) -> None:
    map_shop(b)
    external = place(b.world, "shop", KARA)

    await sync_order(b.hub, MERCHANT, "shop", external)

    state = await state_of(b, f"shop:{external}")
    assert state.order is not None
    assert order_values(state, state.order, {}, b.clock.now())["attributes"] == ATTRIBUTES


async def test_what_could_not_be_read_is_told_once_and_the_order_goes_on(b: Bench) -> None:
    map_shop(b)
    placed = [place(b.world, "shop", replace(KARA, number=f"KK-{n}")) for n in (91, 92)]
    await sync_order(b.hub, MERCHANT, "shop", placed[0])

    (notice,) = await open_notices(b.hub, MERCHANT)
    await see(b.hub, MERCHANT, notice.kind, notice.subject)
    await sync_order(b.hub, MERCHANT, "shop", placed[1])

    assert (notice.kind, notice.subject) == ("unmapped", "shop attributes.source")
    assert notice.text == (
        "maps: attributes.source of order KK-91 could not be read (missing): it is as shop says. "
        "Orders like it go on; mend the map in crossdock.yaml."
    )
    assert await open_notices(b.hub, MERCHANT) == ()
    state = await state_of(b, f"shop:{placed[1]}")
    assert state.order is not None
    assert state.allocations


def test_an_order_that_was_told_before_there_were_attributes_is_read() -> None:
    told = Received(at=NOON, actor="channel", order=an_order(), needs=()).model_dump(mode="json")
    del told["order"]["attributes"]

    assert Received.model_validate(told).order.attributes == {}


def test_attributes_keep_their_types_in_a_fact() -> None:
    told = Received(at=NOON, actor="channel", order=an_order(attributes=ATTRIBUTES), needs=())
    read = Received.model_validate_json(told.model_dump_json()).order.attributes

    assert [(name, type(value)) for name, value in read.items()] == [
        ("gift", bool),
        ("units", int),
        ("po", str),
    ]
