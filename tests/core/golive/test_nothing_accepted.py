"""A week in which nothing was accepted: orders come, are read and committed, and no vendor is written to."""

from datetime import timedelta

import pytest

from connectors.bogus.client import Effect
from core.jobs import poll
from simulation.run import simulate
from simulation.scene import Scene

WRITES = frozenset(
    {
        "set_levels",
        "quote",
        "buy",
        "void",
        "tell_shipped",
        "capture",
        "cancel_order",
        "send",
    }
)


@pytest.mark.req("R21", "R82", "R85")
def test_a_week_of_orders_makes_no_write_to_any_vendor(monkeypatch: pytest.MonkeyPatch) -> None:
    # A poll every five minutes of a week would only make the test slow.
    monkeypatch.setattr(poll, "POLL_EVERY", timedelta(hours=3))
    scene = Scene(11, 28, apart_s=21_600, accepts=())
    began = scene.clock.now()

    report = simulate(scene, seed=11)

    assert (scene.clock.now() - began).days >= 6
    assert report.orders == 28
    assert {operation for _, operation in scene.world.calls} & WRITES == set()
    assert [shop.writes for shop in scene.world.shops.values()] == [[], []]
    assert scene.world.mails == []
    ours = {Effect.LABEL, Effect.VOID, Effect.CAPTURE, Effect.TOLD, Effect.MAIL}
    assert {effect for effect, _ in scene.world.effects} & ours == set()
    assert set(report.stages) <= {"on_hold", "cancelled", "shipped_elsewhere"}
    assert scene.world.calls["shop", "read_levels"] > 0
