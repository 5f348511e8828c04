"""Which actions of two rules contradict one another: at most one of them can be what comes of it. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from core.model.holds import Hold

Said = Mapping[str, Any]
"""What an action says, computed."""


def _differ(one: Said, other: Said) -> bool:
    return dict(one) != dict(other)


def _labels_differ(one: Said, other: Said) -> bool:
    """Return whether labels would be bought otherwise; a connection that one leaves open may be the same."""
    both = "via" in one and "via" in other
    return any(one.get(key) != other.get(key) for key in {*one, *other} if both or key != "via")


def _always(one: Said, other: Said) -> bool:
    del one, other
    return True


def _same_tag(one: Said, other: Said) -> bool:
    return not set(one.get("tags", ())).isdisjoint(other.get("tags", ()))


def _lets_go(_hold: Said, release: Said) -> bool:
    return release.get("hold") == Hold.BY_RULE.value


def _same_channel(one: Said, other: Said) -> bool:
    return one.get("channel") == other.get("channel") and one.get("units") != other.get("units")


CONTRADICTING: Mapping[tuple[str, str], Callable[[Said, Said], bool]] = {
    ("assign", "assign"): _differ,
    ("cancel", "buy_label"): _always,
    ("cancel", "capture"): _always,
    ("hold", "buy_label"): _always,
    ("hold", "release"): _lets_go,
    ("label", "label"): _labels_differ,
    ("route", "route"): _differ,
    ("set_buffer", "set_buffer"): _same_channel,
    ("tag", "untag"): _same_tag,
}
"""By two actions: whether what they say contradicts."""
CONTRADICTORY = frozenset(action for pair in CONTRADICTING for action in pair)


def may_contradict(one: str, other: str) -> bool:
    """Return whether two actions contradict, whatever they say, or may by what they say."""
    return (one, other) in CONTRADICTING or (other, one) in CONTRADICTING


def contradict(one: str, said: Said, other: str, other_said: Said) -> bool:
    """Return whether two actions contradict by what they say."""
    if (one, other) in CONTRADICTING:
        return CONTRADICTING[one, other](said, other_said)
    found = CONTRADICTING.get((other, one))
    return found is not None and found(other_said, said)


_LAST_COUNTS = frozenset({"assign", "label", "route"})


def what_counts(action: str, said: Said) -> tuple[Any, ...] | None:
    """Return of what a later action of the same rule takes the place of this one; None where both count."""
    if action == "set_buffer":
        return (action, said.get("channel"))
    return (action,) if action in _LAST_COUNTS else None
