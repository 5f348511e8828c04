"""Rules that begin with what a carrier refused, or what somebody else shipped."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from connectors.bogus.channel import change_order, order_of, shipped_more
from core.domain.rules.triggers import told_by
from core.domain.state import Stage
from core.model.facts import VoidRefused
from core.model.order import Shipped
from core.model.triggers import Trigger
from core.store.orders import facts_of
from simulation.shoppers import place
from tests.builders import MERCHANT, Bench
from tests.core.flow.play import pass_time, settle
from tests.core.flow.ruled import use
from tests.core.flow.test_red_team import PANS, state_of
from tests.core.flow.test_whole_way import GRACE, KARA

pytestmark = pytest.mark.req("S30")

ORDER = "shop:kk-1001"


async def began(b: Bench, order_id: str) -> Sequence[str]:
    """Return the rule of each run, in the order they began."""
    told = await b.store.read(facts_of, MERCHANT, order_id)
    return [fact.rule for fact in told if fact.kind == "rule_matched"]


async def test_each_rate_that_a_carrier_refuses_starts_a_rule_with_its_service(b: Bench) -> None:
    use(
        b,
        """
    - id: refused
      when: parcel.rate_refused
      if: event.carrier == 'Hare' && event.service == 'Ground' && event.parcel == 'reno-1'
      then: [{tag: refused}]
    """,
    )
    b.world.refusing = {"Hare Ground"}
    place(b.world, "shop", KARA)

    await pass_time(b, GRACE)

    state = await state_of(b, ORDER)
    assert (state.stage, state.tags) == (Stage.SHIPPED, ("refused",))
    assert await began(b, ORDER) == ["refused"]


async def test_each_part_that_somebody_else_ships_starts_a_rule_once(b: Bench) -> None:
    use(b, "- {id: part, when: order.part_shipped_elsewhere, then: [{tag: part}]}")
    place(b.world, "shop", PANS)
    await settle(b)
    sent = Shipped(tracking="LINN1", carrier="Other", lines=(("l1", 1),))
    b.clock.move_to(b.clock.now() + timedelta(minutes=1))
    change_order(b.world, "shop", shipped_more(order_of(b.world, "shop", "kk-5"), sent))

    await settle(b)

    assert (await state_of(b, "shop:kk-5")).tags == ("part",)
    assert await began(b, "shop:kk-5") == ["part"]


def test_a_label_that_is_not_taken_back_starts_rules_with_its_parcel() -> None:
    refused = VoidRefused(at=datetime(2026, 11, 30, 12, tzinfo=UTC), parcel_id="reno-1", code="used")

    assert list(told_by(refused)) == [(Trigger.PARCEL_VOID_REFUSED, {"parcel": "reno-1"})]
