"""A commit is a value: what happened, what is decided, and what that changes, for one order.

``store.commit(commit)`` is the only write on the hot path. Version = number of facts. The first half (``happened``,
``outcomes``) always lands: what happened, happened. The second half (``decided``, ``intents``, ``reserve``,
``due_at``) lands only if the order still stands at ``expect``; otherwise the answer is ``Moved`` and the caller reads
again. Nothing here knows a database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, TypedDict

from core.domain.state import OrderState
from core.model.effects import Outcome
from core.model.facts import Fact
from core.model.rule_runs import Offered
from core.model.stock import Allocation, Need


class Due(Enum):
    """When the order is looked at next, if the commit gives no instant."""

    NOW = "now"
    AS_BEFORE = "as_before"
    """Nothing is decided by what this commit tells: the order stays due when it was, and so do its failed runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """The row to insert if the order is not known yet; the unique key decides who is first."""

    connection: str
    external_id: str
    number: str
    placed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An effect about to be asked of a vendor; ``key`` is unique for ever within the merchant."""

    key: str
    operation: str
    connection: str
    fence: str
    owner: str
    request: dict[str, Any] = field(default_factory=dict)
    """Ids and amounts only: no personal data, no secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What came of an intent."""

    key: str
    outcome: Outcome
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Units to set aside, and where to look for them: locations in order of preference.

    Already held allocations of the order are given in ``give_back`` and freed first, in the same statement.
    What no location holds is backordered. The store adds the ``UnitsCommitted`` (and ``UnitsReleased``) fact itself.
    """

    needs: tuple[Need, ...]
    locations: tuple[str, ...]
    give_back: tuple[Allocation, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Personal data of the order, in clear here and sealed by the store under the order's own key."""

    personal_json: str
    search: tuple[tuple[str, str], ...] = ()
    """(kind, value): email, phone, postcode; only their keyed hash is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote:
    """The text of a note, in clear here and sealed by the store under the order's own key."""

    note_id: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLabel:
    """A bought label's file, in clear here and sealed by the store under the order's own key."""

    parcel_id: str
    label_id: str
    format: str
    file: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantNotice:
    """What the merchant should know of once, of what, and since when; no order waits for it."""

    kind: str
    subject: str
    """What it is about, in the words of its kind: of an unlisted method, its name."""
    text: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """A request of the API under an Idempotency-Key; what is written for it says so in the same transaction."""

    merchant: str
    caller: str
    """The name of the API key."""
    key: str
    claim: str
    """Names this attempt: after a crash, another one may take the request over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCommit:
    """One commit for one order. See the module's docstring for the two halves."""

    merchant: str
    order_id: str
    at: datetime
    expect: int | None = None
    known: OrderState | None = None
    """Where the order stands at its version, as a commit answered: read again only if it stands elsewhere."""
    settings: int | None = None
    """The revision of the merchant's settings that was decided by: if it is another by now, the second half is refused."""
    create: NewOrder | None = None
    happened: Sequence[Fact] = ()
    outcomes: Sequence[Settlement] = ()
    decided: Sequence[Fact] = ()
    intents: Sequence[Intent] = ()
    reserve: Reserve | None = None
    ship: Sequence[Allocation] = ()
    """Units that left: off on hand and off committed; part of the first half."""
    release: Sequence[Allocation] = ()
    """Units set free: off committed; part of the second half."""
    lost: Sequence[Allocation] = ()
    """Units that left although they had been set free: off on hand alone; part of the second half."""
    sealed: Sealed | None = None
    note: NewNote | None = None
    """Part of the first half, beside the fact ``NoteAdded`` of its id."""
    labels: Sequence[NewLabel] = ()
    """Part of the first half; one that is stored already stays as it is."""
    references: Sequence[tuple[str, str]] = ()
    """(kind, reference) by which this order is found again: payment, tracker, shipment."""
    invalidate_levels: Sequence[tuple[str, str]] = ()
    """(connection, listing) whose shown level the channel changed by itself: to be read before it is written."""
    notices: Sequence[MerchantNotice] = ()
    """What this tells the merchant; part of the second half."""
    due_at: datetime | Due | None = Due.NOW
    """Part of the second half; a commit without one, or one that is Moved, leaves the order due now."""
    attempts: int = 0
    """Failed runs in a row so far; 0 after any progress."""
    waits_for: str = ""
    """The connection that had no place for the order's next step, or does nothing for anybody: who looks for what is due takes no more of these
    than it has places there. Part of the second half; any other commit leaves it to be found out anew."""
    error: str | None = None
    """Why the last run failed; None after any progress."""
    owner: str | None = None
    """Who decides under a claim. If somebody else holds the order by now, the second half is refused."""
    free_claim: bool = False
    """The owner has nothing more to do: give the claim back with this commit. Part of the second half."""
    offered: Offered | None = None
    """What was offered to rules; part of the second half. None: as before."""
    request: KeyedRequest | None = None
    """The request that this commit is work of; the store fills it in."""


class CommitParts(TypedDict, total=False):
    """What a run may say of a commit; see ``OrderCommit``."""

    happened: Sequence[Fact]
    outcomes: Sequence[Settlement]
    decided: Sequence[Fact]
    intents: Sequence[Intent]
    reserve: Reserve | None
    ship: Sequence[Allocation]
    release: Sequence[Allocation]
    lost: Sequence[Allocation]
    sealed: Sealed | None
    references: Sequence[tuple[str, str]]
    invalidate_levels: Sequence[tuple[str, str]]
    notices: Sequence[MerchantNotice]
    due_at: datetime | Due | None
    attempts: int
    waits_for: str
    error: str | None
    free_claim: bool
    offered: Offered | None


@dataclass(frozen=True, slots=True)
class Landed:
    """Everything of it is committed."""

    version: int
    allocations: tuple[Allocation, ...] = ()
    backordered: tuple[Need, ...] = ()
    state: OrderState | None = field(default=None, compare=False, repr=False)
    """Where the order stands now."""
    facts: tuple[Fact, ...] = field(default=(), compare=False, repr=False)
    """What was told by it, the last of which is the version."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The order moved since it was read: the first half is committed, the second is not."""

    version: int
    state: OrderState | None = field(default=None, compare=False, repr=False)
    """Where the order stands now; None where another order has the channel's id."""
    settings: int | None = field(default=None, compare=False)
    """The revision of the merchant's settings, where nothing else had moved."""
    facts: tuple[Fact, ...] = field(default=(), compare=False, repr=False)
    """What was told by its first half."""


Committed = Landed | Moved
