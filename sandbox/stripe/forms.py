"""Stripe's form encoding, and which parameters each operation takes."""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from sandbox.stripe.refusals import Refused

PAGE: Final = {"created", "ending_before", "limit", "starting_after"}
ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "POST /v1/payment_intents": frozenset({
        "amount", "capture_method", "confirm", "confirmation_method", "currency", "customer", "description",
        "error_on_requires_action", "off_session", "payment_details.customer_reference",
        "payment_details.order_reference", "payment_method", "payment_method_types", "receipt_email",
        "statement_descriptor", "statement_descriptor_suffix", "transfer_group",
        "automatic_payment_methods.enabled", "automatic_payment_methods.allow_redirects", "metadata",
    }),
    "GET /v1/payment_intents/{intent}": frozenset({"client_secret"}),
    "POST /v1/payment_intents/{intent}/capture": frozenset({
        "amount_to_capture", "final_capture", "statement_descriptor", "statement_descriptor_suffix", "metadata",
    }),
    "POST /v1/payment_intents/{intent}/cancel": frozenset({"cancellation_reason"}),
    "GET /v1/payment_intents": frozenset({"customer", *PAGE}),
    "POST /v1/charges/{charge}/capture": frozenset({
        "amount", "receipt_email", "statement_descriptor", "statement_descriptor_suffix",
    }),
    "GET /v1/charges/{charge}": frozenset(),
    "GET /v1/charges": frozenset({"payment_intent", "customer", *PAGE}),
    "POST /v1/refunds": frozenset({"amount", "charge", "payment_intent", "reason", "currency", "metadata"}),
    "GET /v1/refunds": frozenset({"charge", "payment_intent", *PAGE}),
    "POST /v1/webhook_endpoints": frozenset({
        "api_version", "connect", "description", "enabled_events", "url", "metadata",
    }),
    "GET /v1/webhook_endpoints": frozenset(PAGE - {"created"}),
    "GET /v1/events/{id}": frozenset(),
    "GET /v1/disputes": frozenset({"charge", "payment_intent", *PAGE}),
}  # fmt: skip
"""A subset of what Stripe's own table lists for each; every operation also takes `expand`."""

_PART: Final = re.compile(r"\[([^\]]*)\]")


class Form:
    """The parameters of one request, by dotted name; values stay text until asked for."""

    def __init__(self, text: str, operation: str) -> None:
        self.values: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            self.values.setdefault(_dotted(name), []).append(value)
        allowed = ALLOWED[operation]
        for name in self.values:
            top = name.partition(".")[0]
            known = name in allowed or name == "expand" or (top == "metadata" and "metadata" in allowed)
            if not known:
                shown = _bracketed(name)
                raise Refused(
                    400, f"Received unknown parameter: {shown}", code="parameter_unknown", param=shown
                )

    def text(self, name: str) -> str | None:
        """The value as text, or none."""
        values = self.values.get(name)
        return values[-1] if values else None

    def needed(self, name: str) -> str:
        """The value as text; refused when missing or empty."""
        value = self.text(name)
        if not value:
            raise Refused(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
        return value

    def many(self, name: str) -> list[str]:
        """Every value of an array."""
        return self.values.get(name, [])

    def integer(self, name: str, *, least: int = 1) -> int | None:
        """The value as a whole number, or none."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d+", value):
            raise Refused(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
        if int(value) < least:
            message = f"This value must be greater than or equal to {least}."
            raise Refused(400, message, code="parameter_invalid_integer", param=name)
        return int(value)

    def flag(self, name: str, *, usual: bool = False) -> bool:
        """The value as true or false."""
        value = self.text(name)
        if value is None:
            return usual
        if value not in ("true", "false"):
            raise Refused(400, f"Invalid boolean: {value}", param=name)
        return value == "true"

    def one_of(self, name: str, choices: Iterable[str]) -> str | None:
        """The value, which must be one of the choices, or none."""
        value = self.text(name)
        if value is not None and value not in choices:
            message = f"Invalid {name}: must be one of {', '.join(choices)}"
            raise Refused(400, message, param=name)
        return value

    def metadata(self) -> dict[str, str]:
        """What the caller keeps with the object."""
        prefix = "metadata."
        return {k.removeprefix(prefix): v[-1] for k, v in self.values.items() if k.startswith(prefix)}


def _dotted(name: str) -> str:
    """`a[b][]` and `a[b][0]` as `a.b`."""
    head = name.partition("[")[0]
    parts = [part for part in _PART.findall(name) if part and not part.isdigit()]
    return ".".join([head, *parts])


def _bracketed(name: str) -> str:
    head, *parts = name.split(".")
    return head + "".join(f"[{part}]" for part in parts)
