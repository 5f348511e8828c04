"""What a value of each parameter may be: type, words, length, size, as Stripe's API description says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.stripe.currencies import CURRENCIES
from sandbox.stripe.event_types import EVENT_TYPES
from sandbox.stripe.refusals import Refused

LONGEST: Final = 5000
SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Text:
    """Words of the caller's own."""

    longest: int | None = LONGEST

    def check(self, value: str, name: str) -> None:
        """Refuse what is too long."""
        if self.longest is not None and len(value) > self.longest:
            message = f"Invalid string: {value[:SHOWN]}...; must be at most {self.longest} characters"
            raise Refused(400, message, param=name)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int | None = 1
    most: int | None = None

    def check(self, value: str, name: str) -> None:
        """Refuse what is no number, and what is too small or too large."""
        if not re.fullmatch(r"[-+]?[0-9]{1,18}", value):
            raise Refused(
                400, f"Invalid integer: {value[:SHOWN]}", code="parameter_invalid_integer", param=name
            )
        bounds = []
        if self.least is not None and int(value) < self.least:
            bounds.append(f"greater than or equal to {self.least}")
        if self.most is not None and int(value) > self.most:
            bounds.append(f"less than or equal to {self.most}")
        if bounds:
            message = f"This value must be {bounds[0]}."
            raise Refused(400, message, code="parameter_invalid_integer", param=name)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: str, name: str) -> None:
        """Refuse everything else."""
        if value not in ("true", "false"):
            raise Refused(400, f"Invalid boolean: {value[:SHOWN]}", param=name)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed list of words."""

    words: tuple[str, ...]

    def check(self, value: str, name: str) -> None:
        """Refuse any other word."""
        if value not in self.words:
            *most, last = self.words
            known = f"{', '.join(most)}, or {last}" if most else last
            raise Refused(400, f"Invalid {name}: must be one of {known}", param=name)


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency that Stripe takes, in letters of either case."""

    def check(self, value: str, name: str) -> None:
        """Refuse any other."""
        if value.lower() not in CURRENCIES:
            known = ", ".join(sorted(CURRENCIES))
            message = (
                f"Invalid currency: {value[:SHOWN]}. Stripe currently supports these currencies: {known}"
            )
            raise Refused(400, message, param=name)


@dataclass(frozen=True, slots=True)
class Many:
    """An array."""

    of: "Text | Choice"

    def check(self, value: str, name: str) -> None:
        """Refuse an element that does not fit."""
        self.of.check(value, name)


@dataclass(frozen=True, slots=True)
class Own:
    """The caller's own names and words, kept with the object: https://docs.stripe.com/api/metadata (read 2026-11)."""

    most: int = 50
    longest_name: int = 40
    longest: int = 500

    def check(self, value: str, name: str) -> None:
        """Refuse a name or a word that is too long."""
        own = name.partition("[")[2].removesuffix("]")
        if len(own) > self.longest_name:
            message = f"Metadata keys can have up to {self.longest_name} characters, but you passed in a key that is "
            raise Refused(
                400, f"{message}{len(own)} characters. Invalid key: {own[:SHOWN]}", param="metadata"
            )
        if len(value) > self.longest:
            message = f"Metadata values can have up to {self.longest} characters, but you passed in a value that is "
            raise Refused(
                400, f"{message}{len(value)} characters. Invalid value: {value[:SHOWN]}", param=name
            )


Kind = Text | Whole | Flag | Choice | Currency | Many | Own

_ANY: Final = Text(None)
_INSTANT: Final = Whole(None)
KINDS: Final[Mapping[str, Kind]] = {
    "amount": Whole(),
    "amount_to_capture": Whole(),
    "application_fee": Whole(),
    "application_fee_amount": Whole(0),
    "transfer_data.amount": Whole(),
    "automatic_payment_methods.allow_redirects": Choice(("always", "never")),
    "automatic_payment_methods.enabled": Flag(),
    "cancellation_reason": Choice(("abandoned", "duplicate", "fraudulent", "requested_by_customer")),
    "capture_method": Choice(("automatic", "automatic_async", "manual")),
    "confirm": Flag(),
    "confirmation_method": Choice(("automatic", "manual")),
    "created": _INSTANT,
    "created.gt": _INSTANT,
    "created.gte": _INSTANT,
    "created.lt": _INSTANT,
    "created.lte": _INSTANT,
    "currency": Currency(),
    "description": Text(),
    "enabled_events": Many(Choice(("*", *EVENT_TYPES))),
    "error_on_requires_action": Flag(),
    "expand": Many(Text()),
    "final_capture": Flag(),
    "limit": Whole(1, 100),
    "metadata": Own(),
    "off_session": Flag(),
    "payment_method_types": Many(Text()),
    "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
    "receipt_email": _ANY,
    "return_url": _ANY,
    "setup_future_usage": Choice(("off_session", "on_session")),
    "statement_descriptor": Text(22),
    "statement_descriptor_suffix": Text(22),
    "transfer_group": _ANY,
    "url": _ANY,
}
"""By dotted name; what is not named here is text of up to 5,000 characters."""
OTHERWISE: Final[Mapping[tuple[str, str], Kind]] = {
    ("POST /v1/payment_intents", "description"): Text(1000),
}
"""Where one operation takes something else under the same name."""
UNSETS: Final = frozenset({"metadata"})
"""What may be sent empty: it unsets what was there."""


def kind_of(operation: str, name: str) -> Kind:
    """What a value of that parameter may be."""
    return OTHERWISE.get((operation, name)) or KINDS.get(name) or Text()
