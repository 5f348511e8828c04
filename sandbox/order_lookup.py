"""Which order a parcel, a mail or a request is about, by what an outsider can see of it."""

import re

from sandbox.environment import Environment
from sandbox.values import Json


def named_in(env: Environment, text: object) -> str | None:
    """The order whose name stands in a text as a word of its own, the longest name first."""
    names = [name for channel in env.channels for name in channel.order_names()]
    for name in sorted(names, key=len, reverse=True):
        if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", str(text or "")):
            return name
    return None


def number_of(env: Environment, about: object) -> str | None:
    """The channel's name of an order, given that name or the channel's own id."""
    for channel in env.channels:
        for name in channel.order_names():
            if about in (name, channel.order_id(name)):
                return name
    return named_in(env, about)


def of_parcel(env: Environment, parcel: Json) -> frozenset[str]:
    """The orders a parcel may be for: the one its reference names, else those that go to its address."""
    named = named_in(env, parcel.get("reference"))
    if named is not None:
        return frozenset({named})
    wanted = _place(parcel.get("to_address") or {})
    return frozenset(
        name
        for channel in env.channels
        for name in channel.order_names()
        if _place(channel.recipient(name) or {}) == wanted
    )


def _place(address: Json) -> tuple[str, ...]:
    parts = (address.get("street1"), address.get("zip"), address.get("country"))
    return tuple(" ".join(str(part or "").casefold().split()) for part in parts)
