"""Parcels reported, tracking changed, fulfillment orders moved and held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.shopify import announcing
from sandbox.shopify.placing import reopen, settle
from sandbox.shopify.records import Fulfillment, FulfillmentOrder, Hold, Order, Portion
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.values import Json

SHIPPABLE = ("OPEN", "IN_PROGRESS")


@dataclass(frozen=True)
class Parcel:
    """What goes: per fulfillment order its portions and quantities, or none for all that remains."""

    asked: Sequence[tuple[FulfillmentOrder, Mapping[int, int] | None]]
    tracking: Sequence[Json]


def fulfill(shop: Shop, order: Order, parcel: Parcel) -> Fulfillment:
    """Note that units left; all of one location, none of a closed or held fulfillment order."""
    chosen = [
        (asked, portion, quantity)
        for asked, spec in parcel.asked
        for portion, quantity in _chosen(asked, spec)
    ]
    locations = {asked.location for asked, _wish in parcel.asked}
    if len(locations) != 1:
        raise Refusal("All fulfillment orders must be assigned to one location", "fulfillment")
    at, now = locations.pop(), shop.now()
    made = Fulfillment(
        shop.next_id(), f"{order.name}-F{len(order.fulfillments) + 1}", at, now, now, [],
        [asked.id for asked, _wish in parcel.asked], [dict(entry) for entry in parcel.tracking], app=shop.actor,
    )  # fmt: skip
    for asked, portion, quantity in chosen:
        portion.remaining -= quantity
        line = order.line(portion.line)
        made.portions.append(Portion(shop.next_id(), line.id, quantity))
        shop.stock.ship(line.sku or "", at, quantity)
        asked.updated_at = now
        settle(shop, asked)
    made.kept = not shop.env.sabotage.hits("tracking_lost", order.name)
    order.fulfillments.append(made)
    shop.touch(order)
    announcing.shipped(shop, order, made)
    return made


def unfulfill(shop: Shop, order: Order, made: Fulfillment) -> None:
    """Cancel a fulfillment: its units are asked for again where they left, and lie on the shelf once more.

    Of a fulfillment order that is closed a new one takes them, of one that is open still they are added to what remains
    (fulfillmentCancel, shopify.dev 2026-10).
    """
    if made.status != "SUCCESS":
        raise Refusal("Fulfillment is already cancelled", "id")
    made.status, made.updated_at = "CANCELLED", shop.now()
    for gone in made.portions:
        shop.stock.commit(order.line(gone.line).sku or "", made.location, gone.quantity)
        reopen(shop, order, made.location, gone)
    shop.touch(order)
    announcing.fulfillment_changed(shop, order, made)


def retrack(shop: Shop, order: Order, made: Fulfillment, tracking: Sequence[Json]) -> None:
    """Give a parcel other tracking numbers."""
    if made.status != "SUCCESS":
        raise Refusal("Fulfillment is cancelled", "fulfillmentId")
    made.tracking = [dict(entry) for entry in tracking]
    made.updated_at = shop.now()
    shop.touch(order)
    announcing.fulfillment_changed(shop, order, made)


def move(shop: Shop, order: Order, asked: FulfillmentOrder, to: str) -> FulfillmentOrder:
    """Ask another location for all that remains; gives the fulfillment order there."""
    if asked.status not in SHIPPABLE:
        raise Refusal("Fulfillment order is not in a state that can be moved", "id")
    if asked.location == to:
        raise Refusal("Fulfillment order is already assigned to that location", "newLocationId")
    left = [portion for portion in asked.portions if portion.remaining]
    for portion in left:
        sku = order.line(portion.line).sku or ""
        item = shop.stock.items.get(sku)
        if item is None or to not in item.levels:
            raise Refusal("Line items are not stocked at the new location", "newLocationId")
    fresh = FulfillmentOrder(shop.next_id(), to, shop.now(), shop.now(), [])
    for portion in left:
        sku = order.line(portion.line).sku or ""
        fresh.portions.append(Portion(shop.next_id(), portion.line, portion.remaining, portion.remaining))
        shop.stock.give_back(sku, asked.location, portion.remaining)
        shop.stock.sell(sku, to, portion.remaining)
        portion.remaining = 0
    settle(shop, asked)
    order.fulfillment_orders.append(fresh)
    shop.touch(order)
    announcing.moved(shop, order, asked, fresh)
    return fresh


def hold(shop: Shop, order: Order, asked: FulfillmentOrder, spec: Hold) -> None:
    """Keep a fulfillment order from being shipped; several may hold it, each app once per handle."""
    if asked.status not in (*SHIPPABLE, "ON_HOLD"):
        raise Refusal("Fulfillment order cannot be held", "id", code="TAKEN")
    if any(kept.app == spec.app and kept.handle == spec.handle for kept in asked.holds):
        raise Refusal(
            "The handle is in use", "fulfillmentHold", "handle", code="DUPLICATE_FULFILLMENT_HOLD_HANDLE"
        )
    asked.holds.append(spec)
    asked.status, asked.updated_at = "ON_HOLD", shop.now()
    shop.touch(order)
    announcing.held(shop, order, asked, spec)


def release(shop: Shop, order: Order, asked: FulfillmentOrder, *, holds: Sequence[int] | None) -> None:
    """Take the named holds off, or all; the fulfillment order is open again when none is left."""
    asked.holds = [kept for kept in asked.holds if holds is not None and kept.id not in holds]
    free = not asked.holds and asked.status == "ON_HOLD"
    if free:
        asked.status = "OPEN"
    asked.updated_at = shop.now()
    shop.touch(order)
    if free:
        announcing.hold_released(shop, order, asked)
    else:
        announcing.changed(shop, order)


def _chosen(asked: FulfillmentOrder, spec: Mapping[int, int] | None) -> list[tuple[Portion, int]]:
    if asked.status == "ON_HOLD":
        raise Refusal("Fulfillment order is on hold and cannot be fulfilled", "fulfillment")
    if asked.status not in SHIPPABLE:
        raise Refusal("Fulfillment order has an unfulfillable status: " + asked.status.lower(), "fulfillment")
    if spec is None:
        return [(portion, portion.remaining) for portion in asked.portions if portion.remaining]
    known = {portion.id: portion for portion in asked.portions}
    for number, quantity in spec.items():
        if number not in known:
            raise Refusal("Fulfillment order line item does not exist", "fulfillment")
        if not 0 < quantity <= known[number].remaining:
            raise Refusal("Invalid fulfillment order line item quantity requested", "fulfillment")
    return [(known[number], quantity) for number, quantity in spec.items()]
