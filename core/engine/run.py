"""One run over one order: what it has read, what it has told and not committed yet, and how it commits.

Outcomes and decisions are folded in memory and committed with the next intent, or when the order is given back: one
commit for each call of a vendor. An outcome waits for no vendor: it is committed before the next one is asked.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import TypeVar, Unpack

from core.config.merchant import MerchantConfig
from core.domain.commit import (
    CommitParts,
    Committed,
    Landed,
    MerchantNotice,
    Moved,
    NewLabel,
    OrderCommit,
    Settlement,
)
from core.domain.due import View
from core.domain.fold import fold
from core.domain.holds import Places, tariff_codes_of
from core.domain.state import OrderState, skus_of
from core.engine.answers import Call, Kind, Waiter
from core.engine.hub import Connections, Hub
from core.engine.pauses import asked
from core.engine.settings import products_at, settings_at
from core.failpoints import failpoint
from core.model.actions import Action
from core.model.facts import Fact
from core.model.order import Order, Personal
from core.model.products import Product
from core.model.rule_runs import Offered
from core.store.failures import DATABASE_ERRORS, is_infrastructure, until_answered
from core.store.known import Unsealed
from core.store.orders import facts_between
from core.store.pauses import ORDER
from core.store.settings import Settings

T = TypeVar("T")

_ACTIONS = frozenset(action.value for action in Action)
_NEVER = -1
"""A version that no order has: a decision that expects it is refused."""


class ClaimLostError(Exception):
    """The claim ran out and another worker has the order: whatever is left to do is theirs."""


@dataclass(slots=True)
class Told:
    """What a run has told and not committed yet: what happened, then what it decided."""

    happened: list[Fact] = field(default_factory=list)
    outcomes: list[Settlement] = field(default_factory=list)
    decided: list[Fact] = field(default_factory=list)
    references: list[tuple[str, str]] = field(default_factory=list)
    notices: list[MerchantNotice] = field(default_factory=list)
    labels: list[NewLabel] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.happened or self.decided)


@dataclass(slots=True, kw_only=True)
class Run:
    """The claimed order, as last read."""

    hub: Hub
    merchant: str
    order_id: str
    state: OrderState
    """Where it stands, with what was told since."""
    attempts: int
    unsealed: Unsealed
    accepted: frozenset[tuple[str, str]] = frozenset()
    settings: int = 0
    """The revision of the merchant's settings that the run decides by."""
    decided_under: int | None = None
    """The one by which the step in hand was found due: an intent of it lands under that one alone, whatever it read since."""
    mails_since: datetime | None = None
    """When mails were first accepted."""
    products: dict[str, Product] = field(default_factory=dict)
    """Of the order's SKUs, those that were described."""
    looked_up: frozenset[str] = frozenset()
    """The SKUs whose products were looked up."""
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
    recent: dict[int, Fact] = field(default_factory=dict, repr=False)
    """Facts that this run committed, by version."""
    stood: OrderState = field(init=False, repr=False)
    """Where it stood when it was last read or committed."""
    told: Told = field(init=False, default_factory=Told, repr=False)

    def __post_init__(self) -> None:
        self.stood = self.state

    @property
    def personal(self) -> Personal:
        """Unsealed order it is; nobody's where nothing is known of the person, or nothing any more."""
        return self.unsealed.personal or Personal()

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
            customs={sku: (product.hs, product.origin) for sku, product in self.products.items()},
            places=self.places,
            mails_since=self.mails_since,
            email_known=bool(self.personal.email),
        )

    @property
    def _due_under(self) -> int:
        return self.settings if self.decided_under is None else self.decided_under

    def allowed(self, connection: str, action: Action) -> bool:
        """Return whether the merchant accepted an action of a connection."""
        return (connection, action.value) in self.accepted

    async def look_around(self, revision: int) -> Settings:
        """Read the merchant's settings, and the order's products, as of a revision or later; return the settings."""
        settings = await settings_at(self.hub, self.merchant, revision)
        order, mailer = self.state.order, self.connections.mailer
        self.settings, self.accepted = settings.revision, settings.accepted
        self.places = {} if order is None else settings.places.get(order.connection, {})
        self.mails_since = None if order is None else settings.mails_since(order.connection, mailer=mailer)
        self.looked_up = skus_of(self.state)
        self.products = await products_at(self.hub, self.merchant, self.looked_up, settings.revision)
        return settings

    async def ask(self, call: Call, answer: Callable[[], Awaitable[T]]) -> T:
        """Ask a vendor something that changes nothing there; what came of the effect before is committed first.

        Raises:
            ConnectorError: what the call raised.
        """
        if self.told.outcomes:
            failpoint("run.outcomes.before")
            await self.flush()
        return await asked(self.hub, self.merchant, call, answer())

    def decide(
        self,
        facts: Sequence[Fact],
        *,
        references: Sequence[tuple[str, str]] = (),
        notices: Sequence[MerchantNotice] = (),
        labels: Sequence[NewLabel] = (),
        attempts: int = 0,
    ) -> None:
        """Tell what is decided: it lands with the next commit, if nothing else was told of the order meanwhile."""
        self.told.decided += facts
        self.told.references += references
        self.told.notices += notices
        self.told.labels += labels
        self.attempts = attempts
        self.state = reduce(fold, facts, self.state)

    async def unoffered(self) -> list[tuple[int, Fact]]:
        """Return the facts that were not offered to rules yet, each with its version."""
        offered, stood = self.state.offered, self.stood.version
        if offered is None:
            return []
        told = (*self.told.happened, *self.told.decided)
        stored = range(offered.version + 1, stood + 1)
        if all(version in self.recent for version in stored):
            found = [(version, self.recent[version]) for version in stored]
        else:
            found = await self.hub.store.read(
                facts_between, self.merchant, self.order_id, offered.version, stood
            )
        new = enumerate(told, start=stood + 1)
        return found + [(version, fact) for version, fact in new if version > offered.version]

    def offer(self, facts: Sequence[Fact], offered: Offered) -> None:
        """Tell what begins where facts are offered to rules; they are not offered again."""
        self.decide(facts, attempts=self.attempts)
        self.state = self.state.model_copy(update={"offered": offered})

    async def settle(
        self,
        facts: Sequence[Fact],
        outcomes: Sequence[Settlement],
        *,
        references: Sequence[tuple[str, str]] = (),
        attempts: int = 0,
    ) -> None:
        """Tell what came of effects: it lands with the next commit, whatever else happens to the order."""
        if self.told.decided:
            failpoint("run.decided.before")
            await self.flush()
        self.told.happened += facts
        self.told.outcomes += outcomes
        self.told.references += references
        self.attempts = attempts
        self.state = reduce(fold, facts, self.state)

    async def flush(self) -> None:
        """Commit what was told, if anything was; an outcome is told again until it is stored.

        Raises:
            ClaimLostError: another worker has the order; what happened is committed.
        """
        told = self.told
        if not told:
            return
        try:
            await self._commit(attempts=self.attempts)
        except DATABASE_ERRORS as error:
            if not (told.outcomes and is_infrastructure(error)):
                raise

    async def commit(self, **parts: Unpack[CommitParts]) -> Committed:
        """Commit for this order what was told and more, guarded by the version read and the claim.

        Raises:
            ClaimLostError: the order has not moved, but it is no longer ours; what happened is committed.
        """
        if not (self.told.decided and (parts.get("happened") or parts.get("ship"))):
            return await self._commit(**parts)
        # What happens after something was decided comes after it, in a commit of its own.
        landed, lost = False, None
        try:
            landed = isinstance(await self._commit(attempts=self.attempts), Landed)
        except ClaimLostError as error:
            lost = error
        committed = await self._commit(expect=None if landed else _NEVER, **parts)
        if lost is not None:
            raise lost
        return committed

    async def _commit(self, *, expect: int | None = None, **parts: Unpack[CommitParts]) -> Committed:
        stood, told, self.told = self.stood, self.told, Told()
        commit = replace(
            OrderCommit(
                merchant=self.merchant,
                order_id=self.order_id,
                at=self.now,
                expect=stood.version if expect is None else expect,
                known=stood,
                settings=self._due_under if parts.get("intents") else None,
                owner=self.hub.owner,
                **parts,
            ),
            happened=(*told.happened, *parts.get("happened", ())),
            outcomes=(*told.outcomes, *parts.get("outcomes", ())),
            decided=(*told.decided, *parts.get("decided", ())),
            references=(*told.references, *parts.get("references", ())),
            notices=(*told.notices, *parts.get("notices", ())),
            labels=tuple(told.labels),
            offered=parts.get("offered") or self.state.offered,
        )
        try:
            failpoint("run.commit.before")
            committed = await self.hub.store.commit(commit)
        except DATABASE_ERRORS as error:
            self.state = self.stood
            if commit.outcomes and is_infrastructure(error):
                await self._tell_again(commit)
            raise
        self.attempts = commit.attempts
        failpoint("run.commit.after")
        await self._learn(commit, committed)
        if isinstance(committed, Moved) and committed.settings is None and expect is None:
            ours = len(commit.happened) + bool(commit.ship)
            if committed.version == stood.version + ours:
                raise ClaimLostError(self.order_id)
        return committed

    async def _tell_again(self, commit: OrderCommit) -> None:
        """Tell what came of effects until it is stored: nobody else knows it, and a message is never looked up."""

        async def tell() -> None:
            failpoint("run.outcomes.again")
            self.state = self.stood = await self.hub.store.load(self.merchant, self.order_id) or self.stood
            if all(outcome.key in self.state.settled for outcome in commit.outcomes):
                return
            happened = OrderCommit(
                merchant=self.merchant,
                order_id=self.order_id,
                at=commit.at,
                happened=commit.happened,
                outcomes=commit.outcomes,
                references=commit.references,
                attempts=commit.attempts,
            )
            committed = await self.hub.store.commit(happened)
            self.state = self.stood = committed.state or self.stood

        await until_answered(tell)

    async def _learn(self, commit: OrderCommit, committed: Committed) -> None:
        """Note where the order stands now, and read what that asks for."""
        order = self.state.order
        first = committed.version - len(committed.facts) + 1
        self.recent |= dict(enumerate(committed.facts, start=first))
        self.state = self.stood = committed.state or self.stood
        if commit.free_claim and isinstance(committed, Landed):
            return
        moved = isinstance(committed, Moved)
        if (moved and self.state.order != order) or (commit.sealed is not None and self.unsealed.key is None):
            # Another told it meanwhile: the label must not go to the old address.
            known = await self.hub.store.know(self.merchant, self.order_id)
            self.unsealed = known.unsealed
        revision = committed.settings if isinstance(committed, Moved) else None
        if revision is not None or not skus_of(self.state) <= self.looked_up:
            await self.look_around(revision or self.settings)


def is_live(accepted: frozenset[tuple[str, str]]) -> bool:
    """Return whether the merchant accepted any kind of action."""
    return any(action in _ACTIONS for _, action in accepted)


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
    via = state.label_choice.via if state.label_choice is not None else None
    chosen = via if via in connections.ports else None  # the file may not name it any more
    return View(
        state=state,
        now=hub.clock.now(),
        config=connections.config,
        accepted=lambda connection, action: (connection, action.value) in accepted,
        tariff_code=tariff_codes_of(customs),
        can_capture=channel is not None and channel.channel_payments is not None,
        email_known=email_known,
        places=places,
        carrier=chosen or connections.carrier,
        mailer=connections.mailer,
        in_test=bool(connections.in_test),
        acts=connections.acts,
        mails_since=mails_since,
        live=is_live(accepted),
    )
