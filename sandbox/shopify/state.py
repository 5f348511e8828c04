"""The shop's state and the verbs shoppers and the merchant's other tools act with."""

import copy
import itertools
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from day.located_yaml import nearest
from sandbox.shopify import books, by_channel, cancelling, payloads, selling
from sandbox.shopify.cost import Bucket
from sandbox.shopify.keys import CLIENT_ID, CLIENT_SECRET
from sandbox.shopify.oauth import Tokens
from sandbox.shopify.records import Customer, Item, Level, Location, Order
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.stock import Stock
from sandbox.shopify.webhooks import Subscriptions
from sandbox.values import Json

if TYPE_CHECKING:
    from sandbox.world import World

STALE: Final = timedelta(seconds=30)
FIRST_ID: Final = 5_400_000_000_001


class Shopify:
    """One shop, its stock, its orders, and the one app installed on it."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.house: Json = {}
        self.domain = ""
        self.tokens = Tokens(self)
        self.actor = "shop"
        """Who acts at the moment: the shop itself, the hub by its token, or another tool by its own."""
        self.bucket = Bucket(seconds=world.clock.seconds)
        self.subscriptions = Subscriptions(self)
        self.jobs: dict[int, Json] = {}
        self.replies: dict[tuple[str, str], tuple[str, Json]] = {}
        self.mails = 0
        self._ids = itertools.count(FIRST_ID)
        self.load(world.house)

    def load(self, house: Json) -> None:
        """Take products, listings and levels of the house; what was sold before is forgotten."""
        self.house = house
        self.domain = str(house.get("shop") or "")
        self.currency: str = _currency(house)
        self.jobs, self.replies, self.mails = {}, {}, 0
        self.orders: dict[int, Order] = {}
        self.customers: dict[str, Customer] = {}
        self._names: dict[str, int] = {}
        self._settled: dict[int, Order] = {}
        self._previous: dict[int, Order] = {}
        self.stock = Stock(self.now, self._level_changed)
        for key, place in house["locations"].items():
            self.stock.locations[key] = Location(self.next_id(), key, place)
        for listing in house["listings"].get("shop") or []:
            item = self.stock.items.get(listing["listing"]) or self._list(listing["listing"])
            item.levels[listing["at"]] = Level(listing["shows"], updated_at=self.now())

    def place(self, order: Json) -> Json:
        """A shopper buys; gives the order's name and id."""
        return selling.place(self, order)

    def play(self, verb: str, order: Json) -> Json:
        """Do any other verb of day/1 that concerns a shop."""
        verbs: dict[str, Callable[[Shopify, Json], Json]] = {
            "edit": selling.edit,
            "pay": selling.pay,
            "cancel": cancelling.cancel_by_channel,
            "refund": by_channel.refund,
            "other_tool": by_channel.other_tool,
            "grant": by_channel.grant,
            "redact": self.subscriptions.comply,
            "disconnect": Shopify.uninstall,
            "reconnect": Shopify.allow,
        }
        if verb not in verbs:
            raise ValueError(f"a shop cannot {verb}; it can {', '.join(verbs)}")
        try:
            return verbs[verb](self, order)
        except Refusal as refused:
            raise ValueError(f"{verb}: {refused.message}") from refused

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

    def books(self) -> Json:
        """What truly happened here."""
        return books.of(self)

    def credentials(self, url: str) -> Json:
        """What a client needs to reach this stand-in."""
        return {
            "url": url,
            "store": self.domain,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "token": self.tokens.permanent,
        }

    def uninstall(self, _order: Json | None = None) -> Json:
        """The merchant removes the app: every token dies, subscriptions go, after one last webhook."""
        self.subscriptions.announce("APP_UNINSTALLED", self.domain, payloads.shop(self))
        self.subscriptions.clear()
        self.tokens.revoke()
        return {"ok": True}

    def allow(self, _order: Json | None = None) -> Json:
        """The merchant lets the app in again: its permanent token is good once more, and so is a new consent."""
        self.tokens.cut = False
        return {"ok": True}

    def next_id(self) -> int:
        """A number never given before."""
        return next(self._ids)

    def now(self) -> datetime:
        """The virtual instant, to the second as Shopify keeps it."""
        return self.world.clock.now().replace(microsecond=0)

    def opaque(self, prefix: str) -> str:
        """An id in another gateway's words."""
        return f"{prefix}_{self.world.rng.randbytes(8).hex()}"

    def secret(self, prefix: str) -> str:
        """A token nobody can guess."""
        return prefix + secrets.token_hex(16)

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
        if before is None or self.world.clock.now() - order.updated_at > STALE:
            return order
        struck = self.world.faults.strike("stale", f"shopify order {order.name}")
        return before if struck else order

    def visible(self) -> list[Order]:
        """Every order an app may see."""
        return [order for order in self.orders.values() if not order.hidden]

    def find(self, number: int | None) -> Order | None:
        """The order of that id, if an app may see it."""
        order = self.orders.get(number or 0)
        return None if order is None or order.hidden else order

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

    def _level_changed(self, item: Item, at: str) -> None:
        self.subscriptions.announce(
            "INVENTORY_LEVELS_UPDATE", f"{item.sku}@{at}", payloads.level(self, item, at)
        )


def _currency(house: Json) -> str:
    """The shop's currency: as the house says, else that of its orders from before, else that of its rate cards."""
    before = [entry["place"] for entry in house.get("before") or ()]
    told = [order.get("currency") for order in before if order.get("channel") == "shop"]
    cards = [card["currency"] for card in house.get("cards") or ()]
    return str(next((name for name in (house.get("currency"), *told, *cards) if name), "USD"))
