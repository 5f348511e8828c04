"""A vendor acts and its answer is lost, acts a moment later, or never: for every operation that changes something there.

Which there are is read from the connectors and from the table of steps; one that has no case here fails a test.
"""

import importlib
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from connectors.bogus.client import Effect, Fault
from core.model.stock import ListingKey
from core.ports import Connector
from core.services import actions
from core.steps import STEPS
from core.store.stock import count_stock
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time, settle
from tests.core.flow.test_finders import (
    asks_a_tool,
    first_of,
    is_cancelled_after_the_label,
    is_rejected,
    orders_kara,
    orders_kim,
)
from tests.core.flow.test_whole_way import GRACE
from tests.stored import effects_of

CONNECTORS = Path(__file__).parents[3] / "connectors"
BOARD, KNIFE = ListingKey(listing="KK-SET-KB"), ListingKey(listing="KK-CHEF8")
LOST = (Fault.REPLY_LOST, Fault.DELAYED, Fault.LOST)


async def is_counted(b: Bench) -> str:
    """Fewer knives lie there than were thought: two listings of the marketplace show too many."""
    await settle(b)
    await b.store.write(
        count_stock, MERCHANT, [("CHEF-8", "reno", 4)], actor="person:kendra", now=b.clock.now()
    )
    return ""


async def is_taken_back_by_a_person(b: Bench) -> str:
    """A person has the label of an order taken back before the channel hears of it."""
    b.world.paused = {"tell_shipped"}
    order_id = await orders_kara(b)
    await pass_time(b, GRACE)
    await actions.void(b.hub, MERCHANT, order_id, "reno-1", "person:kendra")
    return order_id


@dataclass(frozen=True, slots=True)
class Case:
    """How an operation comes to be asked for, and what the vendor's books show of it afterwards, whatever was lost."""

    begins: Callable[[Bench], Awaitable[str]]
    books: dict[tuple[Effect, str], int]


CASES: dict[tuple[str, str], Case] = {
    ("buy", "a label"): Case(orders_kim, {(Effect.LABEL, "KK-1002/reno-1"): 1}),
    ("capture", "money"): Case(orders_kim, {(Effect.CAPTURE, "kk-1002/KK-1002-t1"): 1}),
    ("tell_shipped", "a parcel"): Case(orders_kim, {(Effect.TOLD, "kk-1002/TRK00000001"): 1}),
    ("cancel_order", "with all money back"): Case(
        is_rejected, {(Effect.CANCEL, "kk-1001"): 1, (Effect.REFUND, "kk-1001/KK-1001-t1"): 1}
    ),
    ("void", "cancelled"): Case(is_cancelled_after_the_label, {(Effect.VOID, "shp-1"): 1}),
    ("void", "by a person"): Case(is_taken_back_by_a_person, {(Effect.VOID, "shp-1"): 1}),
    ("send", "a confirmation"): Case(orders_kara, {(Effect.MAIL, "confirmation KK-1001"): 1}),
    ("call", "by a rule"): Case(asks_a_tool, {(Effect.HOOK, "POST /once"): 1}),
    ("set_levels", "a count"): Case(is_counted, {}),
}
NEVER_SENT = {
    "send": {(Effect.MAIL, "confirmation KK-1001"): 0},
    "call": {(Effect.HOOK, "POST /once"): 0},
}
"""What may have gone is not sent again: of what the other side never took people are told."""


def connectors() -> list[Connector]:
    names = sorted(p.name for p in CONNECTORS.iterdir() if (p / "__init__.py").is_file())
    return [importlib.import_module(f"connectors.{name}").CONNECTOR for name in names]


def test_every_operation_that_changes_something_has_its_case() -> None:
    declared = {name for connector in connectors() for name in connector.operations}
    looked_up = {name for step in STEPS.values() for name in step.find}

    assert {operation for operation, _ in CASES} == declared
    assert looked_up == declared - {"set_levels"}
    kinds = {kind for case in CASES.values() for kind, _ in case.books}
    assert kinds == set(Effect)


@pytest.mark.req("R42")
@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("name", [name for name in CASES if name[0] != "set_levels"], ids=" ".join)
async def test_whatever_became_of_a_call_whose_answer_is_lost_it_came_to_pass_once(
    b: Bench, name: tuple[str, str], fault: Fault
) -> None:
    case, (operation, _) = CASES[name], name
    order_id = await case.begins(b)
    left = [fault]
    b.world.faults = partial(first_of, operation, left)
    await pass_time(b, timedelta(hours=1))

    books = NEVER_SENT[operation] if operation in NEVER_SENT and fault is Fault.LOST else case.books
    assert left == []
    assert {effect: b.world.effects[effect] for effect in books} == books
    assert {n for (kind, _), n in b.world.effects.items() if n} == {1}
    state = await b.store.load(MERCHANT, order_id)
    assert state is not None
    assert (state.open, state.parked) == ((), None)


@pytest.mark.req("R24", "R42")
@pytest.mark.parametrize("fault", LOST)
async def test_levels_whose_answer_is_lost_are_read_and_stand_as_they_should(b: Bench, fault: Fault) -> None:
    await CASES["set_levels", "a count"].begins(b)
    left, market = [fault], b.world.shop("amz")
    before = len(market.writes)
    b.world.faults = partial(first_of, "set_levels", left)
    await pass_time(b, timedelta(hours=1))

    written = Counter(key.listing for _, key, _ in market.writes[before:])
    assert left == []
    # Four lie there, and two of each stay in reserve for the shop.
    assert {key.listing: market.levels[key] for key in (BOARD, KNIFE)} == {"KK-SET-KB": 2, "KK-CHEF8": 2}
    assert (written["KK-SET-KB"], written["KK-CHEF8"]) == (1, 1)
    assert [e.state for e in await b.store.read(effects_of, MERCHANT) if e.state == "intent"] == []
