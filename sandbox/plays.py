"""The verbs of day/1 that the world plays: who is asked for which."""

from collections.abc import Mapping
from typing import Final

from sandbox import format as shapes
from sandbox.environment import SalesChannel
from sandbox.reading import MistakeError, nearest
from sandbox.values import Json
from sandbox.world import World

ACCOUNTS: Final = ("stripe", "easypost", "mail")
"""Vendors that are no channel: a merchant closes and opens the account with them."""


def play(world: World, verb: str, what: object) -> Json:
    """Play one verb; MistakeError for a verb, a key, an order or a listing that does not exist."""
    if verb == "place":
        shapes.check_order(world.house, what)
        assert isinstance(what, dict)  # noqa: S101  the line above has seen to it
        return {"ok": True, **_named(world, str(what["channel"])).place(what)}
    if verb in ("disconnect", "reconnect"):
        return _connection(world, verb, what)
    shapes.check_verb(verb, what)
    assert isinstance(what, dict)  # noqa: S101  the line above has seen to it
    if verb == "carrier_down":
        _carrier_down(world, what)
        return {"ok": True}
    if verb == "void_rejected":
        world.easypost.reject_voids(what["carrier"], times=int(what.get("times", 1)))
        return {"ok": True}
    if verb == "dispute":
        return {"ok": True, "id": world.stripe.dispute(_payment(world, what))}
    return {"ok": True, **_channel(world, what).play(verb, what)}


def _carrier_down(world: World, what: Json) -> None:
    known = {str(card["carrier"]) for card in world.house.get("cards") or ()}
    if what["carrier"] not in known:
        raise MistakeError(
            f"carrier_down.carrier: no carrier is called {what['carrier']!r}{nearest(what['carrier'], known)}"
        )
    world.easypost.carrier_down(
        what["carrier"],
        mode=what.get("mode") or what.get("how"),
        since=what.get("from"),
        until=what.get("until") or what.get("to"),
    )


def _connection(world: World, verb: str, what: object) -> Json:
    """Take the hub's access to some connections away, or let it in again: a name, several, or an object naming one."""
    names = what if isinstance(what, list) else [what]
    vendors = shapes.vendors(world.house)
    wanted = [_vendor(name, verb, vendors) for name in names]
    for vendor in wanted:
        if vendor == "stripe":
            world.stripe.cut = verb == "disconnect"
        elif vendor == "easypost":
            world.easypost.cut = verb == "disconnect"
        elif vendor == "mail":
            world.mail.cut = verb == "disconnect"
        else:
            channel = world.shopify if vendor == "shopify" else world.amazon
            channel.play(verb, {})
    return {"ok": True}


def _vendor(named: object, verb: str, vendors: Mapping[str, str]) -> str:
    if isinstance(named, dict):
        shapes.check_verb(verb, named)
        named = named.get("connection") or named.get("channel")
    if named not in vendors:
        raise MistakeError(f"{verb}: no connection is called {named!r}{nearest(str(named), vendors)}")
    return vendors[str(named)]


def _payment(world: World, what: Json) -> str:
    """The payment that is disputed: as named, or the order's own."""
    if what.get("payment_intent"):
        return str(what["payment_intent"])
    of_order = (
        each.id for each in world.stripe.everything() if each.metadata.get("order") == what.get("order")
    )
    found = next(of_order, None)
    if found is None:
        raise MistakeError(f"dispute.order: Stripe took no payment for {what.get('order')!r}")
    return found


def _named(world: World, channel: str) -> SalesChannel:
    return world.shopify if channel == "shop" else world.amazon


def _channel(world: World, what: Json) -> SalesChannel:
    """The channel that is named, or the one that knows the order or sells the listing."""
    named = what.get("channel") or what.get("connection")
    vendors = shapes.vendors(world.house)
    if named is not None:
        if vendors.get(named) not in ("shopify", "amazon"):
            raise MistakeError(f"no channel is called {named!r}{nearest(str(named), shapes.CHANNELS)}")
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
    raise MistakeError(f"no channel knows {about!r}{nearest(about, known)}")
