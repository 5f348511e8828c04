"""What differs between two replays of one order: what would come under other rules, and what would not come any more."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from core.domain.rule_summary import choice_text
from core.domain.rules.trace import ReplayedStep, Trace
from core.domain.summary import amount_text
from core.model.base import Worded
from core.model.money import Money


class Differing(Worded):
    """What may come or go, with what a plan says of the orders to which it comes."""

    RULE = "rule", "matched"
    HOLD = "hold", "held"
    RELEASE = "release", "released"
    TAG = "tag", "tagged"
    ROUTE = "route", "routed"
    LABEL = "label", "labelled"
    CHOICE = "choice", "given a choice of labels"
    MAIL = "mail", "told by mail"
    REQUEST = "request", "asked about elsewhere"
    ASSIGN = "assign", "assigned"
    NOTE = "note", "noted"
    BUY_LABEL = "buy_label", "labelled at once"
    CAPTURE = "capture", "captured before the label"
    CANCEL = "cancel", "cancelled"


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One thing that comes, or does not come any more."""

    kind: Differing
    of: str
    """The rule, tag, route or rate."""
    says: str
    comes: bool

    @property
    def text(self) -> str:
        """It in one line: ``+`` comes, ``-`` goes."""
        return f"{'+' if self.comes else '-'} {self.kind.value} {self.says}"

    @property
    def told(self) -> dict[str, object]:
        """It as JSON has it."""
        return {"kind": self.kind.value, "of": self.of, "says": self.says, "comes": self.comes}


def differences(before: Trace, after: Trace) -> tuple[Difference, ...]:
    """Return what differs, by kind."""
    old, new = Counter(_effects(before)), Counter(_effects(after))
    found = [
        Difference(kind, of, says, comes)
        for counted, comes in ((old - new, False), (new - old, True))
        for kind, of, says in counted.elements()
    ]
    order = list(Differing)
    return tuple(sorted(found, key=lambda one: (order.index(one.kind), one.says, one.comes)))


def postage(before: Trace, after: Trace) -> dict[str, tuple[int, int]]:
    """Return by currency what labels cost in minor units, before and after, of parcels that are labelled in both and dearer or cheaper."""
    old, new = _prices(before), _prices(after)
    found: dict[str, tuple[int, int]] = {}
    for parcel in sorted(old.keys() & new.keys()):
        one, other = old[parcel], new[parcel]
        if one.currency == other.currency and one.minor != other.minor:
            less, more = found.get(one.currency, (0, 0))
            found[one.currency] = (less + one.minor, more + other.minor)
    return found


def _prices(trace: Trace) -> dict[str, Money]:
    labels = {parcel.parcel_id: parcel.label for parcel in trace.state.parcels}
    return {name: label.price for name, label in labels.items() if label is not None}


def _effects(trace: Trace) -> Iterator[tuple[Differing, str, str]]:
    """Yield (kind, of what, in words) of everything that a replay came to."""
    for rule, trigger, _ in trace.matched:
        yield Differing.RULE, rule, f"{rule} at {trigger}"
    for rule, reason in dict.fromkeys(trace.held):
        yield Differing.HOLD, rule, f"{rule}: {reason}"
    state = trace.state
    for tag in state.tags:
        yield Differing.TAG, tag, tag
    if state.route:
        yield Differing.ROUTE, ", ".join(state.route), f"from {', '.join(state.route)}"
    if state.label_choice is not None:
        chosen = choice_text(state.label_choice)
        yield Differing.CHOICE, chosen, chosen
    for parcel in state.parcels:
        label = parcel.label
        if label is not None:
            rate = f"{label.carrier} {label.service}"
            yield Differing.LABEL, rate, f"{parcel.parcel_id}: {rate} {amount_text(label.price)}"
    for step in trace.steps:
        if step.done and step.action in _SAYS:
            kind, says = _SAYS[step.action](step)
            yield kind, step.rule, f"{step.rule}: {says}"


def _mail(step: ReplayedStep) -> tuple[Differing, str]:
    to = ", ".join(step.said.get("to") or [str(step.said.get("via", ""))])
    return Differing.MAIL, f"{to}: {step.said.get('subject', '')}"


def _request(step: ReplayedStep) -> tuple[Differing, str]:
    said = step.said
    return Differing.REQUEST, f"{said.get('method', 'POST')} {said.get('via', '')} {said.get('path', '')}"


_SAYS: Mapping[str, Callable[[ReplayedStep], tuple[Differing, str]]] = {
    "notify": _mail,
    "http": _request,
    "release": lambda step: (Differing.RELEASE, str(step.said.get("hold", ""))),
    "assign": lambda step: (Differing.ASSIGN, str(step.said.get("to", ""))),
    "note": lambda step: (Differing.NOTE, str(step.said.get("text", ""))),
    "buy_label": lambda _: (Differing.BUY_LABEL, "its label is bought at once"),
    "capture": lambda _: (Differing.CAPTURE, "its money is captured before the label"),
    "cancel": lambda step: (Differing.CANCEL, str(step.said.get("reason", ""))),
}
"""By action: what differs where it is done, and what it says."""
