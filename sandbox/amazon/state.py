"""What Amazon keeps of the seller's account: listings, orders, and what truly happened."""

import hashlib
import uuid
from datetime import datetime
from typing import Final

from day.located_yaml import nearest
from sandbox.amazon.confirm import confirmed, status_after
from sandbox.amazon.feeds import Feeds
from sandbox.amazon.limits import Limits, scale_for
from sandbox.amazon.listing import AMAZON, APPLIED_AFTER, MERCHANT, Listing
from sandbox.amazon.login import Login
from sandbox.amazon.marketplaces import region_of
from sandbox.amazon.notifications import Change, Notifications, order_change
from sandbox.amazon.order import Order, Package
from sandbox.amazon.patching import Wanted
from sandbox.amazon.sqs import Queues
from sandbox.environment import Environment
from sandbox.values import Json

STALE_SECONDS: Final = 30.0
"""How long after a change a read may still give the version before it (fault `stale`), in virtual seconds."""


class Account:
    """One seller's account at the marketplace."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.login = Login(env)
        self.queues = Queues()
        self.notifications = Notifications()
        self.feeds = Feeds()
        self.listings: dict[str, Listing] = {}
        self.orders: dict[str, Order] = {}
        self.limits = Limits(scale_for(env.clock.rate, None))
        self.seller = "A1KENDRA"
        self.marketplaces = ["ATVPDKIKX0DER"]

    @property
    def marketplace(self) -> str:
        """Where the seller sells."""
        return self.marketplaces[0]

    def now(self) -> datetime:
        """The present virtual instant."""
        return self.env.clock.now()

    def load(self, house: Json) -> None:
        """Take the listings of the house; orders of an earlier house are forgotten, connections are kept."""
        self.seller = str(house.get("seller") or self.seller)
        self.marketplaces = [str(name) for name in house.get("marketplaces") or self.marketplaces]
        self.limits = Limits(scale_for(self.env.clock.rate, (house.get("limits") or {}).get("scale")))
        self.orders = {}
        self.feeds = Feeds()
        for queue in self.queues.by_name.values():
            queue.messages.clear()
        specs = house["listings"].get("amz") or []
        long_ago = self.now() - APPLIED_AFTER * (100 + len(specs))
        self.listings = {
            str(spec["listing"]): _listing(spec, house, long_ago + APPLIED_AFTER * number, self.marketplace)
            for number, spec in enumerate(specs)
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

    def known(self, what: Json) -> Order:
        """The order that a verb names."""
        order_id = str(what.get("order"))
        if order_id not in self.orders:
            raise ValueError(f"Amazon knows no order {order_id!r}{nearest(order_id, self.orders)}")
        return self.orders[order_id]

    def confirm(self, order: Order, given: Json) -> None:
        """Keep one package of a shipment confirmation."""
        package = confirmed(order, given, marketplace=self.marketplace, now=self.now())
        package.lost = self.env.sabotage.hits("amazon_tracking_lost", order.order_id)
        self.ship(order, package)

    def set_quantity(self, listing: Listing, want: Wanted, *, sold_since: int = 0) -> None:
        """Take an accepted quantity; units sold since it was submitted are off it already."""
        now, faults = self.now(), self.env.faults
        if listing.patches_to_ignore > 0:
            listing.patches_to_ignore -= 1
            return
        if self.env.scripted_faults.patch_lost("amazon", listing.sku):
            return
        if faults.strike("stale", f"amazon patch {listing.sku}"):
            return
        if self.env.sabotage.hits("amazon_level_lost", listing.sku):
            listing.off_by = 1
        listing.set_quantity(want.quantity - sold_since, want.lead_time_days, now=now)

    def shown_order(self, order: Order) -> Order:
        """The version of an order that a read gives: under the fault `stale`, perhaps the one before."""
        if order.before is None or not self._just_now(order.updated_at):
            return order
        stale = self.env.faults.strike("stale", f"amazon order {order.order_id}")
        return order.before if stale else order

    def shown_quantity(self, listing: Listing) -> int:
        """The quantity that a read gives: under the fault `stale`, perhaps the one before."""
        if self._just_now(listing.updated) and self.env.faults.strike(
            "stale", f"amazon listing {listing.sku}"
        ):
            return max(0, listing.shown_before)
        return listing.shown(self.now())

    def announce(self, order: Order, kind: str, reason: str) -> None:
        """Send ORDER_CHANGE to whoever subscribed."""
        if order.hidden:
            return
        change = Change(kind, reason, self.now(), self.seller, self.marketplace, self.login.application_id)
        for subscription in self.notifications.subscribed("ORDER_CHANGE", kind, marketplace=self.marketplace):
            queue = self.queues.named(self.notifications.arn_of(subscription))
            if queue is None:
                continue
            notification_id = uuid.UUID(int=self.env.rng.getrandbits(128), version=4)
            message = order_change(order, change, subscription.subscription_id, str(notification_id))
            self.queues.deliver(self.env, queue, order.order_id, message)

    def ship(self, order: Order, package: Package) -> None:
        """Keep one package, whoever reported it."""
        order.changing(self.now())
        order.packages[package.reference] = package
        order.status = status_after(order)
        self.announce(order, "OrderStatusChange", "Shipment confirmed")

    def cancel_package(self, order: Order, reference: str) -> None:
        """The seller takes a package back before the carrier has it: its units are to be shipped again."""
        order.changing(self.now())
        order.packages[reference].cancelled = True
        left = any(order.shipped(line.item_id) for line in order.lines)
        order.status = status_after(order) if left else "UNSHIPPED"
        self.announce(order, "OrderStatusChange", "Shipment cancelled")

    def _just_now(self, when: datetime) -> bool:
        return (self.now() - when).total_seconds() < STALE_SECONDS


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
