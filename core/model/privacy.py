"""Requests of privacy law that a vendor passes on: what is asked, and how each ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ANSWER_WITHIN = timedelta(days=30)
"""How long a request may take (shopify.dev, privacy law compliance: complete the action within 30 days; read 2026-11)."""


class RequestKind(StrEnum):
    """What is asked."""

    REDACT_PERSON = "redact_person"  # forget a shopper
    EXPORT_PERSON = "export_person"  # tell a shopper what is known of them
    REDACT_SHOP = "redact_shop"  # forget every shopper of a shop that left


class RequestState(StrEnum):
    """How far a request is."""

    OPEN = "open"  # the hub works on it, or a person has to answer
    DONE = "done"  # it was done
    REFUSED = "refused"  # nothing was done, and the result says why


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRequest:
    """A request as it was taken and as it ended; it holds no personal data.

    ``orders`` are the channel's own ids of the orders that it names. ``result`` says in words what was done, or what it
    waits for. ``ended_by`` is who ended it: ``hub``, or the person who answered.
    """

    connection: str
    event_id: str
    kind: RequestKind
    received_at: datetime
    orders: tuple[str, ...] = ()
    state: RequestState = RequestState.OPEN
    result: str = ""
    ended_at: datetime | None = None
    ended_by: str | None = None

    @property
    def answer_by(self) -> datetime:
        """When it must have ended."""
        return self.received_at + ANSWER_WITHIN

    def overdue(self, now: datetime) -> bool:
        """Return whether it should have ended by now and has not."""
        return self.state is RequestState.OPEN and now > self.answer_by
