"""Orders that are under way, offered to the file that is in force or planned: what that will do, and doing it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.config.merchant import MerchantConfig
from core.config.text_changes import rules_by_id
from core.domain.commit import Due, Landed, OrderCommit
from core.domain.rules.again import is_settled, offered_again
from core.domain.state import Stage
from core.engine.hub import Hub
from core.failpoints import failpoint
from core.model.facts import Fact, Received, Released
from core.model.holds import Hold
from core.model.rule_facts import RuleMatched
from core.services.replays import Setting, replayed, setting_of
from core.store.configs import text_of_config
from core.store.orders import OrderRow, facts_of, list_orders

_PAGE = 100
_TRIES = 20
"""So often an order may move while it is offered; it is told as left then."""
_NAMED = 10


class Scope(StrEnum):
    """Which orders are offered to a file again."""

    HELD = "held"
    """Those that rules hold."""
    OPEN = "open"
    """Those of which no label is bought."""


_OPEN = (Stage.AWAITING_PAYMENT, Stage.ON_HOLD, Stage.READY)


@dataclass(slots=True)
class Offers:
    """What comes of offering orders again."""

    released: list[str] = field(default_factory=list)
    """Numbers of the orders that rules hold no more."""
    begun: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """By rule: the numbers of the orders for which it begins."""
    left: list[str] = field(default_factory=list)
    """Numbers of the orders that are moving just now."""

    def add(self, number: str, facts: Sequence[Fact]) -> None:
        """Count what one order is told."""
        for fact in facts:
            if isinstance(fact, Released):
                self.released.append(number)
            elif isinstance(fact, RuleMatched):
                self.begun[fact.rule].append(number)

    @property
    def lines(self) -> tuple[str, ...]:
        """It in words, a line for each thing."""
        found = [f"rules hold no more: {_counted(self.released)}"] if self.released else []
        found += [
            f"rule {rule} begins for {_counted(numbers)}" for rule, numbers in sorted(self.begun.items())
        ]
        found += (
            [f"left, since they are moving just now (say it again): {_counted(self.left)}"]
            if self.left
            else []
        )
        return tuple(found)


def _counted(numbers: Sequence[str]) -> str:
    several = Counter(numbers)
    named = [number if count == 1 else f"{number} ({count} times)" for number, count in several.items()]
    rest = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    orders = "1 order" if len(named) == 1 else f"{len(named)} orders"
    return f"{orders}: {', '.join(named[:_NAMED])}{rest}"


class Offering:
    """Offers a merchant's orders to a file."""

    def __init__(self, hub: Hub, merchant: str, config: MerchantConfig, actor: str) -> None:
        self._hub, self._merchant, self._config, self._actor = hub, merchant, config, actor
        self._rules = rules_by_id(config.text)
        self._before: dict[str, dict[str, Any]] = {}
        """By digest: what the rules of files said that orders ran under."""

    async def planned(self, scope: Scope) -> Offers:
        """Return what offering them would do; nothing is written."""
        offers, setting = Offers(), await setting_of(self._hub, self._merchant)
        for row in await self._orders(scope):
            _, facts = await self._told(row.order_id, setting)
            if facts is None:
                offers.left.append(row.number)
            else:
                offers.add(row.number, facts)
        return offers

    async def offer(self, scope: Scope) -> Offers:
        """Offer them, one order after another; said again, it goes on where it was cut off."""
        offers, setting = Offers(), await setting_of(self._hub, self._merchant)
        for row in await self._orders(scope):
            facts = await self._offered(row.order_id, setting)
            if facts is None:
                offers.left.append(row.number)
            else:
                offers.add(row.number, facts)
        return offers

    async def _offered(self, order_id: str, setting: Setting) -> Sequence[Fact] | None:
        """Commit what an order is told; None where it moved on each time."""
        for _ in range(_TRIES):
            version, facts = await self._told(order_id, setting)
            if not facts:
                return facts
            commit = OrderCommit(
                merchant=self._merchant,
                order_id=order_id,
                at=self._hub.clock.now(),
                expect=version,
                decided=facts,
                due_at=Due.NOW,
            )
            failpoint("config.again.before")
            if isinstance(await self._hub.store.commit(commit), Landed):
                return facts
        return None

    async def _told(self, order_id: str, setting: Setting) -> tuple[int, Sequence[Fact] | None]:
        """Return the version at which an order stands, and what it is told; None while it is moving."""
        hub, merchant = self._hub, self._merchant
        state = await hub.store.load(merchant, order_id)
        facts = await hub.store.read(facts_of, merchant, order_id)
        if state is None or state.ended or not any(isinstance(fact, Received) for fact in facts):
            return 0, ()
        if not is_settled(state) or len(facts) != state.version:
            return state.version, None
        for fact in facts:
            if isinstance(fact, RuleMatched):
                await self._read_rules(fact.digest)
        trace = await replayed(hub, merchant, facts, self._config, setting, outcome_only=True)
        released = Released(at=hub.clock.now(), actor=self._actor, reason=Hold.BY_RULE)
        told = offered_again(state, facts, trace, says_the_same=self._says_the_same, released=released)
        return state.version, tuple(told)

    async def _read_rules(self, digest: str) -> None:
        if digest not in self._before:
            text = await self._hub.store.read(text_of_config, self._merchant, digest)
            self._before[digest] = {} if text is None else rules_by_id(text)

    def _says_the_same(self, rule: str, digest: str) -> bool:
        return rule in self._rules and self._before[digest].get(rule) == self._rules[rule]

    async def _orders(self, scope: Scope) -> list[OrderRow]:
        """Return the orders of a scope, whole: what is done to one would move the pages."""
        hold = Hold.BY_RULE.value if scope is Scope.HELD else None
        found: list[OrderRow] = []
        for stage in _OPEN:
            after: str | None = None
            while True:
                page = await self._hub.store.read(
                    list_orders, self._merchant, stage=stage, hold=hold, after=after, limit=_PAGE
                )
                found += page.items
                after = page.after
                if after is None:
                    break
        return found
