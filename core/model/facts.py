"""Every fact that can be told of an order, each with its version.

A fact is what happened: append-only, never changed, and without personal data. ``summarize`` in core/domain folds them
into where the order stands. Adding a field with a default keeps a version; anything else makes a new one.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from core.model.annotations import Annotation
from core.model.base import Instant, Shape
from core.model.effects import Outcome
from core.model.fact_base import FactBase
from core.model.failures import Failure
from core.model.forgetting import Why
from core.model.holds import Hold
from core.model.money import Money
from core.model.order import Order, RiskLevel
from core.model.payment import PaymentState
from core.model.rule_facts import RuleFact
from core.model.shipment import CustomsItem, JudgedRate, Parcel, TrackingState
from core.model.stock import Allocation, Need


class Received(FactBase):
    """The order is known, as its channel told it."""

    kind: Literal["received"] = "received"
    order: Order
    needs: tuple[Need, ...]
    unlinked: tuple[str, ...] = ()
    """Lines that ship and whose listing nobody linked to a SKU."""
    before_go_live: bool = False


class Changed(FactBase):
    """The channel tells the order differently."""

    kind: Literal["changed"] = "changed"
    order: Order
    needs: tuple[Need, ...]
    unlinked: tuple[str, ...] = ()
    address: str | None = None
    """Keyed digest of the address: equal ones are equal, and nothing else can be told from it; None: as before."""
    before_go_live: bool | None = None
    """Told where the instant at which the order was placed could not be relied on before; None: as before."""


class UnitsCommitted(FactBase):
    """Units were set aside; what no location holds is backordered."""

    kind: Literal["units_committed"] = "units_committed"
    allocations: tuple[Allocation, ...]
    backordered: tuple[Need, ...] = ()


class UnitsReleased(FactBase):
    """Units set aside are free again."""

    kind: Literal["units_released"] = "units_released"
    allocations: tuple[Allocation, ...]
    why: str


class UnitsShipped(FactBase):
    """Units left: they leave both on hand and committed."""

    kind: Literal["units_shipped"] = "units_shipped"
    allocations: tuple[Allocation, ...]
    label_id: str | None = None
    """The label they left under although it was voided: they had been set free, and leave on hand alone."""


class TransactionVerdict(Shape):
    """What the authority said of one transaction."""

    transaction_id: str
    gateway: str
    authority: str
    """``channel`` or the name of the gateway connection that was asked."""
    state: PaymentState
    amount: Money
    captured: Money
    reference: str | None = None


class PaymentChecked(FactBase):
    """Each transaction was asked of its authority."""

    kind: Literal["payment_checked"] = "payment_checked"
    state: PaymentState
    of: str
    """Digest of what was checked; another digest means: check again."""
    verdicts: tuple[TransactionVerdict, ...] = ()
    paid: Money | None = None
    difference: Money | None = None
    """Paid less the order's present total, where they differ."""
    risk: RiskLevel = RiskLevel.NONE
    risk_score: int | None = None
    disputed: bool = False
    given_back: Money | None = None
    """What of the payments went back, where something did."""
    again_at: Instant | None = None


class Held(FactBase):
    """Nothing ships until this is released or its cause is mended."""

    kind: Literal["held"] = "held"
    reason: Hold
    detail: str = ""


class Released(FactBase):
    """A hold is gone."""

    kind: Literal["released"] = "released"
    reason: Hold
    note: str = ""
    """What the person said who released it."""


class HoldAsked(FactBase):
    """A person wants the order held."""

    kind: Literal["hold_asked"] = "hold_asked"
    note: str = ""


class Quoted(FactBase):
    """A parcel was packed and rated by every carrier."""

    kind: Literal["quoted"] = "quoted"
    parcel: Parcel
    shipment_id: str
    rates: tuple[JudgedRate, ...]
    chosen: str | None
    """The chosen rate's id; None where no rate will do."""
    price: Money | None
    saved: Money | None
    """The next eligible price less the chosen one."""
    arrives: date | None
    promised: date | None
    connection: str
    address: str | None = None
    """Keyed digest of the address that the parcel goes to."""
    ships: date | None = None
    """The day on which the parcel leaves, as the dates of the rates count from it."""
    customs: tuple[CustomsItem, ...] = ()
    """What was declared of a parcel that leaves the country."""


class LabelBought(FactBase):
    """A label was bought."""

    kind: Literal["label_bought"] = "label_bought"
    parcel_id: str
    shipment_id: str
    label_id: str
    tracking: str
    carrier: str
    service: str
    price: Money
    connection: str
    tracker_id: str | None = None


class RateRefused(FactBase):
    """The vendor would not sell a parcel's label at a rate: the next best rate is taken."""

    kind: Literal["rate_refused"] = "rate_refused"
    parcel_id: str
    rate_id: str
    carrier: str
    service: str
    code: str
    message: str


class LabelStored(FactBase):
    """The label's file lies in our own store."""

    kind: Literal["label_stored"] = "label_stored"
    parcel_id: str


class LabelVoided(FactBase):
    """The label is not to be used: the carrier took it back, or was asked to."""

    kind: Literal["label_voided"] = "label_voided"
    parcel_id: str
    why: str
    label_id: str | None = None
    shipment_id: str | None = None
    connection: str | None = None
    pending: bool = False
    """The carrier has the request, and says yes or no later."""


class VoidAnswered(FactBase):
    """The carrier says whether it takes back a label that it was asked to."""

    kind: Literal["void_answered"] = "void_answered"
    parcel_id: str
    label_id: str
    taken: bool


class LeftAfterVoid(FactBase):
    """The carrier scanned a parcel under a label that it was asked to take back: it is on its way after all."""

    kind: Literal["left_after_void"] = "left_after_void"
    parcel_id: str
    label_id: str
    state: TrackingState


class ChannelTold(FactBase):
    """The channel knows the parcel and its tracking number."""

    kind: Literal["channel_told"] = "channel_told"
    parcel_id: str
    reference: str


class ShopperTold(FactBase):
    """A message was handed to the mail server."""

    kind: Literal["shopper_told"] = "shopper_told"
    about: str
    """``confirmation``, ``shipping:<parcel>`` or ``cancellation``."""


class NotSendable(FactBase):
    """The mail server refused a message for good; it is not sent again, and nothing waits for it."""

    kind: Literal["not_sendable"] = "not_sendable"
    about: str
    """As in ``ShopperTold``."""
    code: str | None = None
    """The mail server's reply code; None where the address is none that a server could be asked about."""


class Captured(FactBase):
    """Authorized money was taken."""

    kind: Literal["captured"] = "captured"
    amount: Money
    reference: str | None
    authorization: str


class CancelledAtChannel(FactBase):
    """The hub cancelled the order at its channel, on a person's word."""

    kind: Literal["cancelled_at_channel"] = "cancelled_at_channel"


class RejectionAsked(FactBase):
    """A person wants the order cancelled and the money given back."""

    kind: Literal["rejection_asked"] = "rejection_asked"
    why: str


class LabelAsked(FactBase):
    """A person says: buy the label now."""

    kind: Literal["label_asked"] = "label_asked"
    note: str = ""


class VoidAsked(FactBase):
    """A person wants a parcel's label taken back, and the order held."""

    kind: Literal["void_asked"] = "void_asked"
    parcel_id: str
    note: str = ""


class VoidRefused(FactBase):
    """The carrier does not take back a label that a person wanted taken back."""

    kind: Literal["void_refused"] = "void_refused"
    parcel_id: str
    code: str | None = None


class ShippedElsewhere(FactBase):
    """The channel already knows the whole order as shipped, and not by us."""

    kind: Literal["shipped_elsewhere"] = "shipped_elsewhere"
    tracking: tuple[str, ...] = ()


class PartShippedElsewhere(FactBase):
    """A third party shipped a part of the order: so many units of each line so far."""

    kind: Literal["part_shipped_elsewhere"] = "part_shipped_elsewhere"
    lines: tuple[tuple[str, int], ...]
    """(order line id, units)."""


class Tracked(FactBase):
    """The carrier scanned the parcel."""

    kind: Literal["tracked"] = "tracked"
    parcel_id: str
    state: TrackingState
    estimated_delivery: Instant | None = None


class GatewayNotified(FactBase):
    """The gateway says that a payment of this order changed; it is asked again."""

    kind: Literal["gateway_notified"] = "gateway_notified"
    reference: str


class Intended(FactBase):
    """An effect is about to be asked of a vendor."""

    kind: Literal["intended"] = "intended"
    key: str
    operation: str
    connection: str
    look_up_at: Instant
    """No earlier than this may anyone ask what came of it."""
    data: dict[str, Any] = Field(default_factory=dict)
    """What the look-up needs: ids and amounts only."""


class Settled(FactBase):
    """An intent has its outcome; ``outcome`` is done, refused, undone (nothing happened) or unknown (for ever)."""

    kind: Literal["settled"] = "settled"
    key: str
    operation: str
    outcome: Outcome
    code: str | None = None


class Parked(FactBase):
    """A step failed in a way that no retry mends; a person must look."""

    kind: Literal["parked"] = "parked"
    step: str
    error: str
    message: str
    failure: Failure | None = None
    """Where it lies; None in what an older hub told."""


class Retried(FactBase):
    """A person sends a parked order on."""

    kind: Literal["retried"] = "retried"
    note: str = ""


class Forgotten(FactBase):
    """Nothing personal of the order is kept any more: name, address, mail, label files, and what vendors told of them."""

    kind: Literal["forgotten"] = "forgotten"
    why: Why


class Noted(FactBase):
    """Something worth a line in the timeline that decides nothing."""

    kind: Literal["noted"] = "noted"
    text: str


Fact = Annotated[
    Received | Changed | UnitsCommitted | UnitsReleased | UnitsShipped | PaymentChecked | Held | Released
    | HoldAsked | Quoted | LabelBought | RateRefused | LabelStored | LabelVoided | VoidAnswered
    | LeftAfterVoid | ChannelTold | ShopperTold | NotSendable | Captured | CancelledAtChannel
    | RejectionAsked | LabelAsked | VoidAsked | VoidRefused | ShippedElsewhere | PartShippedElsewhere
    | Tracked | GatewayNotified | Intended | Settled | Parked | Retried | Forgotten | Noted
    | Annotation | RuleFact,
    Field(discriminator="kind"),
]  # fmt: skip
"""Any fact, told apart by ``kind``."""

FACT: TypeAdapter[Fact] = TypeAdapter(Fact)
