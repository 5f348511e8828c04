"""The keys of a rule and of its steps: every action that there is, with what it may say."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from core.config.keys import ClockTime, Duration, Keys, Name, Price, Service, Text, Weekday, duration
from core.model.annotations import TAG
from core.model.holds import Hold
from core.model.triggers import Trigger
from core.nearest import nearest

_FORMULA = "="
_BRACES = "{{"


def is_filled(value: object) -> bool:
    """Return whether a value is computed when its step is done: it begins with ``=``, or has ``{{ }}``."""
    return isinstance(value, str) and (value.startswith(_FORMULA) or _BRACES in value)


def trigger(value: object) -> object:
    """Return the trigger of that name."""
    names = [known.value for known in Trigger]
    if not isinstance(value, str) or value not in names:
        raise ValueError(f"'{value}' is no trigger{nearest(str(value), names) or _all(names)}")
    return Trigger(value)


def _all(names: list[str]) -> str:
    return f"; there are: {', '.join(names)}"


def overrulable_hold(value: object) -> object:
    """Return the hold of that name, if it may be released at all."""
    names = [hold.value for hold in Hold if hold.overrulable]
    if is_filled(value):
        return value
    if value not in names:
        says = "goes away when its cause is mended" if value in list(Hold) else "is no hold"
        raise ValueError(f"'{value}' {says}{nearest(str(value), names) or _all(names)}")
    return value


def tag(value: object) -> object:
    """Return a tag as it is written, or what computes one."""
    if is_filled(value) or (isinstance(value, str) and re.fullmatch(TAG, value)):
        return value
    raise ValueError(f"'{value}' is no tag; write small letters, digits and '-', at most 40")


def mail_address(value: object) -> object:
    """Return a mail address as it is written."""
    if not isinstance(value, str) or not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+", value):
        raise ValueError(f"'{value}' is no mail address; write one as in ops@example.com")
    return value


def listed(value: object) -> object:
    """Return one value as a list of it."""
    return [value] if isinstance(value, str) else value


def _short(key: str) -> BeforeValidator:
    """Let an action be written by its one value alone."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str | list) else value)


Tags = Annotated[list[Annotated[str, BeforeValidator(tag)]], BeforeValidator(listed), Field(min_length=1)]
Names = Annotated[list[Name], BeforeValidator(listed), Field(min_length=1)]
Yes = Literal[True]


class HoldKeys(Keys):
    """Keeps an order from shipping until a person, or a rule, releases it."""

    reason: Text


class ReleaseKeys(Keys):
    """Lets go of a hold that a person may overrule."""

    hold: Annotated[str, BeforeValidator(overrulable_hold)]


class TagKeys(Keys):
    """Puts tags on an order, or takes them off."""

    tags: Tags


class NoteKeys(Keys):
    """Writes a line into the timeline of an order."""

    text: Text


class AssignKeys(Keys):
    """Says who looks after an order: somebody by his name, or ``nobody``."""

    to: Text


class RouteKeys(Keys):
    """Says which locations an order leaves from, the preferred one first; no other is used."""

    to: Names


class SplitKeys(Keys):
    """An order that no location holds whole leaves from several."""

    by: Literal["location"]
    only: Literal["when_needed"] = "when_needed"


class LabelKeys(Keys):
    """Which label is bought."""

    via: Text | None = None
    choose: Literal["cheapest", "fastest"] | None = None
    max: Price | None = None
    format: Literal["png", "pdf", "zpl"] | None = None
    services: Annotated[list[Service], BeforeValidator(listed), Field(min_length=1)] | None = None


class CancelKeys(Keys):
    """Has an order cancelled at its channel and its money given back."""

    reason: Text


class NotifyKeys(Keys):
    """Tells people: by mail, or through a connection that uses hooks."""

    to: (
        Annotated[
            list[Annotated[str, BeforeValidator(mail_address)]], BeforeValidator(listed), Field(min_length=1)
        ]
        | None
    ) = None
    via: Text | None = None
    subject: Text = "{{event.trigger}}"
    text: Text


class HttpKeys(Keys):
    """Asks an address of a connection that uses hooks, and keeps what is named of its answer."""

    via: Text
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: str = ""
    json_: dict[str, Any] | list[Any] | None = Field(default=None, alias="json")
    take: dict[Name, Text] = Field(default_factory=dict, max_length=20)
    idempotent: bool = False


class BufferKeys(Keys):
    """Says how many units of the SKU a connection never shows, until another rule says otherwise."""

    channel: Text
    units: Annotated[int, Field(ge=0)]


def _wait(value: object) -> object:
    return {"for": value} if isinstance(value, str) else value


class WaitKeys(Keys):
    """Waits: for so long, or until something is told of the order, no longer than ``for``."""

    for_: Duration = Field(default=timedelta(days=30), alias="for")
    until: Annotated[Trigger, BeforeValidator(trigger)] | None = None


class RetryKeys(Keys):
    """How often a step is tried, and how long between."""

    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    first: Duration = timedelta(seconds=2)
    max: Duration = timedelta(minutes=10)


class StepKeys(Keys):
    """One step of a rule: one action, and what goes with it."""

    id: Name | None = None
    if_: Text | None = Field(default=None, alias="if")
    hold: Annotated[HoldKeys, _short("reason")] | None = None
    release: Annotated[ReleaseKeys, _short("hold")] | None = None
    tag: Annotated[TagKeys, _short("tags")] | None = None
    untag: Annotated[TagKeys, _short("tags")] | None = None
    note: Annotated[NoteKeys, _short("text")] | None = None
    assign: Annotated[AssignKeys, _short("to")] | None = None
    route: Annotated[RouteKeys, _short("to")] | None = None
    split: SplitKeys | None = None
    label: LabelKeys | None = None
    buy_label: Yes | None = None
    capture: Yes | None = None
    cancel: Annotated[CancelKeys, _short("reason")] | None = None
    set_buffer: BufferKeys | None = None
    notify: NotifyKeys | None = None
    http: HttpKeys | None = None
    wait: Annotated[WaitKeys, BeforeValidator(_wait)] | None = None
    stop: Yes | None = None
    timeout: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(seconds=30))] | None = None
    retry: RetryKeys | None = None
    else_: list["StepKeys"] | None = Field(default=None, alias="else", min_length=1)


class EveryKeys(Keys):
    """When a rule is started by the clock."""

    days: list[Weekday] | None = None
    at: ClockTime | None = None
    interval: timedelta | None = None
    """In place of the two others."""


_EVERY = re.compile(r"(day|weekday|mon|tue|wed|thu|fri|sat|sun) at ([0-9:]+)")
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
        interval = duration(value)
    except ValueError:
        interval = None
    if not isinstance(interval, timedelta):
        raise ValueError(
            f"'{value}' is no schedule; write day at 17:00, weekday at 17:00, mon at 09:00, or 2h"
        )  # noqa: TRY004 - told as a value
    if interval < _SOONEST:
        raise ValueError(f"'{value}' is too often; 1m is the most")
    return {"interval": interval}


class RuleKeys(Keys):
    """What is done when something has come to pass, or at some hour."""

    id: Name
    name: str = ""
    when: (
        Annotated[
            list[Annotated[Trigger, BeforeValidator(trigger)]], BeforeValidator(listed), Field(min_length=1)
        ]
        | None
    ) = None
    every: Annotated[EveryKeys, BeforeValidator(schedule)] | None = None
    location: Name | None = None
    """The location in whose zone ``every`` counts; the first one of the file unless said."""
    if_: Text | None = Field(default=None, alias="if")
    then: list[StepKeys] = Field(min_length=1)
    stop: bool = False
