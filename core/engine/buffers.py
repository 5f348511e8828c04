"""How many units of a SKU a connection never shows: what a rule has set last, else what crossdock.yaml says."""

from collections.abc import Callable, Collection

from core.engine.hub import Hub
from core.store.buffers import buffers_at


async def buffer_at(hub: Hub, merchant: str, connection: str, skus: Collection[str]) -> Callable[[str], int]:
    """Return what tells the units of each of these SKUs that a connection never shows."""
    config = hub.config(merchant)
    said = await hub.store.read(buffers_at, merchant, connection, skus)
    return lambda sku: said[sku] if sku in said else config.buffer(sku, connection)
