"""One run over one order: what it has read, and how it commits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.failpoints import failpoint
from core.flow.causes import Places, customs_of
from core.flow.state import OrderState
from core.flow.steps import Action, View
from core.hub import Desk, Hub
from core.model.facts import Fact
from core.model.order import Order, Personal
from core.model.stock import Allocation
from core.store.alarms import Alarm
from core.store.unit import Committed, Due, Intent, Landed, Moved, Notice, Outcome, Reserve, Sealed, Unit


class ClaimLostError(Exception):
    """The claim ran out and another worker has the order: whatever is left to do is theirs."""


@dataclass(slots=True, kw_only=True)
class Run:
    """The claimed order, as last read."""

    hub: Hub
    merchant: str
    order_id: str
    state: OrderState
    attempts: int
    personal: Personal
    accepted: frozenset[tuple[str, str]]
    mails_since: datetime | None = None
    """When mails were first accepted."""
    customs: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()
    """What vendors do for nobody of the merchant just now."""
    trying: list[Alarm] = field(default_factory=list)
    """Those of them that this run may see whether they are over."""
    places: Places = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        """The merchant's desk."""
        return self.hub.desk(self.merchant)

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.hub.clock.now()

    @property
    def order(self) -> Order:
        """The order as its channel last told it."""
        if self.state.order is None:
            raise ValueError(f"{self.order_id} is not known yet")
        return self.state.order

    def view(self) -> View:
        """Return all that a decision may look at."""
        order = self.state.order
        channel = self.desk.ports.get(order.connection) if order is not None else None
        return View(
            state=self.state,
            now=self.now,
            house=self.desk.house,
            accepted=lambda connection, action: (connection, action.value) in self.accepted,
            customs_known=customs_of(self.customs),
            can_capture=channel is not None and channel.till is not None,
            email_known=bool(self.personal.email),
            places=self.places,
            carrier=self.desk.carrier,
            mailer=self.desk.mailer,
            in_test=bool(self.desk.in_test),
            acts=self.desk.acts,
            mails_since=self.mails_since,
        )

    def allowed(self, connection: str, action: Action) -> bool:
        """Return whether the merchant accepted an action of a connection."""
        return (connection, action.value) in self.accepted

    async def commit(
        self,
        *,
        happened: Sequence[Fact] = (),
        outcomes: Sequence[Outcome] = (),
        decided: Sequence[Fact] = (),
        intents: Sequence[Intent] = (),
        reserve: Reserve | None = None,
        ship: Sequence[Allocation] = (),
        release: Sequence[Allocation] = (),
        sealed: Sealed | None = None,
        references: Sequence[tuple[str, str]] = (),
        forget_levels: Sequence[tuple[str, str]] = (),
        notices: Sequence[Notice] = (),
        due_at: datetime | Due | None = Due.NOW,
        attempts: int = 0,
        free_claim: bool = False,
    ) -> Committed:
        """Commit a unit for this order, guarded by the version read and the claim, and read the order again.

        Raises:
            ClaimLostError: the order has not moved, but it is no longer ours; what happened is committed.
        """
        failpoint("run.commit.before")
        stood = self.state.version
        committed = await self.hub.store.commit(
            Unit(
                merchant=self.merchant,
                order_id=self.order_id,
                at=self.now,
                expect=stood,
                happened=tuple(happened),
                outcomes=tuple(outcomes),
                decided=tuple(decided),
                intents=tuple(intents),
                reserve=reserve,
                ship=tuple(ship),
                release=tuple(release),
                sealed=sealed,
                references=tuple(references),
                forget_levels=tuple(forget_levels),
                notices=tuple(notices),
                due_at=due_at,
                attempts=attempts,
                free_claim=free_claim,
                owner=self.hub.owner,
            )
        )
        self.attempts = attempts
        failpoint("run.commit.after")
        told = len(happened) + bool(ship)
        if isinstance(committed, Moved) and committed.version == stood + told:
            raise ClaimLostError(self.order_id)
        if not free_claim or not isinstance(committed, Landed):
            known = self.state.order
            self.state = await self.hub.store.load(self.merchant, self.order_id) or self.state
            if (
                self.state.order != known
            ):  # another told it meanwhile: the label must not go to the old address
                self.personal = await self.hub.store.personal(self.merchant, self.order_id) or Personal()
        return committed
