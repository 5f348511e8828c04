"""What core asks of a connector.

Every async method may raise the ConnectorError family; a docstring names an error only where it means something
particular there. No connector retries: the worker does. A business refusal (declined, stale) is a value; an exception
means that no outcome was obtained. Each changing operation declares its fence, call limit and settle time.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from pydantic import BaseModel

from core.clock import Clock
from core.model.address import Address
from core.model.hooks import HookAnswer, HookRequest
from core.model.message import Message
from core.model.money import Money
from core.model.notification import Notification, Receipt, WebhookRequest
from core.model.order import FetchedOrder, OrderPage
from core.model.payment import GatewayPayment, Movement
from core.model.shipment import CustomsItem, Dispatch, Label, LabelRefused, Parcel, Quotes, TrackingEvent
from core.model.stock import Level, LevelChange, LevelResult, Listing, ListingKey
from core.outgoing.addresses import NONE, AllowedHosts


class Fence(StrEnum):
    """What happens when an operation is repeated."""

    KEY = "key"  # the vendor dedupes by our key, within a window
    OBJECT = "object"  # a repeat on the same vendor object is refused
    ABSOLUTE = "absolute"  # repeating is harmless; the newest wins
    NONE = "none"  # it would happen twice: never repeated, shown to people


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """How one changing operation of a connector behaves; ``call_limit_s`` is the longest that a call may take.

    An intent without an outcome is looked up no earlier than intent + ``call_limit_s`` + ``settle_s``.
    """

    fence: Fence
    call_limit_s: float = 10.0
    settle_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token and what renews it. Never printed: ``repr`` hides both."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    account: str | None = None
    """The vendor's name of the account that granted it: a shop domain, a selling partner id."""


class Tokens(Protocol):
    """The one place a connection's token is kept; shared by every process."""

    async def current(self) -> Token:
        """Return the token in force, renewed first if it is about to expire.

        Raises:
            AuthError: the connection was never authorized, or the vendor no longer renews it.
        """
        ...

    async def renew(self, refused: Token) -> Token:
        """Return a token newer than the one the vendor just refused; one vendor call however many ask."""
        ...


class Quota(Protocol):
    """Shared counters of what a vendor allows, per merchant, app and operation."""

    async def take(self, operation: str, *, cost: int = 1) -> None:
        """Take a grant, or raise RateLimitError with the pause after which to ask again."""
        ...

    async def learn(
        self, operation: str, *, rate_per_s: float, burst: float, left: float | None = None, back: float = 0.0
    ) -> None:
        """Take over what the vendor just said.

        ``left`` of the burst it counts what has reached it; what is on its way stays counted here. ``back`` is what
        was taken for the call and not charged.
        """
        ...


Overrides = Callable[[FetchedOrder, object], FetchedOrder]
"""Gives an order with a merchant's own reading of single fields, of what was read and the vendor's order.

A MappingError: a field that the merchant requires cannot be read."""


def as_read(fetched: FetchedOrder, payload: object) -> FetchedOrder:  # noqa: ARG001  a merchant without maps
    """Return the order as the connector read it."""
    return fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """All that a connector may know of the connection it serves."""

    merchant: str
    name: str
    settings: BaseModel
    """The ``with:`` of crossdock.yaml, as the connector's own ``settings`` type."""
    app: Mapping[str, str] = field(repr=False)
    """Credentials of the installed app (client id, secrets), from the installation; see each connector's README."""
    endpoints: Mapping[str, str]
    """Where to find the vendor instead of at its own hosts."""
    tokens: Tokens
    quota: Quota
    clock: Clock
    outgoing_hosts: AllowedHosts = NONE
    """What addresses of the merchant's own may lead to beside public ones, as the operator of this installation says."""
    overrides: Overrides = as_read
    """What ``maps:`` of crossdock.yaml says; a channel calls it with what it read and the vendor's order."""


class Channel(Protocol):
    """A place that sells."""

    async def fetch_order(self, order_id: str) -> FetchedOrder:
        """Return the order as it stands now.

        Raises:
            RejectedError: no such order.
            MappingError: the vendor's order does not fit the mapping.
        """
        ...

    async def changed_orders(self, since: datetime, page: str | None) -> OrderPage:
        """Return a page of the orders changed at or after ``since``, oldest change first."""
        ...

    async def open_orders(self, asked_at: datetime, page: str | None) -> OrderPage:
        """Return a page of what is still to ship, however old; ``asked_at`` is when the first page was asked for."""
        ...


class Levels(Protocol):
    """A channel whose listed quantities can be read and set. Locations are the channel's own ids."""

    async def list_listings(self) -> tuple[Listing, ...]:
        """Return everything the channel offers for this merchant."""
        ...

    async def list_locations(self) -> tuple[tuple[str, str], ...]:
        """Return (id, name) of every location of the channel; empty where it has none."""
        ...

    async def read_levels(self, keys: Sequence[ListingKey]) -> tuple[Level, ...]:
        """Return what shoppers can buy now; keys the channel does not know are left out."""
        ...

    async def set_levels(self, changes: Sequence[LevelChange], *, key: str) -> tuple[LevelResult, ...]:
        """Set absolute levels; one result per change, in order. Repeating a call with the same key is harmless."""
        ...


class ShipmentNotifier(Protocol):
    """A channel that is told when a parcel leaves."""

    async def tell_shipped(self, order_id: str, dispatch: Dispatch, *, key: str) -> str:
        """Tell the channel, with tracking; return its own id of the shipment.

        Raises:
            RejectedError: the channel refuses (closed, held, elsewhere); nothing changed there.
        """
        ...


class ChannelPayments(Protocol):
    """A channel that keeps its own books of money: captures and cancellations go through it."""

    async def capture(self, order_id: str, authorization: str, amount: Money, *, key: str) -> Movement:
        """Take authorized money of one transaction."""
        ...

    async def cancel_order(self, order_id: str, *, refund: bool, restock: bool, key: str) -> None:
        """Cancel the whole order; with ``refund`` all money goes back the way it came, once."""
        ...


class Gateway(Protocol):
    """A payment processor, asked what it keeps."""

    async def fetch_payment(self, reference: str) -> GatewayPayment:
        """Return the payment as the gateway keeps it; RejectedError: there is none such in this account."""
        ...


class Carrier(Protocol):
    """A shipper or an aggregator of shippers."""

    async def quote(
        self,
        *,
        reference: str,
        parcel: Parcel,
        sender: Address,
        recipient: Address,
        customs: Sequence[CustomsItem],
        budget_s: float,
        exemption: str = "",
    ) -> Quotes:
        """Rate the parcel with every carrier; who is silent after ``budget_s`` is named. ``exemption``: EEL, US only."""
        ...

    async def buy(self, shipment_id: str, rate_id: str, *, label_format: str) -> Label | LabelRefused:
        """Buy the label of a rate. Buying twice on one shipment is refused by the vendor."""
        ...

    async def find_label(self, shipment_id: str, *, label_format: str | None = None) -> Label | None:
        """Return the label that was bought on the shipment, if one was; its file in a format, where one is wanted."""
        ...

    async def sold_labels(self, begins: str, since: datetime) -> tuple[tuple[str, Label], ...]:
        """Return (reference, label) of what was bought on shipments made since, whose reference begins so, and not voided."""
        ...

    async def void(self, shipment_id: str) -> Movement:
        """Ask for the label's price back."""
        ...

    async def find_void(self, shipment_id: str) -> Movement:
        """Return what became of a label's price that was asked back."""
        ...


class LabelFiles(Protocol):
    """A carrier whose label files can be fetched, and whose trackers can be asked."""

    async def fetch_file(self, url: str) -> bytes:
        """Return the label's file."""
        ...

    async def fetch_tracking(self, tracker_id: str) -> tuple[TrackingEvent, ...]:
        """Return every scan so far, oldest first."""
        ...


class Notifier(Protocol):
    """A way to reach people."""

    async def send(self, message: Message) -> None:
        """Hand the message over, or raise.

        Raises:
            OutcomeUnknownError: it may have been taken; it is never sent again.
        """
        ...


class Hooks(Protocol):
    """An address of the merchant's own: a tool, an ERP, a chat."""

    async def call(self, request: HookRequest, *, key: str) -> HookAnswer:
        """Ask it once; ``key`` is sent as ``Idempotency-Key``.

        Raises:
            RejectedError: it is no address that may be asked, or it answered with a refusal.
            OutcomeUnknownError: it may have acted.
        """
        ...


class WebhookSource(Protocol):
    """A connector that is told of changes over HTTP."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What it verifies deliveries by: of several connections with the same, one verifies for all."""

    def parse_webhook(self, request: WebhookRequest, *, now: datetime) -> tuple[Notification, ...]:
        """Verify the signature over the raw body (either of two secrets during rotation), then say what changed.

        Raises:
            SignatureError: not signed by this vendor or, where it signs a time, too old.
            RejectedError: signed, but no JSON we can read; kept and shown, never lost.
        """


class Subscriber(Protocol):
    """A connector whose webhooks or notifications the hub sets up itself."""

    async def subscribe(self, callback_url: str) -> tuple[str, ...]:
        """Make sure that every needed topic reaches us (missing, wrong URL and wrong version are mended); return what was mended."""


class NotificationSource(Protocol):
    """A connector that is told of changes through a queue."""

    @property
    def waits(self) -> bool:
        """Whether ``receive`` waits for news itself; else it is asked again after a moment."""

    async def receive(self) -> tuple[Receipt, ...]:
        """Take what waits; it comes again unless acknowledged."""

    async def acknowledge(self, receipts: Sequence[Receipt]) -> None:
        """Take them off the queue."""


class Authorizer(Protocol):
    """A connector that a merchant authorizes in a browser."""

    def consent_url(self, *, state: str, redirect_uri: str) -> str:
        """Return the vendor's page on which the merchant consents."""

    async def complete(self, query: Mapping[str, str], *, redirect_uri: str) -> Token:
        """Verify the vendor's redirect (its signature, the account) and exchange the code for a token.

        Raises:
            SignatureError: the redirect was not signed by the vendor, or names another account.
        """
        ...

    async def refresh(self, token: Token) -> Token:
        """Exchange the refresh token.

        Raises:
            AuthError: the vendor no longer accepts it.
        """
        ...


Mode = Literal["test", "live"]
"""Whether an account of a vendor is one to try things out in, or moves money, goods and shoppers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What one connection can do; None where its vendor cannot."""

    mode: Mode | None = None
    """Test or live, by the key or the host of the connection; None where neither tells."""
    account: str | None = None
    """The vendor's account, where crossdock.yaml names it; None: whichever its token is granted for."""
    channel: Channel | None = None
    levels: Levels | None = None
    shipment_notifier: ShipmentNotifier | None = None
    channel_payments: ChannelPayments | None = None
    gateway: Gateway | None = None
    carrier: Carrier | None = None
    label_files: LabelFiles | None = None
    notifier: Notifier | None = None
    hooks: Hooks | None = None
    webhooks: WebhookSource | None = None
    subscriber: Subscriber | None = None
    notifications: NotificationSource | None = None
    authorizer: Authorizer | None = None
    probe: Callable[[], Awaitable[str]] | None = None
    """Asks for something cheap that only who is signed in is told, and changes nothing; gives whom the vendor takes us for."""
    close: Callable[[], object] | None = None
    """Called once when the connection ends; may return an awaitable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """What a connector folder exports as ``CONNECTOR``.

    ``operations`` is keyed by the port's method name (``buy``). ``signs_in_with`` names what a person looks at, under
    ``with``, where the vendor does not accept us; ``app_keys`` what it reads of ``Connection.app``; ``version_ends`` when
    the pinned version stops, if known. ``offers`` names its ports and ``mode_of`` its mode without building it.
    ``scopes`` are what a person grants in a browser, ``topics`` what the vendor is to notify of; ``subscribes`` says that
    the hub subscribes to them by itself, else a person does at the vendor.
    ``keeps_persons``: how long after delivery the vendor lets anybody keep an order's personal data.
    """

    key: str
    title: str
    settings: type[BaseModel]
    build: Callable[[Connection], Ports]
    operations: Mapping[str, Operation]
    limits: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    """(calls a second, burst) that the vendor allows per operation, until it says otherwise."""
    at_once: Mapping[str, int] = field(default_factory=dict)
    """How many levels one call of ``read_levels`` or ``set_levels`` best takes; 250 where nothing is said."""
    signs_in_with: tuple[str, ...] = ()
    tested_by: str | None = None
    """The key under ``with`` that says what ``probe`` asks, where the vendor has nothing of its own: without it nothing is asked."""
    app_keys: tuple[str, ...] = ()
    api_version: str | None = None
    version_ends: date | None = None
    offers: frozenset[str] = frozenset()
    keeps_persons: timedelta | None = None
    mode_of: Callable[[BaseModel, Mapping[str, str]], Mode | None] | None = None
    scopes: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    subscribes: bool = False
