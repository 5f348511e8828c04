"""One run over one order: what it has read, and how it commits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Unpack

from core.config.merchant import MerchantConfig
from core.domain.due import View
from core.domain.holds import Places, tariff_codes_of
from core.domain.state import OrderState
from core.engine.answers import Kind, Waiter
from core.engine.hub import Connections, Hub
from core.failpoints import failpoint
from core.model.actions import Action
from core.model.commit import CommitParts, Committed, Landed, Moved, OrderCommit
from core.model.order import Order, Personal
from core.store.pauses import ORDER
from core.store.personal import personal_of


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
    in_line: frozenset[Kind] = frozenset()
    """What it was found waiting for when the run began."""
    queued: set[Kind] = field(default_factory=set)
    """What it waits for now."""
    turns: set[Kind] = field(default_factory=set)
    """What is paused, and this run may see whether it is over."""
    waiting: dict[str, datetime] = field(default_factory=dict)
    """The steps that wait for the end of a pause, or for a place at a connection, and when each is to be looked at again."""
    waits_at: dict[str, str] = field(default_factory=dict)
    """The connection that each of them waits for."""
    step: str = "rest"
    """The step that is, or was last, done."""
    places: Places = field(default_factory=dict)

    @property
    def waiter(self) -> Waiter:
        """Who this run asks for."""
        return Waiter(ORDER, self.order_id)

    @property
    def connections(self) -> Connections:
        """What the merchant's connections can do."""
        return self.hub.connections(self.merchant)

    @property
    def config(self) -> MerchantConfig:
        """The merchant's crossdock.yaml."""
        return self.connections.config

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
        return view_of(
            self.hub,
            self.merchant,
            self.state,
            accepted=self.accepted,
            customs=self.customs,
            places=self.places,
            mails_since=self.mails_since,
            email_known=bool(self.personal.email),
        )

    def allowed(self, connection: str, action: Action) -> bool:
        """Return whether the merchant accepted an action of a connection."""
        return (connection, action.value) in self.accepted

    async def commit(self, **parts: Unpack[CommitParts]) -> Committed:
        """Commit for this order, guarded by the version read and the claim, and read the order again.

        Raises:
            ClaimLostError: the order has not moved, but it is no longer ours; what happened is committed.
        """
        failpoint("run.commit.before")
        stood = self.state.version
        committed = await self.hub.store.commit(
            OrderCommit(
                merchant=self.merchant,
                order_id=self.order_id,
                at=self.now,
                expect=stood,
                owner=self.hub.owner,
                **parts,
            )
        )
        self.attempts = parts.get("attempts", 0)
        failpoint("run.commit.after")
        told = len(parts.get("happened", ())) + bool(parts.get("ship"))
        if isinstance(committed, Moved) and committed.version == stood + told:
            raise ClaimLostError(self.order_id)
        if not parts.get("free_claim") or not isinstance(committed, Landed):
            known = self.state.order
            self.state = await self.hub.store.load(self.merchant, self.order_id) or self.state
            if self.state.order != known:
                # Another told it meanwhile: the label must not go to the old address.
                store = self.hub.store
                personal = await store.read(personal_of, store.keys, self.merchant, self.order_id)
                self.personal = personal or Personal()
        return committed


def view_of(
    hub: Hub,
    merchant: str,
    state: OrderState,
    *,
    accepted: frozenset[tuple[str, str]],
    customs: Mapping[str, tuple[str | None, str | None]],
    places: Places,
    mails_since: datetime | None,
    email_known: bool,
) -> View:
    """Return all that a decision about an order may look at, given what was read around it."""
    connections, order = hub.connections(merchant), state.order
    channel = connections.ports.get(order.connection) if order is not None else None
    return View(
        state=state,
        now=hub.clock.now(),
        config=connections.config,
        accepted=lambda connection, action: (connection, action.value) in accepted,
        tariff_code=tariff_codes_of(customs),
        can_capture=channel is not None and channel.channel_payments is not None,
        email_known=email_known,
        places=places,
        carrier=connections.carrier,
        mailer=connections.mailer,
        in_test=bool(connections.in_test),
        acts=connections.acts,
        mails_since=mails_since,
    )
