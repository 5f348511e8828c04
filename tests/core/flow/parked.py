"""Work that is parked for a fault of our code, and goes through once that is mended."""

import pytest

from connectors.bogus.carrier import BogusCarrier
from connectors.bogus.channel import BogusChannel
from simulation.shoppers import Cart, place
from tests.builders import Bench, home
from tests.core.flow.play import pass_time
from tests.core.flow.test_whole_way import GRACE

CART = Cart(number="KK-7", lines=(("SKILLET-12", 1, 8597),), ship_to=home(), email="kit@example.test")
OTHER_CART = Cart(number="KK-8", lines=(("SKILLET-12", 1, 8597),), ship_to=home(), email="kai@example.test")


async def faulty(*_args: object, **_more: object) -> object:
    """Fail as our own code does."""
    raise ZeroDivisionError


async def parked_order(b: Bench, monkeypatch: pytest.MonkeyPatch, cart: Cart = CART) -> None:
    """Sell one order that is parked at its rates; the fault is mended by the end."""
    with monkeypatch.context() as broken:
        broken.setattr(BogusCarrier, "quote", faulty)
        place(b.world, "shop", cart)
        await pass_time(b, GRACE)


async def parked_fetch(b: Bench, monkeypatch: pytest.MonkeyPatch, cart: Cart = OTHER_CART) -> None:
    """Sell one order that cannot be fetched when its channel tells of it."""
    with monkeypatch.context() as broken:
        broken.setattr(BogusChannel, "fetch_order", faulty)
        place(b.world, "shop", cart)
        await pass_time(b, GRACE)
