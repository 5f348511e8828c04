"""What people and programs read of a replay, of an order's explanation and of a SKU's: plain values, nothing personal."""

from datetime import date, datetime
from typing import Any

from core.domain.rules.differences import Difference
from core.domain.rules.trace import Trace
from core.model.base import Shape


class ToldFact(Shape):
    """A fact of the timeline, in words."""

    version: int
    at: datetime
    actor: str
    says: str


class AskedView(Shape):
    """A rule that was asked, and whether its condition held."""

    trigger: str
    version: int
    """Of the fact that it was asked about."""
    at: datetime
    rule: str
    where: str
    """Its place in the file, as in `crossdock.yaml:41:5`."""
    condition: str
    matched: bool
    undecided: str
    """Why its condition could not be computed; empty where it could."""
    values: dict[str, Any]
    """The single values that the condition names, by path."""


class StepView(Shape):
    """A step of a rule that matched, with what it says, filled."""

    rule: str
    where: str
    step: str
    trigger: str
    version: int
    at: datetime
    action: str
    said: dict[str, Any]
    outcome: str
    """done, skipped, waiting, failed, or `not known` where it needs an answer that nobody gave."""
    message: str


class NotComparedView(Shape):
    """What stored facts cannot tell, and from which fact on."""

    version: int
    what: str


class TraceView(Shape):
    """An order's stored facts under the rules of a file."""

    digest: str
    asked: tuple[AskedView, ...]
    steps: tuple[StepView, ...]
    held: dict[str, str]
    """By rule: why it would hold the order, whether or not it was released since."""
    tags: tuple[str, ...]
    route: tuple[str, ...]
    waits: dict[str, datetime]
    """By rule: until when a run of it waits."""
    not_compared: tuple[NotComparedView, ...]


class DifferenceView(Shape):
    """One thing that comes under the other file, or does not come any more."""

    kind: str
    of: str
    says: str
    comes: bool


class OrderReplay(Shape):
    """An order replayed under the file in force, or under another one that is compared with it."""

    order: str
    number: str
    trace: TraceView
    compared: bool
    """Whether another file was given: the trace is that file's then."""
    differences: tuple[DifferenceView, ...]


class HoldView(Shape):
    """What holds an order, and who may release it."""

    reason: str
    words: str
    detail: str
    releasable: bool
    do: str
    """What a person does about it."""
    rules: dict[str, str]
    """By rule: why it holds the order."""


class UnitsView(Shape):
    """Units that are set aside; location null: they are lacking."""

    sku: str
    units: int
    location: str | None


class PreferredView(Shape):
    """A location in the order in which they are asked for units, and why it stands there."""

    location: str
    why: str


class RateWhy(Shape):
    """A rate of a parcel, and why it was taken or lost."""

    parcel: str
    rate_id: str | None
    carrier: str
    service: str
    price: str | None
    arrives: date | None
    reason: str
    why: str


class LabelsView(Shape):
    """Which labels are wanted, and who says so."""

    says: str
    rule: str | None
    where: str | None
    promised: date | None
    allowed: tuple[str, ...] | None


class OrderExplanation(Shape):
    """Why an order stands as it stands."""

    order: str
    number: str
    stage: str
    waits_for: str
    do: str
    file: str
    facts: tuple[ToldFact, ...]
    trace: TraceView
    earlier: tuple[str, ...]
    """Digests of earlier files under which rules of it ran."""
    holds: tuple[HoldView, ...]
    units: tuple[UnitsView, ...]
    preferred: tuple[PreferredView, ...]
    rates: tuple[RateWhy, ...]
    labels: LabelsView


class CountedView(Shape):
    """What a location holds of a SKU."""

    location: str
    on_hand: int
    committed: int
    available: int


class BufferView(Shape):
    """Units of a SKU that a connection never shows, and which stock rule says so."""

    connection: str
    units: int
    pattern: str | None
    where: str | None


class ListingWhy(Shape):
    """A listing made of a SKU: what it shows and should, and why."""

    connection: str
    listing: str
    location: str | None
    of: dict[str, int]
    wanted: int | None
    shown: int | None
    why: str


class StockExplanation(Shape):
    """Why a SKU's listings show what they show."""

    sku: str
    counted: tuple[CountedView, ...]
    available: int
    low: int | None
    low_where: str | None
    buffers: tuple[BufferView, ...]
    listings: tuple[ListingWhy, ...]


def trace_view(trace: Trace) -> TraceView:
    """Return a replay as people and programs read it."""
    asked = tuple(
        AskedView(
            trigger=came.trigger,
            version=came.version,
            at=came.at,
            rule=one.rule,
            where=one.where,
            condition=one.condition,
            matched=one.matched,
            undecided=one.undecided,
            values=dict(one.values),
        )
        for came in trace.came
        for one in came.asked
    )
    steps = tuple(
        StepView(
            rule=step.rule,
            where=step.where,
            step=step.step,
            trigger=step.trigger,
            version=step.version,
            at=step.at,
            action=step.action,
            said=dict(step.said),
            outcome=step.outcome,
            message=step.message,
        )
        for step in trace.steps
    )
    return TraceView(
        digest=trace.digest,
        asked=asked,
        steps=steps,
        held=dict(trace.held),
        tags=trace.state.tags,
        route=trace.state.route,
        waits=dict(trace.waits),
        not_compared=tuple(NotComparedView(version=n.version, what=n.what) for n in trace.not_compared),
    )


def difference_view(found: Difference) -> DifferenceView:
    """Return a difference as people and programs read it."""
    return DifferenceView(kind=found.kind.value, of=found.of, says=found.says, comes=found.comes)
