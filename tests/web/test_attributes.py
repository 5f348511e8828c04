"""What a merchant's map reads of an order, where people and programs look: the order's page, the API, the command."""

from typing import cast

from commands.order_text import order_json, order_lines
from core.ports import Channel
from simulation.shoppers import place
from tests.builders import MERCHANT
from tests.core.flow.play import settle
from tests.core.flow.test_mapped import ATTRIBUTES, Mapped
from tests.web.site import KEY, Site
from tests.web.test_api import API, ORDER, cart


async def sold(site: Site, *, mapped: bool) -> None:
    if mapped:
        channel = site.b.hub.connections(MERCHANT).named("shop").channel
        site.change(MERCHANT, "shop", channel=cast(Channel, Mapped(channel)))
    place(site.b.world, "shop", cart(1001))
    await settle(site.b)


async def test_attributes_and_tags_are_in_the_answer_and_on_the_page(site: Site) -> None:
    await sold(site, mapped=True)

    told = (await site.ask("GET", f"{API}/orders/{ORDER}", key=KEY)).json
    cookie = await site.log_in()
    page = (await site.ask("GET", f"/orders/{ORDER}", cookie=cookie)).text

    assert told["attributes"] == ATTRIBUTES
    assert sorted(told["tags"]) == ["gift", "vip"]
    table = page.partition('<table id="attributes">')[2].partition("</table>")[0]
    rows = [row.partition("</tr>")[0] for row in table.split('<tr><td class="first">')[1:]]
    assert rows == [
        'gift</td><td data-th="Value">true</td>',
        'po</td><td data-th="Value">PO-4711</td>',
        'units</td><td data-th="Value">3</td>',
    ]


async def test_an_order_without_attributes_shows_no_table(site: Site) -> None:
    await sold(site, mapped=False)

    told = (await site.ask("GET", f"{API}/orders/{ORDER}", key=KEY)).json
    cookie = await site.log_in()
    page = (await site.ask("GET", f"/orders/{ORDER}", cookie=cookie)).text

    assert told["attributes"] == {}
    assert '<table id="attributes">' not in page


async def test_the_command_shows_attributes_line_by_line_and_as_json(site: Site) -> None:
    await sold(site, mapped=True)
    state = await site.b.store.load(MERCHANT, ORDER)
    assert state is not None

    lines = list(order_lines(ORDER, state, ()))

    assert [one for one in lines if one in ("gift: true", "po: PO-4711", "units: 3")] == [
        "gift: true",
        "po: PO-4711",
        "units: 3",
    ]
    assert order_json(ORDER, state, ())["attributes"] == ATTRIBUTES
