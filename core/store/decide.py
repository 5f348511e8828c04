"""What a commit comes to, given where its order stands and what stock is free. Nothing here writes to a database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from core.domain.allocation import allocate
from core.domain.commit import Committed, Due, Landed, Moved, OrderCommit, Reserve
from core.domain.fold import fold
from core.domain.state import OrderState
from core.model.facts import Fact, Received, UnitsCommitted, UnitsReleased, UnitsShipped
from core.model.rule_runs import Offered
from core.model.stock import Allocation, Need
from core.store.columns import WOKEN
from core.store.ledger import LockedStock, Move, MoveKind, StockKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An order's row, locked by this transaction."""

    version: int
    state: OrderState
    claimed_by: str | None
    claimed_until: datetime | None
    attempts: int
    error: str | None
    waits_for: str
    due_at: datetime | None
    settings: int
    """The revision of its merchant's settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be written for a commit. ``landed`` says whether the second half is part of it."""

    commit: OrderCommit
    before: Standing
    late: bool
    """Somebody else had created the order first."""
    facts: tuple[Fact, ...]
    state: OrderState
    answer: Committed

    @property
    def landed(self) -> bool:
        """Whether the second half is written too."""
        return isinstance(self.answer, Landed)

    @property
    def due_at(self) -> datetime | None:
        """When the order is looked at next; an order whose decision was refused is looked at now.

        Nor does one rest that was woken while it was worked on: whoever decided may not know what changed.
        """
        if self.commit.due_at is Due.AS_BEFORE:
            return self.before.due_at
        if self.before.due_at == WOKEN:
            return self.commit.at if self.commit.free_claim else WOKEN
        if not self.landed or self.commit.due_at is Due.NOW:
            return self.commit.at
        return self.commit.due_at if isinstance(self.commit.due_at, datetime) else None

    @property
    def wake(self) -> tuple[str, str, int] | None:
        """(merchant, order id, version) if the order is due now; nobody need be told of one whose owner goes on with it."""
        goes_on = self.landed and self.commit.owner is not None and not self.commit.free_claim
        if goes_on or self.due_at is None or self.due_at > self.commit.at:
            return None
        return (self.commit.merchant, self.commit.order_id, self.answer.version)


def decide(
    commit: OrderCommit,
    stands: Standing,
    stock: LockedStock,
    taken: set[tuple[str, str]],
) -> Decision:
    """Decide a commit and move its stock; ``taken`` are the effect keys in use, to which its own are added."""
    late = commit.create is not None and stands.version > 0 and not commit.expect
    facts: list[Fact] = [fact for fact in commit.happened if not (late and isinstance(fact, Received))]
    state = reduce(fold, facts, stands.state)
    if commit.ship and commit.owner is not None:
        # Decided in a run: another may have claimed the order since and taken the same units off already.
        told = not facts or state.model_copy(update={"version": stands.state.version}) != stands.state
        commit = replace(commit, ship=_held(state.allocations, commit.ship) if told else ())
    if commit.ship:
        _ship(commit, state, stock)
        facts.append(UnitsShipped(at=commit.at, allocations=commit.ship))
        state = fold(state, facts[-1])
    second: _SecondHalf | None = None
    may = not late and _may_decide(commit, stands, taken)
    outdated = may and commit.settings is not None and commit.settings != stands.settings
    if may and not outdated:
        second = _second_half(commit, state, stock)
    if second is not None:
        taken |= {(commit.merchant, intent.key) for intent in commit.intents}
        facts += second.facts
        state = _offered(reduce(fold, second.facts, state), commit)
        answer: Committed = Landed(
            state.version, second.allocations, second.backordered, state, facts=tuple(facts)
        )
    else:
        answer = Moved(
            state.version, state, settings=stands.settings if outdated else None, facts=tuple(facts)
        )
    return Decision(commit=commit, before=stands, late=late, facts=tuple(facts), state=state, answer=answer)


def _offered(state: OrderState, commit: OrderCommit) -> OrderState:
    """Return the state with what was offered to rules: of an order that is new, nothing yet."""
    new = Offered() if commit.create is not None and state.offered is None else None
    offered = commit.offered or new
    return state if offered is None else state.model_copy(update={"offered": offered})


@dataclass(frozen=True, slots=True)
class _SecondHalf:
    facts: tuple[Fact, ...]
    allocations: tuple[Allocation, ...] = ()
    backordered: tuple[Need, ...] = ()


def _may_decide(commit: OrderCommit, stands: Standing, taken: set[tuple[str, str]]) -> bool:
    """Return whether the order still stands where the decision was taken, under the same claim."""
    if commit.expect is not None and commit.expect != stands.version:
        return False
    if commit.owner is not None and commit.owner != stands.claimed_by:
        return False
    return not any((commit.merchant, intent.key) in taken for intent in commit.intents)


def _second_half(commit: OrderCommit, state: OrderState, stock: LockedStock) -> _SecondHalf:
    given_back: list[UnitsReleased] = []
    reserve = commit.reserve
    wishes = [(commit.release, "released"), (reserve.give_back, reserve.why) if reserve else ((), "")]
    for wanted, why in wishes:
        freed = _held(state.allocations, wanted)
        if freed:
            given_back.append(UnitsReleased(at=commit.at, allocations=freed, why=why))
            state = fold(state, given_back[-1])
    taken: list[UnitsCommitted] = []
    if reserve:
        freed = tuple(allocation for fact in given_back for allocation in fact.allocations)
        found, lacking = _find(commit.merchant, reserve, freed, stock)
        if found or lacking or state.backordered:
            taken.append(UnitsCommitted(at=commit.at, allocations=found, backordered=lacking))
    for gone in given_back:
        _move(commit, gone.allocations, stock, kind="released", committed=-1)
    for got in taken:
        _move(commit, got.allocations, stock, kind="committed", committed=1)
    _move(commit, commit.lost, stock, kind="shipped", on_hand=-1)
    return _SecondHalf(
        # What was decided was told before the units were looked for.
        (*commit.decided, *given_back, *taken),
        tuple(allocation for fact in taken for allocation in fact.allocations),
        tuple(need for fact in taken for need in fact.backordered),
    )


def _find(
    merchant: str, reserve: Reserve, freed: Sequence[Allocation], stock: LockedStock
) -> tuple[tuple[Allocation, ...], tuple[Need, ...]]:
    """Return where the units can come from once ``freed`` is free again."""
    have = {
        (need.sku, place): stock.available((merchant, need.sku, place))
        for need in reserve.needs
        for place in reserve.locations
    }
    for allocation in freed:
        if (allocation.sku, allocation.location) in have:
            have[allocation.sku, allocation.location] += allocation.units
    return allocate(reserve.needs, reserve.locations, have)


def _ship(commit: OrderCommit, state: OrderState, stock: LockedStock) -> None:
    """Take shipped units off on hand, and off committed as far as the order holds them.

    What left, left: units that were set free before (a cancellation crossed the parcel) are off on hand all the same.
    """
    held = _by_stock_key(commit.merchant, _held(state.allocations, commit.ship))
    for stock_key, units in _by_stock_key(commit.merchant, commit.ship).items():
        stock.move(
            Move(
                stock_key=stock_key,
                at=commit.at,
                kind="shipped",
                on_hand=-units,
                committed=-held.get(stock_key, 0),
                order_id=commit.order_id,
            )
        )


def _move(
    commit: OrderCommit,
    allocations: Iterable[Allocation],
    stock: LockedStock,
    *,
    kind: MoveKind,
    committed: int = 0,
    on_hand: int = 0,
) -> None:
    for stock_key, units in _by_stock_key(commit.merchant, allocations).items():
        stock.move(
            Move(
                stock_key=stock_key,
                at=commit.at,
                kind=kind,
                on_hand=on_hand * units,
                committed=committed * units,
                order_id=commit.order_id,
            )
        )


def _by_stock_key(merchant: str, allocations: Iterable[Allocation]) -> dict[StockKey, int]:
    """Return units by counter; several lines of one SKU are summed."""
    sums: dict[StockKey, int] = {}
    for allocation in allocations:
        stock_key = (merchant, allocation.sku, allocation.location)
        sums[stock_key] = sums.get(stock_key, 0) + allocation.units
    return sums


def _held(held: Iterable[Allocation], wanted: Iterable[Allocation]) -> tuple[Allocation, ...]:
    """Return of ``wanted`` what is really held: nothing can be given back twice."""
    left: dict[tuple[str, str, str], int] = {}
    for allocation in held:
        mark = (allocation.line_id, allocation.sku, allocation.location)
        left[mark] = left.get(mark, 0) + allocation.units
    given: list[Allocation] = []
    for allocation in wanted:
        mark = (allocation.line_id, allocation.sku, allocation.location)
        units = min(allocation.units, left.get(mark, 0))
        if units > 0:
            left[mark] -= units
            given.append(allocation.model_copy(update={"units": units}))
    return tuple(given)
