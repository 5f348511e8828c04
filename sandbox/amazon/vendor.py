"""Amazon as the world and the control port know it: what shoppers, buyers and the merchant do there."""

from collections.abc import Callable

from sandbox.amazon import admin_actions
from sandbox.amazon.books import amazon_books
from sandbox.amazon.marketplaces import currency_of
from sandbox.amazon.order import Order, ordered
from sandbox.amazon.state import Account
from sandbox.format import STATUSES
from sandbox.reading import nearest
from sandbox.values import Json


class Amazon(Account):
    """The marketplace as a sales channel."""

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
        return amazon_books(self.orders.values(), self.listings.values()) | self.env.counts("amazon")

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
        order.hidden = self.env.sabotage.hits("amazon_order_lost", order_id)
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
            "refund": lambda what: admin_actions.refund(self, what),
            "other_tool": lambda what: admin_actions.other_tool(self, what),
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
        self.listings[sku].patches_to_ignore = int(what.get("times", 1))

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
