"""Amazon's own state: listings, orders, and what truly happened."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from day.format import STATUSES
from day.located_yaml import nearest
from sandbox.amazon import deeds
from sandbox.amazon.books import amazon_books
from sandbox.amazon.confirm import confirmed, status_after
from sandbox.amazon.feeds import Feeds
from sandbox.amazon.limits import Limits, scale_for
from sandbox.amazon.listing import AMAZON, APPLIED_AFTER, MERCHANT, Listing
from sandbox.amazon.login import Login
from sandbox.amazon.marketplaces import currency_of, region_of
from sandbox.amazon.notices import Notices, order_change
from sandbox.amazon.order import Order, Package, ordered
from sandbox.amazon.patching import Wanted
from sandbox.amazon.sqs import Queues
from sandbox.values import Json

if TYPE_CHECKING:
    from sandbox.world import World

STALE_SECONDS: Final = 30.0
"""How long after a change a read may still give the version before it (fault `stale`), in virtual seconds."""


class Amazon:
    """The marketplace with one seller's account."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.login = Login(world)
        self.queues = Queues()
        world.queued = self.queues.kept
        self.notices = Notices()
        self.feeds = Feeds()
        self.listings: dict[str, Listing] = {}
        self.orders: dict[str, Order] = {}
        self.limits = Limits(scale_for(world.clock.rate, None))
        self.seller = "A1KENDRA"
        self.marketplaces = ["ATVPDKIKX0DER"]

    @property
    def marketplace(self) -> str:
        """Where the seller sells."""
        return self.marketplaces[0]

    def now(self) -> datetime:
        """The present virtual instant."""
        return self.world.clock.now()

    def load(self, house: Json) -> None:
        """Take the listings of the house; orders of an earlier house are forgotten, connections are kept."""
        self.seller = str(house.get("seller") or self.seller)
        self.marketplaces = [str(name) for name in house.get("marketplaces") or self.marketplaces]
        self.limits = Limits(scale_for(self.world.clock.rate, (house.get("limits") or {}).get("scale")))
        self.orders = {}
        self.feeds = Feeds()
        for queue in self.queues.by_name.values():
            queue.messages.clear()
        long_ago = self.now() - APPLIED_AFTER * 100
        self.listings = {
            str(spec["listing"]): _listing(spec, house, long_ago, self.marketplace)
            for spec in house["listings"].get("amz") or []
        }

    def knows(self, order: str) -> bool:
        """Whether an order of that id was placed here."""
        return order in self.orders

    def order_names(self) -> list[str]:
        """Every order that was placed here."""
        return list(self.orders)

    def order_id(self, order: str) -> str:
        """Amazon knows orders by their id alone."""
        return order

    def recipient(self, order: str) -> Json | None:
        """Where an order goes."""
        return self.orders[order].ship_to

    def credentials(self, url: str) -> Json:
        """What a client needs to reach this stand-in at `url`."""
        return {
            "endpoint": url,
            "lwa": url,
            "consent": url,
            "application_id": self.login.application_id,
            "client_id": self.login.client_id,
            "client_secret": self.login.client_secret,
            "refresh_token": self.login.self_authorized,
            "seller": self.seller,
            "marketplace": self.marketplace,
            "sqs": url,
            "queue": self.queues.url(url, self.queues.first),
            "queue_arn": self.queues.arn(self.queues.first),
        }

    def books(self) -> Json:
        """What truly happened here."""
        writes = self.world.writes["amazon"]
        return amazon_books(self.orders.values(), self.listings.values(), self.world.calls["amazon"]) | {
            "writes": writes.total(),
            "writes_by_operation": dict(writes),
        }

    # ---- what shoppers, buyers and the merchant do (verbs of day/1)

    def place(self, spec: Json) -> Json:
        """A shopper buys; Amazon takes the units off its own quantity at once, PENDING or not.

        With `at`, the order is older than the house: its quantities already lack the units, and nothing is announced.
        """
        order_id = str(spec.get("id") or self._new_id())
        if order_id in self.orders:
            raise ValueError(f"there is an order {order_id} already")
        titles = {sku: (listing.title, listing.asin) for sku, listing in self.listings.items()}
        before = spec.get("at") is not None
        order = ordered(spec, order_id, titles, now=self.now(), currency=currency_of(self.marketplace))
        if before:
            order.updated_at = order.placed_at
            self.orders[order_id] = order
            return {"id": order_id, "order": order_id}
        self._take(order)
        self.orders[order_id] = order
        order.hidden = self.world.sabotage.hits("amazon_order_lost", order_id)
        self.announce(order, "OrderStatusChange", "Order placed")
        return {"id": order_id, "order": order_id}

    def play(self, verb: str, what: Json) -> Json:
        """Play any other verb; ValueError for one that does not concern Amazon."""
        verbs: dict[str, Callable[[Json], None]] = {
            "amazon_status": self.amazon_status,
            "cancel": self.cancel,
            "request_cancel": self.request_cancel,
            "grant": self.grant,
            "patch_not_applied": self.patch_not_applied,
            "refund": lambda what: deeds.refund(self, what),
            "other_tool": lambda what: deeds.other_tool(self, what),
            "disconnect": lambda _what: self.login.revoke(),
            "reconnect": lambda _what: self.login.restore(),
        }
        if verb not in verbs:
            raise ValueError(f"Amazon does not know the verb {verb!r}; it knows {', '.join(verbs)}")
        verbs[verb](what)
        return {"id": str(what.get("order") or what.get("listing") or "")}

    def amazon_status(self, what: Json) -> None:
        """Move an order to a status (`order`, `to`)."""
        order, status = self.known(what), str(what["to"])
        if status not in STATUSES:
            raise ValueError(f"no order status is called {status!r}; there are {', '.join(STATUSES)}")
        if status == "CANCELLED":
            self.cancel({**what, "by": what.get("by") or "channel"})
            return
        if order.status == "CANCELLED":
            raise ValueError(f"{order.order_id} has the status CANCELLED, and that is final")
        order.changing(self.now())
        order.status = status
        self.announce(order, "OrderStatusChange", "Order status changed")

    def cancel(self, what: Json) -> None:
        """Cancel an order (`order`, `by` channel, merchant or buyer); Amazon gives its units back unless `restock` is false."""
        order = self.known(what)
        if order.status in {"CANCELLED", "SHIPPED", "PARTIALLY_SHIPPED"}:
            raise ValueError(f"{order.order_id} is {order.status} and cannot be cancelled")
        order.changing(self.now())
        order.status = "CANCELLED"
        order.cancelled_by = {"merchant": "MERCHANT", "buyer": "BUYER"}.get(str(what.get("by")), "AMAZON")
        if what.get("restock", True):
            for line in order.lines:
                self.listings[line.listing].sell(-line.quantity)
        self.announce(order, "OrderStatusChange", "Order cancelled")

    def request_cancel(self, what: Json) -> None:
        """The buyer asks for cancellation of all items (`order`, `reason`)."""
        order = self.known(what)
        order.changing(self.now())
        for line in order.lines:
            line.cancel_asked = str(what.get("reason") or "NO_LONGER_NEEDED")
        self.announce(order, "BuyerRequestedChange", "Buyer Requested Cancel")

    def grant(self, what: Json) -> None:
        """Let the application see what was withheld: of one order (with its `address`, where it had none), or of all."""
        orders = [self.known(what)] if what.get("order") else list(self.orders.values())
        for order in orders:
            if not order.withheld:
                continue
            order.changing(self.now())
            order.ship_to = what.get("address") or order.ship_to
            order.withheld = order.ship_to is None

    def patch_not_applied(self, what: Json) -> None:
        """Accept the next patches of a listing and change nothing (`listing`, `times`)."""
        sku = str(what["listing"])
        if sku not in self.listings:
            raise ValueError(f"no listing is called {sku!r}{nearest(sku, self.listings)}")
        self.listings[sku].deaf = int(what.get("times", 1))

    def known(self, what: Json) -> Order:
        """The order that a verb names."""
        order_id = str(what.get("order"))
        if order_id not in self.orders:
            raise ValueError(f"Amazon knows no order {order_id!r}{nearest(order_id, self.orders)}")
        return self.orders[order_id]

    # ---- what the application does

    def confirm(self, order: Order, given: Json) -> None:
        """Keep one package of a shipment confirmation."""
        package = confirmed(order, given, marketplace=self.marketplace, now=self.now())
        package.lost = self.world.sabotage.hits("amazon_tracking_lost", order.order_id)
        self.ship(order, package)

    def set_quantity(self, listing: Listing, want: Wanted, *, sold_since: int = 0) -> None:
        """Take an accepted quantity; units sold since it was submitted are off it already."""
        now, faults = self.now(), self.world.faults
        if listing.deaf > 0:
            listing.deaf -= 1
            return
        if self.world.planned.patch_lost("amazon", listing.sku):
            return
        if faults.strike("stale", f"amazon patch {listing.sku}"):
            return
        if self.world.sabotage.hits("amazon_level_lost", listing.sku):
            listing.off_by = 1
        listing.set_quantity(want.quantity - sold_since, want.lead_time_days, now=now)

    def shown_order(self, order: Order) -> Order:
        """The version of an order that a read gives: under the fault `stale`, perhaps the one before."""
        if order.before is None or not self._just_now(order.updated_at):
            return order
        stale = self.world.faults.strike("stale", f"amazon order {order.order_id}")
        return order.before if stale else order

    def shown_quantity(self, listing: Listing) -> int:
        """The quantity that a read gives: under the fault `stale`, perhaps the one before."""
        if self._just_now(listing.updated) and self.world.faults.strike(
            "stale", f"amazon listing {listing.sku}"
        ):
            return max(0, listing.shown_before)
        return listing.shown(self.now())

    def announce(self, order: Order, kind: str, reason: str) -> None:
        """Send ORDER_CHANGE to whoever subscribed."""
        if order.hidden:
            return
        for subscription in self.notices.subscribed("ORDER_CHANGE", kind):
            queue = self.queues.named(self.notices.arn_of(subscription))
            if queue is None:
                continue
            message = order_change(self, order, subscription, kind=kind, reason=reason)
            self.queues.deliver(self.world, queue, order.order_id, message)

    def ship(self, order: Order, package: Package) -> None:
        """Keep one package, whoever told of it."""
        order.changing(self.now())
        order.packages[package.reference] = package
        order.status = status_after(order)
        self.announce(order, "OrderStatusChange", "Shipment confirmed")

    def _just_now(self, when: datetime) -> bool:
        return (self.now() - when).total_seconds() < STALE_SECONDS

    def _take(self, order: Order) -> None:
        """Take the sold units off; all of them or none."""
        wanted: dict[str, int] = {}
        for line in order.lines:
            wanted[line.listing] = wanted.get(line.listing, 0) + line.quantity
        for sku, units in wanted.items():
            left = self.listings[sku].available()
            if left < units:
                raise ValueError(f"{sku} has {left} left, not {units}")
        for sku, units in wanted.items():
            self.listings[sku].sell(units)

    def _new_id(self) -> str:
        number = 5_000_001 + len(self.orders)
        return f"112-{number:07d}-{number % 9_000_000 + 1_000_000:07d}"


def _listing(spec: Json, house: Json, created: datetime, marketplace: str) -> Listing:
    sku = str(spec["listing"])
    by = str(spec.get("fulfilled_by") or MERCHANT)
    units = int(spec["shows"])
    parts = list(spec.get("of") or {})
    of = (house.get("products") or {}).get(parts[0], {}).get("title", sku) if parts else sku
    title = spec.get("title") or of
    asin = "B0" + hashlib.sha256(sku.encode()).hexdigest()[:8].upper()
    return Listing(
        sku=sku,
        title=str(title),
        asin=asin,
        fulfilled_by=by,
        quantity=0 if by == AMAZON else units,
        fba_quantity=units if by == AMAZON else 0,
        created=created,
        updated=created,
        region=region_of(marketplace),
    )
