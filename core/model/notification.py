"""What a vendor tells: the request as it arrived, and what it notifies of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.model.base import Name, Shape


class NotificationKind(StrEnum):
    """What a vendor says has changed."""

    ORDER = "order"  # subject: the channel's order id
    PAYMENT = "payment"  # subject: the gateway's reference
    TRACKING = "tracking"  # subject: the carrier's tracker id
    LEVEL = "level"  # subject: the listing
    REVOKED = "revoked"  # the merchant took the app away
    PERSON_REDACT = "person_redact"
    PERSON_EXPORT = "person_export"
    SHOP_REDACT = "shop_redact"
    UNREADABLE = "unreadable"  # signed by the vendor, and not to be read; subject: what it is known by
    OTHER = "other"  # known, nothing to do


class Notification(Shape):
    """Something a vendor says happened: ``event_id`` makes it idempotent, ``subject`` is what to fetch."""

    event_id: Name
    kind: NotificationKind
    topic: Name
    subject: Name
    account: Name | None = None
    """The vendor's account it belongs to, where one endpoint serves several merchants."""
    orders: tuple[Name, ...] = ()
    """The channel's ids of the orders concerned, where a privacy request names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A webhook as it arrived: lower-case header names, untouched body bytes."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Receipt(Shape):
    """A notification taken from a queue, to be acknowledged after it is stored."""

    notification: Notification
    handle: str
