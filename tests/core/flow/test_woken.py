"""What changes while an order comes to rest is not slept through."""

from datetime import timedelta

import pytest

from core.domain.commit import Committed, OrderCommit
from core.model.actions import Action
from core.services import actions
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle

CART = Cart(number="KK-1", lines=(("CHEF-8", 1, 9278),), ship_to=home(), email="kara@example.test")


@pytest.mark.req("R11")
async def test_labels_accepted_in_the_moment_in_which_an_order_comes_to_rest_are_bought(
    b: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await settle(b)
    await actions.switch(b.hub, MERCHANT, "post", [Action.LABELS], on=False, actor="person:kendra")
    order_id = f"shop:{place(b.world, 'shop', CART)}"
    commit, accepted = b.store.commit, False

    async def accepting(wanted: OrderCommit) -> Committed:
        nonlocal accepted
        if wanted.free_claim and wanted.order_id == order_id and not accepted:
            accepted = True
            await actions.switch(b.hub, MERCHANT, "post", [Action.LABELS], on=True, actor="person:kendra")
        return await commit(wanted)

    monkeypatch.setattr(b.store, "commit", accepting)
    await pass_time(b, timedelta(hours=1))

    assert accepted
    state = await b.store.load(MERCHANT, order_id)
    assert state is not None
    assert [p.label is not None for p in state.parcels] == [True]
