"""What rules that are about no order may look at: a SKU, a connection, or the orders, as they stand now."""

from typing import Any

from core.domain.state import Stage
from core.engine.hub import Hub
from core.model.triggers import Subject
from core.store.connections_told import look_at_connection
from core.store.orders import counts_by_stage
from core.store.parked import count_parked
from core.store.stock_told import units_of_skus

_COUNTED = (Stage.AWAITING_PAYMENT, Stage.ON_HOLD, Stage.READY, Stage.LABELLED, Stage.SHIPPED)


async def values_of(hub: Hub, merchant: str, about: Subject, subject: str) -> dict[str, Any]:
    """Return what a rule about a subject may look at."""
    if about is Subject.STOCK:
        units = await hub.store.read(units_of_skus, merchant, [subject])
        return {"stock": stock_values(hub, merchant, subject, *units.get(subject, (0, 0)))}
    if about is Subject.CONNECTION:
        look = await hub.store.read(look_at_connection, merchant, subject, hub.clock.now())
        return {"connection": connection_values(hub, merchant, subject, look.reason)}
    counts = await hub.store.read(counts_by_stage, merchant)
    parked = await hub.store.read(count_parked, merchant)
    by_stage = {stage.value: counts.get(stage, 0) for stage in _COUNTED}
    return {"orders": {**by_stage, "needs_attention": parked.orders}}


def stock_values(hub: Hub, merchant: str, sku: str, available: int, on_hand: int) -> dict[str, Any]:
    """Return what rules may look at of a SKU."""
    low = hub.config(merchant).low(sku)
    return {"sku": sku, "available": available, "on_hand": on_hand, "low": low}


def connection_values(hub: Hub, merchant: str, name: str, reason: str) -> dict[str, Any]:
    """Return what rules may look at of a connection."""
    config = hub.config(merchant).connections.get(name)
    return {"name": name, "use": "" if config is None else config.use, "reason": reason}
