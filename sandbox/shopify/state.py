"""What the shop keeps, and how it is found again."""

import copy
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from day.located_yaml import nearest
from sandbox.environment import Environment
from sandbox.shopify.cost import Bucket
from sandbox.shopify.oauth import Tokens
from sandbox.shopify.records import (
    Customer,
    Fulfillment,
    FulfillmentOrder,
    Item,
    Level,
    Location,
    Order,
    Subscription,
)
from sandbox.shopify.stock import Stock
from sandbox.stripe import Stripe
from sandbox.values import Json

STALE: Final = timedelta(seconds=30)
POINTS_PER_S: Final = 1000
"""Of a shop whose house names no plan: as many as the largest plan but one restores."""
SECONDS_OF_POINTS: Final = 20
"""A shop's bucket holds what so many seconds bring."""
FIRST_ID: Final = 5_400_000_000_001


class Shop:
    """One shop, its stock, its orders, and the one app installed on it."""

    house: Json
    domain: str
    currency: str
    stock: Stock

    def __init__(self, env: Environment, stripe: Stripe) -> None:
        self.env = env
        self.stripe = stripe
        self.tokens = Tokens(env.clock)
        self.actor = "shop"
        """Who acts at the moment: the shop itself, the hub by its token, or another tool by its own."""
        self.bucket = Bucket(seconds=env.clock.seconds)
        self.subscriptions: dict[int, Subscription] = {}
        self._ids = itertools.count(FIRST_ID)
        self.clear()

    def clear(self) -> None:
        """Forget every order; subscriptions and tokens stay."""
        self.jobs: dict[int, Json] = {}
        self.replies: dict[tuple[str, str], tuple[str, Json]] = {}
        self.mails = 0
        self.orders: dict[int, Order] = {}
        self.customers: dict[str, Customer] = {}
        self._names: dict[str, int] = {}
        self._settled: dict[int, Order] = {}
        self._previous: dict[int, Order] = {}

    def stock_up(self, house: Json, level_changed: Callable[[Item, str], None]) -> None:
        """Take products, listings and levels of the house; what was sold before is forgotten."""
        self.clear()
        self.house = house
        points = (house.get("limits") or {}).get("points_per_s", POINTS_PER_S)
        self.bucket = Bucket(SECONDS_OF_POINTS * points, points, seconds=self.env.clock.seconds)
        self.domain = str(house.get("shop") or "")
        self.currency = _currency(house)
        self.stock = Stock(self.now, level_changed)
        for key, place in house["locations"].items():
            self.stock.locations[key] = Location(self.next_id(), key, place)
        for listing in house["listings"].get("shop") or []:
            item = self.stock.items.get(listing["listing"]) or self._list(listing["listing"])
            item.levels[listing["at"]] = Level(listing["shows"], updated_at=self.now())

    def knows(self, order: str) -> bool:
        """Whether an order of that name was placed here."""
        return order in self._names

    def order_names(self) -> list[str]:
        """Every order that was placed here."""
        return list(self._names)

    def order_id(self, order: str) -> str:
        """The number of the order of that name."""
        return str(self._names[order])

    def recipient(self, order: str) -> Json | None:
        """Where an order goes."""
        return self.named(order).ship_to

    @contextmanager
    def acting(self, name: str) -> Iterator[None]:
        """Everything that is done meanwhile is done by that name."""
        before, self.actor = self.actor, name
        try:
            yield
        finally:
            self.actor = before

    def next_id(self) -> int:
        """A number never given before."""
        return next(self._ids)

    def now(self) -> datetime:
        """The virtual instant, to the second as Shopify keeps it."""
        return self.env.clock.now().replace(microsecond=0)

    def named(self, name: str) -> Order:
        """The order of that name."""
        if name not in self._names:
            raise ValueError(f"the shop has no order {name!r}{nearest(name, self._names)}")
        return self.orders[self._names[name]]

    def keep(self, order: Order) -> None:
        """Enter a new order."""
        self.orders[order.id] = order
        self._names[order.name] = order.id
        self._settled[order.id] = copy.deepcopy(order)

    def touch(self, order: Order) -> None:
        """Close one change of an order; what it was before stays readable to a stale replica for a while."""
        order.updated_at = self.now()
        self._previous[order.id] = self._settled[order.id]
        self._settled[order.id] = copy.deepcopy(order)

    def seen(self, order: Order) -> Order:
        """The order as a read shows it: now and then the version before the last change."""
        before = self._previous.get(order.id)
        if before is None or self.env.clock.now() - order.updated_at > STALE:
            return order
        struck = self.env.faults.strike("stale", f"shopify order {order.name}")
        return before if struck else order

    def visible(self) -> list[Order]:
        """Every order an app may see."""
        return [order for order in self.orders.values() if not order.hidden]

    def find(self, number: int | None) -> Order | None:
        """The order of that id, if an app may see it."""
        order = self.orders.get(number or 0)
        return None if order is None or order.hidden else order

    def fulfillment_order(self, number: int | None) -> tuple[Order, FulfillmentOrder] | None:
        """The fulfillment order of that id, with its order."""
        pairs = ((order, asked) for order in self.visible() for asked in order.fulfillment_orders)
        return next((pair for pair in pairs if pair[1].id == number), None)

    def fulfillment(self, number: int | None) -> tuple[Order, Fulfillment] | None:
        """The fulfillment of that id, with its order."""
        pairs = ((order, made) for order in self.visible() for made in order.fulfillments)
        return next((pair for pair in pairs if pair[1].id == number), None)

    def item(self, number: int | None) -> Item | None:
        """The listing whose inventory item has that id."""
        return next((item for item in self.stock.items.values() if item.id == number), None)

    def location(self, number: int | None) -> Location | None:
        """The location of that id."""
        return next((place for place in self.stock.locations.values() if place.id == number), None)

    def _list(self, sku: str) -> Item:
        known = (self.house.get("products") or {}).get(sku) or {}
        product = {"title": sku.replace("-", " ").title(), **known}
        item = Item(self.next_id(), self.next_id(), self.next_id(), sku, product)
        self.stock.items[sku] = item
        return item


def _currency(house: Json) -> str:
    """The shop's currency: as the house says, else that of its orders from before, else that of its rate cards."""
    before = [entry["place"] for entry in house.get("before") or ()]
    ordered = [order.get("currency") for order in before if order.get("channel") == "shop"]
    cards = [card["currency"] for card in house.get("cards") or ()]
    return str(next((name for name in (house.get("currency"), *ordered, *cards) if name), "USD"))
