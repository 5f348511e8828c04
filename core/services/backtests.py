"""The last stored orders under another file: what would come and go, to which of them, and what came of them since."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.config.file_differences import file_differences
from core.config.merchant import MerchantConfig
from core.domain.rules.comparing import FilePair
from core.domain.rules.differences import Difference, Differing
from core.domain.state import OrderState, Stage
from core.engine.hub import Hub
from core.model.base import Shape
from core.model.facts import Received
from core.model.payment import PaymentState
from core.services.replays import PlannedOrder, Setting, check_merchant, planned, setting_of
from core.services.rules_in_force import config_in_force
from core.store.order_facts import facts_of_orders
from core.store.orders import OrderRow, list_orders, standings

USUAL_ORDERS = 1000
_PAGE = 100
MOST_NAMED = 1000
"""So many orders of one difference are named; all are counted."""


class Change(Shape):
    """One thing that comes to orders, or does not come to them any more."""

    kind: str
    of: str
    comes: bool
    orders: int
    named: tuple[str, ...]
    """Their numbers, the newest first; at most 1,000."""
    since: dict[str, int]
    """What came of these orders since, and of how many: disputed, refunded, cancelled, delivered, shipped, held, open."""


class Postage(Shape):
    """What labels cost in one currency, of orders whose labels would be others."""

    orders: int
    before_minor: int
    after_minor: int


class Backtest(Shape):
    """What another file would do to the last stored orders."""

    orders: int
    """Looked at."""
    touched: int
    """Of these, to how many anything comes or goes."""
    changes: tuple[Change, ...]
    postage: dict[str, Postage]
    """By currency: of labels that are bought under both files, where they cost something else."""
    file: tuple[str, ...]
    """What differs between the files besides their rules."""
    not_compared: dict[str, int]
    """By reason: orders of which not everything could be compared."""

    @property
    def differs(self) -> bool:
        """Whether anything would be otherwise."""
        return bool(self.changes or self.file)


@dataclass(slots=True)
class _Found:
    orders: int = 0
    named: list[str] = field(default_factory=list)
    since: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Sums:
    """What is added up, order by order."""

    orders: int = 0
    touched: int = 0
    found: dict[tuple[Differing, str, bool], _Found] = field(default_factory=dict)
    not_compared: Counter[str] = field(default_factory=Counter)
    postage: dict[str, Postage] = field(default_factory=dict)

    def add(self, row: OrderRow, compared: PlannedOrder | None, state: OrderState) -> None:
        self.orders += 1
        if compared is None:
            self.not_compared["it is not known yet"] += 1
            return
        self.not_compared.update(compared.not_compared)
        differs = compared.differences
        self.touched += bool(differs)
        for currency, (before, after) in compared.postage.items():
            known = self.postage.get(currency, Postage(orders=0, before_minor=0, after_minor=0))
            self.postage[currency] = Postage(
                orders=known.orders + 1,
                before_minor=known.before_minor + before,
                after_minor=known.after_minor + after,
            )
        for key in dict.fromkeys(map(_key, differs)):
            found = self.found.setdefault(key, _Found())
            found.orders += 1
            found.since[came_of(state)] += 1
            if len(found.named) < MOST_NAMED:
                found.named.append(row.number)


def _key(difference: Difference) -> tuple[Differing, str, bool]:
    return difference.kind, difference.of, difference.comes


@dataclass(frozen=True, slots=True)
class Window:
    """When orders were placed that are looked at."""

    since: datetime
    until: datetime


async def backtest(
    hub: Hub,
    merchant: str,
    other: MerchantConfig,
    *,
    orders: int = USUAL_ORDERS,
    placed: Window | None = None,
) -> Backtest:
    """Return what another file would do, in place of the one in force, to the last stored orders; a page of them is held at a time.

    ``placed`` leaves out what was placed at another time.

    Raises:
        ConfigError: the file is another merchant's.
    """
    check_merchant(merchant, other)
    in_force = await config_in_force(hub, merchant)
    files, after = FilePair(in_force, other), None
    setting, sums = await setting_of(hub, merchant), _Sums()
    while sums.orders < orders:
        limit = min(_PAGE, orders - sums.orders)
        page = await hub.store.read(list_orders, merchant, after=after, limit=limit)
        rows = [one for one in page.items if placed is None or placed.since <= one.placed_at <= placed.until]
        await _add_page(hub, merchant, files, rows, setting=setting, sums=sums)
        after = page.after
        if after is None or (placed is not None and page.items[-1].placed_at < placed.since):
            break
    kinds = list(Differing)
    changes = tuple(
        Change(
            kind=kind.value,
            of=of,
            comes=comes,
            orders=found.orders,
            named=tuple(found.named),
            since=dict(found.since.most_common()),
        )
        for (kind, of, comes), found in sorted(
            sums.found.items(), key=lambda item: (kinds.index(item[0][0]), *item[0][1:])
        )
    )
    return Backtest(
        orders=sums.orders,
        touched=sums.touched,
        changes=changes,
        postage=dict(sorted(sums.postage.items())),
        file=file_differences(in_force, other),
        not_compared=dict(sorted(sums.not_compared.items(), key=lambda item: (-item[1], item[0]))),
    )


async def _add_page(
    hub: Hub,
    merchant: str,
    files: FilePair,
    rows: Sequence[OrderRow],
    *,
    setting: Setting,
    sums: _Sums,
) -> None:
    ids = [row.order_id for row in rows]
    facts = await hub.store.read(facts_of_orders, merchant, ids)
    compared = {
        order_id: await planned(hub, merchant, told, files, setting)
        for order_id, told in facts.items()
        if any(isinstance(fact, Received) for fact in told)
    }
    touched = [order_id for order_id, found in compared.items() if found.differences]
    standing = await hub.store.read(standings, merchant, touched)
    for row in rows:
        stands = standing.get(row.order_id)
        sums.add(row, compared.get(row.order_id), stands.state if stands is not None else OrderState())


def came_of(state: OrderState) -> str:
    """Return what came of an order, the worst first, in a word."""
    paid = state.payment
    if paid is not None and paid.disputed:
        return "disputed"
    if paid is not None and paid.state in (PaymentState.REFUNDED, PaymentState.PARTIALLY_REFUNDED):
        return "refunded"
    if state.ended:
        return "cancelled"
    return _BY_STAGE.get(state.stage, "open")


_BY_STAGE = {
    Stage.DELIVERED: "delivered",
    Stage.SHIPPED: "shipped",
    Stage.LABELLED: "labelled",
    Stage.SHIPPED_ELSEWHERE: "shipped",
    Stage.FULFILLED_BY_CHANNEL: "shipped by its channel",
    Stage.ON_HOLD: "still held",
}
