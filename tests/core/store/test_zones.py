"""The table of zones is replaced whole, in its order, each merchant's own; on both databases."""

import pytest
import sqlalchemy as sa

from core.domain.shipping.routing import Zones
from core.store.store import Store
from core.store.zones import save_zones, zones_of


async def test_a_table_is_replaced_whole_and_keeps_the_order_of_its_zones(store: Store) -> None:
    first: Zones = {
        "reno": {"near": ("US-OR", "US-NV"), "mid": (), "far": ("US",)},
        "easton": {"zzz": ("US-PA",), "aaa": ("US",)},
    }
    await store.write(save_zones, "kendra", first)
    await store.write(save_zones, "rival", {"reno": {"all": ("",)}})
    found = await store.read(zones_of, "kendra")
    assert found == first
    assert [list(of) for of in (found["reno"], found["easton"])] == [["near", "mid", "far"], ["zzz", "aaa"]]

    await store.write(save_zones, "kendra", {"reno": {"far": ("CA",)}})
    assert await store.read(zones_of, "kendra") == {"reno": {"far": ("CA",)}}
    await store.write(save_zones, "kendra", {})
    assert await store.read(zones_of, "kendra") == {}
    assert await store.read(zones_of, "rival") == {"reno": {"all": ("",)}}


async def test_a_table_that_cannot_be_stored_leaves_the_one_before(store: Store) -> None:
    await store.write(save_zones, "kendra", {"reno": {"near": ("US",)}})
    nobodys: dict[str, dict[str, tuple[str, ...]]] = {None: {"near": ("CA",)}}  # type: ignore[dict-item]
    with pytest.raises(sa.exc.IntegrityError):
        await store.write(save_zones, "kendra", nobodys)
    assert await store.read(zones_of, "kendra") == {"reno": {"near": ("US",)}}
