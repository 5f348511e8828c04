"""An order that two warehouses hold leaves from the nearest zone; without zones from the nearer state (rule P4)."""

from datetime import timedelta

from core.domain.shipping.routing import Zones
from core.model.address import Absence, Absent, Address
from core.model.notification import NotificationKind
from core.model.order import ChannelState
from core.model.stock import Listing
from core.services import actions
from core.store.links import link_all
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_whole_way import GRACE, state_of
from tests.stored import list_stock

CHICAGO = home(city="Chicago", state="IL", zip="60607")
BOSTON = home(city="Boston", state="MA", zip="02108")
GOLDEN: Zones = {
    "reno": {"near": ("US-NV", "US-OR"), "mid": ("US-IL",), "far": ("US-MA", "US-PA")},
    "easton": {"near": ("US-MA", "US-PA"), "mid": ("US-IL",), "far": ("US-NV", "US-OR")},
}


async def sell(b: Bench, *listings: str) -> None:
    """Have the marketplace, which assigns no location, sell SKUs under their own names."""
    for listing in listings:
        b.world.shop("amz").listings[listing] = Listing(listing=listing, sku=listing, title=listing)
        await b.store.write(link_all, MERCHANT, {("amz", listing): {listing: 1}}, now=b.clock.now())


async def left_from(b: Bench, cart: Cart) -> dict[str, str]:
    """Place an order; return by SKU the location of its parcel."""
    place(b.world, "amz", cart)
    await settle(b)
    await pass_time(b, GRACE)
    state = await state_of(b, f"amz:{cart.number}")
    assert {p.quote.parcel.location for p in state.parcels} == {a.location for a in state.allocations}
    return {a.sku: a.location for a in state.allocations}


def cart(number: str, *listings: str, to: Address = CHICAGO) -> Cart:
    lines = tuple((listing, 1, 8597) for listing in listings)
    return Cart(number=number, lines=lines, ship_to=to, pay="marketplace")


async def test_a_skillet_to_chicago_leaves_from_easton_by_distance_and_from_reno_by_zones(b: Bench) -> None:
    await sell(b, "SKILLET-12")
    assert await left_from(b, cart("112-1", "SKILLET-12")) == {"SKILLET-12": "easton"}
    await actions.replace_zones(b.hub, MERCHANT, GOLDEN)
    assert await left_from(b, cart("112-2", "SKILLET-12")) == {"SKILLET-12": "reno"}
    assert await left_from(b, cart("112-3", "SKILLET-12", to=BOSTON)) == {"SKILLET-12": "easton"}


async def test_of_a_split_order_each_line_leaves_from_the_nearest_zone_that_has_it(b: Bench) -> None:
    """The knife lies in Reno only, the Dutch oven in Easton only, the skillet in both."""
    await sell(b, "CHEF-8", "DUTCH-6", "SKILLET-12")
    split = ("CHEF-8", "DUTCH-6", "SKILLET-12")
    assert await left_from(b, cart("112-1", *split)) == {
        "CHEF-8": "reno",
        "DUTCH-6": "easton",
        "SKILLET-12": "easton",
    }
    await actions.replace_zones(b.hub, MERCHANT, GOLDEN)
    assert await left_from(b, cart("112-2", *split)) == {
        "CHEF-8": "reno",
        "DUTCH-6": "easton",
        "SKILLET-12": "reno",
    }


async def test_an_order_whose_address_comes_later_is_routed_once_it_is_known(b: Bench) -> None:
    """Amazon shows no address while an order is PENDING: its units lie where the file begins, then where it is near."""
    await sell(b, "SKILLET-12")
    await actions.replace_zones(b.hub, MERCHANT, GOLDEN)
    number = place(b.world, "amz", cart("112-4", "SKILLET-12", to=BOSTON))
    shop = b.world.shop("amz")
    whole = shop.orders[number]
    hidden = whole.order.model_copy(
        update={"state": ChannelState.PENDING, "ship_to": Absent(why=Absence.PENDING)}
    )
    shop.orders[number] = whole.model_copy(update={"order": hidden})
    await settle(b)
    assert [a.location for a in (await state_of(b, "amz:112-4")).allocations] == ["reno"]

    later = whole.order.model_copy(update={"updated_at": hidden.updated_at + timedelta(minutes=5)})
    shop.orders[number] = whole.model_copy(update={"order": later})
    b.world.notify("amz", NotificationKind.ORDER, number)
    await settle(b)
    assert [a.location for a in (await state_of(b, "amz:112-4")).allocations] == ["easton"]
    held = {(row.sku, row.location): row.committed for row in await b.store.read(list_stock, MERCHANT)}
    assert (held["SKILLET-12", "reno"], held["SKILLET-12", "easton"]) == (0, 1)
