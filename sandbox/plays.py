"""The verbs of day/1 that the world plays: who is asked for which."""

from sandbox.values import Json
from sandbox.world import SalesChannel, World


def play(world: World, verb: str, what: Json) -> Json:
    """Play one verb; ValueError for a verb or an order that does not exist."""
    if verb == "carrier_down":
        mode, until = what.get("mode") or what.get("how"), what.get("until") or what.get("to")
        world.easypost.carrier_down(what["carrier"], mode=mode, until=until)
        return {"ok": True}
    if verb == "void_rejected":
        world.easypost.reject_voids(what["carrier"], times=int(what.get("times", 1)))
        return {"ok": True}
    if verb == "dispute":
        return {"ok": True, "id": world.stripe.dispute(what["payment_intent"])}
    channel = _channel(world, what)
    answer = channel.place(what) if verb == "place" else channel.play(verb, what)
    return {"ok": True, **answer}


def _channel(world: World, what: Json) -> SalesChannel:
    """The channel that is named, or the one that knows the order or sells the listing."""
    named: dict[str, SalesChannel] = {"shop": world.shopify, "amz": world.amazon}
    if what.get("channel") in named:
        return named[what["channel"]]
    if "order" in what:
        for channel in named.values():
            if channel.knows(str(what["order"])):
                return channel
    elif "listing" in what:
        return world.amazon
    raise ValueError(f"no channel knows {what.get('order') or what.get('listing') or 'that'!r}")
