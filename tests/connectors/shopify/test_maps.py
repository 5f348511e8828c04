"""An order of the shop whose method, tags and attributes come by ``maps:``, over HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.ports import Channel
from tests.connectors.shopify.shop import Shop, a_shop, connected, number
from tests.core.maps.mapped import mapped

FIELDS = (
    'method: {path: "shippingLines.nodes[0].title", as: {"Standard Shipping": Standard, "*": Standard}}',
    "attributes.gift: \"=src.customAttributes.exists(a, a.key == 'gift' && a.value == 'yes')\"",
    "attributes.po: \"=src.customAttributes.filter(a, a.key == 'po')[0].value\"",
    "attributes.source: sourceName",
    "tags: tags",
)
ATTRIBUTES = {"gift": "yes", "po": "PO-4711", "message": "Dear canary, all the best"}


@asynccontextmanager
async def channel_of(shop: Shop, *fields: str) -> AsyncIterator[Channel]:
    mine = a_shop(
        shop.connection.endpoints["admin"],
        *(one.access for one in shop.tokens.tokens),
        overrides=mapped(*fields),
    )
    yield mine.channel
    await mine.close()


async def test_an_orders_method_tags_and_attributes_come_by_maps() -> None:
    async with connected() as (stand, shop):
        placed = number(stand.place(method="Standard Shipping", tags=["VIP Customer"], attributes=ATTRIBUTES))
        plain = await shop.channel.fetch_order(placed)

        async with channel_of(shop, *FIELDS) as channel:
            fetched = await channel.fetch_order(placed)

    assert plain.order.method == "Standard Shipping"
    assert plain.order.attributes == {}
    assert fetched.order.method == "Standard"
    assert fetched.order.attributes == {"gift": True, "po": "PO-4711", "source": "web"}
    assert (fetched.tags, fetched.unmapped) == (("vip-customer",), ())
    own = {"method", "attributes"}
    assert fetched.order.model_dump(exclude=own) == plain.order.model_dump(exclude=own)
    assert fetched.personal == plain.personal
    assert "canary" not in fetched.model_dump_json()


async def test_an_order_without_what_is_required_is_known_by_what_was_sold() -> None:
    async with connected() as (stand, shop):
        placed = number(stand.place())
        required = 'attributes.po: {value: "=src.customAttributes[0].value", required: true}'
        async with channel_of(shop, required) as channel:
            fetched = await channel.fetch_order(placed)

    assert fetched.order.unreadable is not None
    assert fetched.order.unreadable.field == "maps: attributes.po"
    assert [line.sku for line in fetched.order.lines] == ["SET-KNIFE-BOARD"]
    assert not fetched.order.total.known
