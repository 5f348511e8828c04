"""The keys of a rule and of its steps: every action that there is, with what it may say."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, WithJsonSchema

from core.config import advice
from core.config.keys import ClockTime, Duration, Keys, Name, Price, Text, Weekday, Within
from core.config.rule_types import (
    Condition,
    MailAddresses,
    Names,
    OverrulableHold,
    Services,
    Short,
    Started,
    Tags,
    Triggers,
    Yes,
)


class HoldKeys(Keys):
    """Keeps an order from shipping until a person, or a rule, releases it."""

    reason: Text
    """What people read; ``{{ }}`` is filled in."""


class ReleaseKeys(Keys):
    """Lets go of a hold that a person may overrule."""

    hold: OverrulableHold
    """The hold to let go."""


class TagKeys(Keys):
    """Puts tags on an order, or takes them off."""

    tags: Tags
    """Tags: small letters, digits and ``-``."""


class NoteKeys(Keys):
    """Writes a line into the timeline of an order."""

    text: Text
    """The line; ``{{ }}`` is filled in."""


class AssignKeys(Keys):
    """Says who looks after an order: somebody by his name, or ``nobody``."""

    to: Text
    """Somebody's name, or ``nobody``."""


class RouteKeys(Keys):
    """Says which locations an order leaves from, the preferred one first; no other is used."""

    to: Names
    """The locations, the preferred one first."""


class SplitKeys(Keys):
    """An order that no location holds whole leaves from several."""

    by: Literal["location"]
    """By the locations that hold the units."""
    only: Literal["when_needed"] = "when_needed"
    """Only where no location holds all of it."""


class LabelKeys(Keys):
    """Which label is bought."""

    via: Text | None = None
    """The connection that sells labels; the first that sells any unless said."""
    choose: Literal["cheapest", "fastest"] | None = None
    """Which rate wins of those that keep the promise; ``cheapest`` unless said."""
    max: Price | None = None
    """The most a label may cost, in the currency of its rate."""
    format: Literal["png", "pdf", "zpl"] | None = None
    """The format of the label's file; ``png`` unless said."""
    services: Services | None = None
    """The carriers' services that may be chosen, in place of ``sla.services``."""


class CancelKeys(Keys):
    """Has an order cancelled at its channel and its money given back."""

    reason: Text
    """What people read."""


class NotifyKeys(Keys):
    """Tells people: by mail, or through a connection that uses hooks."""

    to: MailAddresses | None = None
    """Mail addresses."""
    via: Text | None = None
    """The connection that tells them; one that uses email unless said."""
    subject: Text = "{{event.trigger}}"
    """The mail's subject; ``{{ }}`` is filled in."""
    text: Text
    """What they are told; ``{{ }}`` is filled in."""


class HttpKeys(Keys):
    """Asks an address of a connection that uses hooks, and keeps what is named of its answer."""

    via: Text
    """The connection whose address is asked."""
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    """The method of the request."""
    path: str = ""
    """The path of the request; ``{{ }}`` is filled in, percent-encoded."""
    json_: dict[str, Any] | list[Any] | None = Field(default=None, alias="json")
    """What is sent. A value that begins with ``=`` is an expression and keeps its type; ``{{ }}`` within text is filled in."""
    take: dict[Name, Text] = Field(default_factory=dict, max_length=20)
    """What is kept of the answer, by a name of your own: each is an expression over it. Later steps read ``steps.<id>.<name>``."""
    idempotent: bool = False
    """Whether asking twice does no more than asking once."""


class BufferKeys(Keys):
    """Says how many units of the SKU a connection never shows, until another rule says otherwise."""

    channel: Text
    """The connection."""
    units: Annotated[int, Field(ge=0)]
    """Units never shown there."""


_LONGEST_WAIT = timedelta(days=365)


class WaitKeys(Keys):
    """Waits: for so long, or until something is told of the order, no longer than ``for``."""

    for_: Annotated[Duration, Within(_LONGEST_WAIT)] = Field(default=timedelta(days=30), alias="for")
    """How long; at most so long where ``until`` is given."""
    until: Started | None = None
    """Until this is told of the order."""


class RetryKeys(Keys):
    """How often a step is tried, and how long between."""

    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    """How often it is tried at most."""
    first: Duration = timedelta(seconds=2)
    """How long after the first failure; each further pause is twice as long."""
    max: Duration = timedelta(minutes=10)
    """The longest pause."""


class StepKeys(Keys):
    """One step of a rule: one action, and what goes with it."""

    id: Name | None = None
    """The step's name, by which later steps read what it gave: ``steps.<id>``."""
    if_: Condition | None = Field(default=None, alias="if")
    """The step is passed over unless this holds."""
    hold: Annotated[HoldKeys, Short("reason")] | None = None
    """Keep the order from shipping until a person, or a rule, releases it."""
    release: Annotated[ReleaseKeys, Short("hold")] | None = None
    """Let go of a hold that a person may overrule."""
    tag: Annotated[TagKeys, Short("tags")] | None = None
    """Put tags on the order."""
    untag: Annotated[TagKeys, Short("tags")] | None = None
    """Take tags off the order."""
    note: Annotated[NoteKeys, Short("text")] | None = None
    """Write a line into the order's timeline."""
    assign: Annotated[AssignKeys, Short("to")] | None = None
    """Say who looks after the order."""
    route: Annotated[RouteKeys, Short("to")] | None = None
    """Say which locations the order leaves from."""
    split: SplitKeys | None = None
    """Let an order that no location holds whole leave from several."""
    label: LabelKeys | None = None
    """Say which label is bought."""
    buy_label: Yes | None = None
    """Buy the label now, without asking a person."""
    capture: Yes | None = None
    """Capture the order's money now."""
    cancel: Annotated[CancelKeys, Short("reason")] | None = None
    """Have the order cancelled at its channel and its money given back."""
    set_buffer: BufferKeys | None = None
    """Say how many units of the SKU a connection never shows."""
    notify: NotifyKeys | None = None
    """Tell people, by mail or through a connection."""
    http: HttpKeys | None = None
    """Ask an address, and keep what is named of its answer."""
    wait: Annotated[WaitKeys, Short("for")] | None = None
    """Wait for so long, or until something is told of the order."""
    stop: Yes | None = None
    """End this rule here."""
    timeout: Annotated[Duration, Within(timedelta(seconds=30))] | None = None
    """How long the step may take."""
    retry: RetryKeys | None = None
    """How often the step is tried, and how long between."""
    else_: list["StepKeys"] | None = Field(default=None, alias="else", min_length=1)
    """What is done where the step fails."""


class EveryKeys(Keys):
    """When a rule is started by the clock."""

    days: list[Weekday] | None = None
    """The days."""
    at: ClockTime | None = None
    """The hour, in the location's zone."""
    interval: timedelta | None = None
    """In place of the two others."""


_EVERY = re.compile(r"(day|weekday|mon|tue|wed|thu|fri|sat|sun) at ([0-9:]+)")
_SCHEDULE = (
    r"^(day|weekday|mon|tue|wed|thu|fri|sat|sun) at ([01][0-9]|2[0-3]):[0-5][0-9]$|^[1-9][0-9]{0,8}[mhd]$"
)
_SCHEDULES = ("day at 17:00", "weekday at 17:00", "mon at 09:00", "2h")
_ANY_SCHEDULE = f"{', '.join(_SCHEDULES[:-1])}, or {_SCHEDULES[-1]}"
_SOONEST = timedelta(minutes=1)
_DAYS_OF = {
    "day": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "weekday": ["mon", "tue", "wed", "thu", "fri"],
}


def schedule(value: object) -> object:
    """Return what ``day at 17:00``, ``weekday at 17:00``, ``mon at 09:00`` or ``2h`` say."""
    found = _EVERY.fullmatch(value) if isinstance(value, str) else None
    if found:
        return {"days": _DAYS_OF.get(found[1], [found[1]]), "at": found[2]}
    try:
        interval = TypeAdapter(Duration).validate_python(value)
    except ValidationError as error:
        shown = f"'{value}'" if isinstance(value, str | int) else "this"
        says = f"{shown} is no schedule; write {advice.schedule(str(value)) or _ANY_SCHEDULE}"
        raise ValueError(says) from error
    if interval < _SOONEST:
        raise ValueError(f"'{value}' is too often; 1m is the most")
    return {"interval": interval}


Every = Annotated[
    EveryKeys,
    BeforeValidator(schedule),
    WithJsonSchema({"type": "string", "pattern": _SCHEDULE, "examples": [*_SCHEDULES]}),
]


class RuleKeys(Keys):
    """What is done when something has come to pass, or at some hour."""

    id: Name
    """The rule's own name."""
    name: str = ""
    """What people read in place of its id."""
    when: Triggers | None = None
    """What starts the rule: one trigger or several about the same thing."""
    every: Every | None = None
    """The hour that starts the rule, in place of ``when``."""
    location: Name | None = None
    """The location in whose zone ``every`` counts; the first one of the file unless said."""
    if_: Condition | None = Field(default=None, alias="if")
    """The rule runs only where this holds."""
    then: list[StepKeys] = Field(min_length=1)
    """The steps, one after another."""
    stop: bool = False
    """Whether the rules after this one are passed over where it runs."""
    overrides: list[Name] = Field(default_factory=list)
    """Rules above this one that it contradicts on purpose: where both match, this one counts."""
