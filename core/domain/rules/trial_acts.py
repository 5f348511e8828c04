"""What a step of a rule does to the order of a test, as far as later steps see it."""

from collections.abc import Callable, Mapping
from typing import Any

from core.domain.rules.tags import tags_of, unfit_tags
from core.domain.rules.trial_values import Values, labelled
from core.domain.state import Stage
from core.model.annotations import NOBODY
from core.model.holds import Hold

_OPEN = frozenset({Stage.AWAITING_PAYMENT, Stage.ON_HOLD, Stage.READY})
"""The stages in which a hold still keeps something from shipping."""
Given = Mapping[str, Any]


def hold(order: Values, given: Given) -> str:
    """Hold an order."""
    del given
    if order["stage"] not in _OPEN:
        return "nothing of the order can be held any more: its labels are bought, or it is over"
    order["holds"] = list(dict.fromkeys([*order["holds"], Hold.BY_RULE.value]))
    order["stage"] = Stage.ON_HOLD.value
    return ""


def _release(order: Values, given: Given) -> str:
    if given["hold"] not in [known.value for known in Hold if known.overrulable]:
        return f"{given['hold']} goes away when its cause is mended"
    order["holds"] = [held for held in order["holds"] if held != given["hold"]]
    if not order["holds"] and order["stage"] == Stage.ON_HOLD:
        order["stage"] = Stage.READY.value
    return ""


def _tag(order: Values, given: Given) -> str:
    tags = tags_of(given)
    order["tags"] = sorted({*order["tags"], *tags} - set(unfit_tags(tags)))
    return _unfit(tags)


def _untag(order: Values, given: Given) -> str:
    tags = tags_of(given)
    order["tags"] = [tag for tag in order["tags"] if tag not in tags]
    return _unfit(tags)


def _unfit(tags: list[str]) -> str:
    return f"{', '.join(unfit_tags(tags))}: no tag" if unfit_tags(tags) else ""


def _assign(order: Values, given: Given) -> str:
    word = str(given["to"]).strip()
    order["assignee"] = None if word in ("", NOBODY, "nobody") else word
    return ""


def _route(order: Values, given: Given) -> str:
    order["locations"] = [next(iter(given["to"]))]
    order["items"] = [
        {**one, "location": order["locations"][0] if one["location"] else ""} for one in order["items"]
    ]
    return ""


def _label(order: Values, given: Given) -> str:
    del given
    labelled(order)
    return ""


ACTS: Mapping[str, Callable[[Values, Given], str]] = {
    "hold": hold,
    "release": _release,
    "tag": _tag,
    "untag": _untag,
    "assign": _assign,
    "route": _route,
    "label": _label,
}
"""Each returns why it cannot be done; empty where it was. What is not here changes nothing that a rule sees at once."""
