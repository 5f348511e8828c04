"""Which order a parcel, a mail or a request is about, told by what an outsider can see of it."""

import re
from typing import TYPE_CHECKING

from sandbox.values import Json

if TYPE_CHECKING:
    from sandbox.world import SalesChannel, World


def named_in(world: "World", text: object) -> str | None:
    """The order whose name stands in a text as a word of its own, the longest name first."""
    told = str(text or "")
    for name in sorted(_names(world), key=len, reverse=True):
        if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", told):
            return name
    return None


def number_of(world: "World", about: object) -> str | None:
    """The channel's name of an order that is told by its name or by the channel's own id."""
    told = str(about or "")
    for channel in _channels(world):
        for name in channel.order_names():
            if told in (name, channel.order_id(name)):
                return name
    return named_in(world, told)


def of_parcel(world: "World", reference: object, receiver: Json) -> frozenset[str]:
    """The orders a parcel may be for: the one its reference names, else those that go to its address."""
    named = named_in(world, reference)
    if named is not None:
        return frozenset({named})
    wanted = _place(receiver)
    return frozenset(
        name
        for channel in _channels(world)
        for name in channel.order_names()
        if _place(channel.recipient(name) or {}) == wanted
    )


def _channels(world: "World") -> list["SalesChannel"]:
    """The channels that are being served (a test may serve one vendor alone)."""
    found = (getattr(world, name, None) for name in ("shopify", "amazon"))
    return [channel for channel in found if channel is not None]


def _names(world: "World") -> list[str]:
    return [name for channel in _channels(world) for name in channel.order_names()]


def _place(address: Json) -> tuple[str, ...]:
    parts = (address.get("street1"), address.get("zip"), address.get("country"))
    return tuple(" ".join(str(part or "").casefold().split()) for part in parts)
