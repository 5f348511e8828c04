"""The hub buys at EasyPost's stand-in, no webhook is ever set up, and the parcel's scans are found all the same."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.easypost import CONNECTOR
from core.domain.state import Stage
from core.ports import Ports
from simulation.memory import store_in_memory
from simulation.shoppers import place
from tests.builders import MERCHANT, Bench, open_hub_of, review
from tests.connectors.easypost.stand import NOON, Stand, standing
from tests.core.flow.play import pass_time
from tests.core.flow.test_whole_way import KARA, on_hand
from tests.sandbox.stand import until
from tests.stored import jobs_of_kind

DAY = timedelta(hours=24)


async def with_easypost(stand: Stand) -> Bench:
    """The bench's configuration, whose labels EasyPost sells."""
    b = review(await store_in_memory(), now=NOON)
    connections = b.hub.merchants[MERCHANT]
    ports = Ports(carrier=stand.carrier, label_files=stand.files)
    b.hub.merchants[MERCHANT] = replace(
        connections,
        ports={**connections.ports, "post": ports},
        connectors={**connections.connectors, "post": CONNECTOR},
    )
    await open_hub_of(b)
    return b


@pytest.mark.req("R06", "R31")
async def test_a_parcel_whose_webhooks_are_all_lost_is_found_delivered_a_day_after_its_label() -> None:
    async with standing(rate=3600.0 * 12) as stand:
        b = await with_easypost(stand)
        place(b.world, "shop", KARA)
        await pass_time(b, timedelta(minutes=16))
        state = await b.store.load(MERCHANT, "shop:kk-1001")
        assert state is not None
        assert state.stage is Stage.SHIPPED
        label = state.parcels[0].label
        assert label is not None
        assert (await on_hand(b))["CHEF-8", "reno"] == (14, 1)
        tracker = stand.state.trackers[str(label.tracker_id)]
        await until(lambda: tracker.status == "delivered", seconds=20)
        await pass_time(b, DAY - timedelta(hours=1))
        assert (await on_hand(b))["CHEF-8", "reno"] == (14, 1)
        await pass_time(b, timedelta(hours=1))
    found = await b.store.load(MERCHANT, "shop:kk-1001")
    assert found is not None
    assert found.stage is Stage.DELIVERED
    assert (await on_hand(b))["CHEF-8", "reno"] == (13, 0)
    assert await b.store.read(jobs_of_kind, MERCHANT, "tracking") == []
    await b.store.close()
