"""Stock: units are counted, come in, are set aside, set free and shipped; nobody is promised what is not there."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
)

from core.domain.commit import Landed, Moved, OrderCommit
from core.model.stock import Allocation, Need
from core.store.stock import count_stock, receive_stock
from tests.core.store.builders import NOON, a_commit, a_need, a_new_order, a_reserve
from tests.core.store.conftest import books_balance
from tests.machines.loop import InLoop
from tests.stored import list_stock

Key = tuple[str, str]
"""(SKU, location)."""
KENDRA, WHO = "kendra", "person:kim"
SKUS, PLACES = st.sampled_from(["MUG", "HAT"]), st.sampled_from(["reno", "easton"])
LINES = st.lists(st.lists(st.tuples(SKUS, st.integers(1, 4)), min_size=1, max_size=2), min_size=1, max_size=3)
"""Of each line, what it is made of."""


def needs_of(lines: Sequence[Sequence[tuple[str, int]]]) -> list[Need]:
    return [a_need(n, sku=sku, line=str(i)) for i, line in enumerate(lines) for sku, n in line]


class StockMachine(RuleBasedStateMachine):
    """The model: what lies where, and which units each order holds."""

    orders: Bundle[str] = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        self.world = InLoop()
        self.on_hand: Counter[Key] = Counter()
        self.held: dict[str, tuple[Allocation, ...]] = {}
        self.version: dict[str, int] = {}

    def teardown(self) -> None:
        self.world.do(books_balance(self.world.store))
        self.world.close()

    def committed(self) -> Counter[Key]:
        found: Counter[Key] = Counter()
        for held in self.held.values():
            for a in held:
                found[a.sku, a.location] += a.units
        return found

    def available(self) -> dict[Key, int]:
        taken = self.committed()
        return {key: self.on_hand[key] - taken[key] for key in {*self.on_hand, *taken}}

    @rule(sku=SKUS, place=PLACES, units=st.integers(0, 9))
    def count(self, sku: str, place: str, units: int) -> None:
        write = self.world.store.write
        self.world.do(write(count_stock, KENDRA, [(sku, place, units)], actor=WHO, now=NOON))
        self.on_hand[sku, place] = units

    @rule(sku=SKUS, place=PLACES, units=st.integers(1, 5))
    def goods_come_in(self, sku: str, place: str, units: int) -> None:
        write = self.world.store.write
        self.world.do(write(receive_stock, KENDRA, [(sku, place, units)], actor=WHO, now=NOON))
        self.on_hand[sku, place] += units

    @rule(target=orders, wanted=st.lists(LINES, min_size=1, max_size=4))
    def sell_at_once(self, wanted: list[list[list[tuple[str, int]]]]) -> MultipleResults[str]:
        numbers = [str(len(self.held) + i) for i in range(len(wanted))]
        each = [needs_of(lines) for lines in wanted]
        commits = [a_new_order(n, reserve=a_reserve(*needs)) for n, needs in zip(numbers, each, strict=True)]
        for number, needs, answer in zip(numbers, each, self._commit(commits), strict=True):
            assert isinstance(answer, Landed)
            self._judge(needs, answer, self.available())
            self.held[number], self.version[number] = answer.allocations, answer.version
        return multiple(*numbers)

    @rule(number=orders, again=LINES, late=st.booleans())
    def is_changed(self, number: str, again: list[list[tuple[str, int]]], late: bool) -> None:
        """Units are given back and others set aside, by somebody who may have read the order before it moved."""
        needs, held = needs_of(again), self.held[number]
        reserve = a_reserve(*needs, give_back=held, why="changed")
        expect = self.version[number] - late
        [answer] = self._commit([a_commit(number, expect=expect, reserve=reserve)])
        if late:
            assert isinstance(answer, Moved)
            return
        assert isinstance(answer, Landed)
        self.held[number] = ()
        self._judge(needs, answer, self.available())
        self.held[number], self.version[number] = answer.allocations, answer.version

    @rule(number=orders, times=st.integers(1, 3))
    def is_set_free(self, number: str, times: int) -> None:
        """The same units are set free as often as somebody likes: once."""
        for _ in range(times):
            [answer] = self._commit([a_commit(number, release=self.held[number])])
            assert isinstance(answer, Landed)
            self.version[number] = answer.version
        self.held[number] = ()

    @rule(number=orders, part=st.integers(0, 9))
    def leaves(self, number: str, part: int) -> None:
        """Some of what it holds leaves the house, and of a line perhaps more than it holds."""
        gone = self.held[number][: part % 3]
        if part == 9:
            gone = (*gone, Allocation(line_id="0", sku="MUG", location="reno", units=1))
        [answer] = self._commit([a_commit(number, ship=gone)])
        self.version[number] = answer.version
        left = Counter({(a.line_id, a.sku, a.location): 0 for a in self.held[number]})
        for a in self.held[number]:
            left[a.line_id, a.sku, a.location] += a.units
        for a in gone:
            self.on_hand[a.sku, a.location] -= a.units
            mark = (a.line_id, a.sku, a.location)
            left[mark] = max(0, left[mark] - a.units)
        self.held[number] = tuple(
            Allocation(line_id=line, sku=sku, location=place, units=units)
            for (line, sku, place), units in left.items()
            if units
        )

    @rule(number=consumes(orders))
    def is_forgotten_by_the_test(self, number: str) -> None:
        """Nothing more happens to it."""

    @invariant()
    def the_counters_are_those_of_the_model(self) -> None:
        rows = self.world.do(self.world.store.read(list_stock, KENDRA))
        taken = self.committed()
        assert {(r.sku, r.location): (r.on_hand, r.committed) for r in rows if r.on_hand or r.committed} == {
            key: (self.on_hand[key], taken[key])
            for key in {*self.on_hand, *taken}
            if self.on_hand[key] or taken[key]
        }

    @invariant()
    def each_order_holds_what_the_model_says(self) -> None:
        for number, held in self.held.items():
            state = self.world.do(self.world.store.load(KENDRA, f"shop:{number}"))
            assert state is not None
            assert _by_line(state.allocations) == _by_line(held)

    def _commit(self, commits: Sequence[OrderCommit]) -> list[Landed | Moved]:
        async def all_at_once() -> list[Landed | Moved]:
            return list(await asyncio.gather(*(self.world.store.commit(commit) for commit in commits)))

        return self.world.do(all_at_once())

    def _judge(self, needs: Sequence[Need], answer: Landed, before: Mapping[Key, int]) -> None:
        """A line is promised whole, from one place that had it all, or waits because no place has it."""
        left = dict(before)
        for a in answer.allocations:
            left[a.sku, a.location] = left.get((a.sku, a.location), 0) - a.units
            assert left[a.sku, a.location] >= 0, "more was promised than lay there"
        lines = {need.line_id: [n for n in needs if n.line_id == need.line_id] for need in needs}
        for line_id, line in lines.items():
            got = [a for a in answer.allocations if a.line_id == line_id]
            waits = [n for n in answer.backordered if n.line_id == line_id]
            assert bool(got) != bool(waits)
            assert _units(got) == _units([] if waits else line)
            assert len({a.location for a in got}) <= 1
            for place in ("reno", "easton") if waits else ():
                wanted = _units(line)
                assert any(left.get((sku, place), 0) < n for sku, n in wanted.items()), "it lay there"


def _units(parts: Sequence[Need] | Sequence[Allocation]) -> Counter[str]:
    found: Counter[str] = Counter()
    for part in parts:
        found[part.sku] += part.units
    return found


def _by_line(allocations: Sequence[Allocation]) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for a in allocations:
        found[a.line_id, a.sku, a.location] += a.units
    return found
