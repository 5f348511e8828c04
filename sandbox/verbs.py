"""The verbs of day/1 that the world plays: who is asked for which."""

from typing import Any

from day.format import CHANNELS, MERCHANT, VERBS
from day.located_yaml import DayError, Document, Position, nearest
from sandbox.environment import SalesChannel
from sandbox.house import names_in
from sandbox.scripted_faults import vendors_of
from sandbox.values import Json
from sandbox.world import World


def play(world: World, verb: str, what: Any) -> Json:
    """Play one verb; DayError for a verb, a key, an order or a listing that does not exist."""
    _check(world, verb, what)
    if verb == "place":
        return {"ok": True, **_named(world, what["channel"]).place(what)}
    if verb in ("disconnect", "reconnect"):
        return _connections(world, verb, what)
    if verb == "carrier_down":
        world.easypost.carrier_down(
            what["carrier"], mode=what.get("how"), since=what.get("from"), until=what.get("to")
        )
        return {"ok": True}
    if verb == "void_rejected":
        world.easypost.reject_voids(what["carrier"], times=int(what.get("times", 1)))
        return {"ok": True}
    if verb == "dispute":
        return {"ok": True, "id": world.stripe.dispute(_payment(world, what))}
    return {"ok": True, **_channel(world, what).play(verb, what)}


def _check(world: World, verb: str, what: Any) -> None:
    if verb in MERCHANT - {"reconnect"}:
        raise DayError(f"{verb} is what the merchant does: ask the hub for it")
    if verb not in VERBS:
        raise DayError(f"there is no verb {verb}{nearest(verb, VERBS)}")
    position = Position(document := Document(verb, what))
    VERBS[verb](what, position)
    document.finish()
    if verb == "place":
        names_in(world.house).place(what, position)
    elif verb in ("disconnect", "reconnect"):
        for number, name in enumerate(what):
            (position / number).one_of(name, vendors_of(world.house), "connection")
    elif verb == "carrier_down":
        known = {str(card["carrier"]) for card in world.house.get("cards") or ()}
        (position / "carrier").one_of(what["carrier"], known, "carrier")
    document.finish()


def _connections(world: World, verb: str, names: list[str]) -> Json:
    """Take the hub's access to some connections away, or let it in again."""
    accounts: dict[str, Any] = {"stripe": world.stripe, "easypost": world.easypost, "mail": world.mail}
    for vendor in (vendors_of(world.house)[name] for name in names):
        if vendor in accounts:
            accounts[vendor].cut = verb == "disconnect"
        else:
            channel = world.shopify if vendor == "shopify" else world.amazon
            channel.play(verb, {})
    return {"ok": True}


def _payment(world: World, what: Json) -> str:
    """The payment that is disputed: as named, or the order's own."""
    if what.get("payment_intent"):
        return str(what["payment_intent"])
    of_order = (
        each.id for each in world.stripe.everything() if each.metadata.get("order") == what.get("order")
    )
    found = next(of_order, None)
    if found is None:
        raise DayError(f"dispute.order: Stripe took no payment for {what.get('order')!r}")
    return found


def _named(world: World, channel: str) -> SalesChannel:
    return world.shopify if channel == "shop" else world.amazon


def _channel(world: World, what: Json) -> SalesChannel:
    """The channel that is named, or the one that knows the order or sells the listing."""
    named = what.get("channel") or what.get("connection")
    vendors = vendors_of(world.house)
    if named is not None:
        if vendors.get(named) not in ("shopify", "amazon"):
            raise DayError(f"there is no channel {named}{nearest(str(named), CHANNELS)}")
        return world.shopify if vendors[named] == "shopify" else world.amazon
    if "order" in what:
        for channel in (world.shopify, world.amazon):
            if channel.knows(str(what["order"])):
                return channel
    elif "listing" in what:
        rows = (world.house.get("listings") or {}).get("shop") or ()
        of_shop = "at" in what or any(row["listing"] == what["listing"] for row in rows)
        return world.shopify if of_shop else world.amazon
    elif "role" in what:
        return world.amazon
    known = [*world.shopify.order_names(), *world.amazon.order_names()]
    about = str(what.get("order") or what.get("listing") or "that")
    raise DayError(f"no channel knows {about!r}{nearest(about, known)}")
