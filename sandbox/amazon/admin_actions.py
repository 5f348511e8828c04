"""What another tool of the merchant, and the merchant himself, do at Amazon."""

from sandbox.amazon.carriers import CODES, OTHER
from sandbox.amazon.order import Line, Order, Package
from sandbox.amazon.state import Account
from sandbox.reading import nearest
from sandbox.values import Json


def other_tool(amazon: Account, what: Json) -> None:
    """Another tool acts with its own token: it confirms a shipment, or sets a quantity."""
    if what["do"] == "set_level":
        _set_level(amazon, what)
    elif what["do"] == "ship":
        amazon.ship(amazon.known(what), _package(amazon, what))
    else:
        raise ValueError(f"another tool cannot {what['do']} an order of Amazon")


def refund(amazon: Account, what: Json) -> None:
    """The merchant refunds in Seller Central (`amount`, or `lines`): Amazon's orders do not tell, its books do."""
    order = amazon.known(what)
    if what.get("currency") not in (None, order.currency):
        raise ValueError(f"{order.order_id} was paid in {order.currency}, not in {what['currency']}")
    wanted = [(line, int(entry["qty"])) for entry in what.get("lines", []) for line in [_line(order, entry)]]
    amount = what.get("amount")
    if amount is None:
        amount = sum(line.goods() * units // line.quantity for line, units in wanted)
    if not 0 <= amount <= order.total - order.refunded:
        left = order.total - order.refunded
        raise ValueError(f"{order.order_id} has {left} left to give back, not {amount}")
    order.refunded += int(amount)
    if what.get("restock"):
        for line, units in wanted:
            amazon.listings[line.listing].sell(-units)


def _set_level(amazon: Account, what: Json) -> None:
    sku, to = what.get("listing"), what.get("to", what.get("quantity"))
    if sku not in amazon.listings:
        raise ValueError(f"no listing is called {sku!r}{nearest(str(sku), amazon.listings)}")
    if to is None or to < 0:
        raise ValueError("other_tool.to: set_level needs a quantity of 0 or more")
    listing = amazon.listings[sku]
    listing.set_quantity(int(to), listing.lead_time_days, now=amazon.now())


def _package(amazon: Account, what: Json) -> Package:
    order, now = amazon.known(what), amazon.now()
    if order.status not in {"UNSHIPPED", "PARTIALLY_SHIPPED"}:
        raise ValueError(f"{order.order_id} is {order.status}: there is nothing to ship")
    carrier = str(what.get("carrier") or "UPS")
    left = {line.item_id: line.quantity - order.shipped(line.item_id) for line in order.lines}
    if what.get("lines"):
        left = {_line(order, entry).item_id: int(entry["qty"]) for entry in what["lines"]}
    return Package(
        reference=str(9_001 + len(order.packages)),
        created=now,
        shipped=now,
        carrier_code=carrier if carrier in CODES else OTHER,
        carrier_name=None if carrier in CODES else carrier,
        method=None,
        tracking=str(what.get("tracking") or ""),
        items={item: units for item, units in left.items() if units},
        app=str(what.get("name") or "Other tool"),
    )


def _line(order: Order, entry: Json) -> Line:
    name = entry.get("listing") or entry.get("sku")
    for line in order.lines:
        if line.listing == name:
            return line
    raise ValueError(
        f"{order.order_id} has no line {name!r}{nearest(str(name), [ln.listing for ln in order.lines])}"
    )
