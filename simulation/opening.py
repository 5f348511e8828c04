"""Merchants who went live with everything: counted, linked, connected and accepted."""

import random
from collections.abc import Sequence

from core.config.loader import read
from core.engine.hub import Connections, Hub
from core.model.products import Product
from core.services.connecting import begin
from core.store.links import link_all
from core.store.products import save_products
from core.store.sealing import Keyring
from core.store.stock import count_stock
from core.store.store import Store
from core.store.switches import go_live, set_switch
from simulation.database import SharedDatabase
from simulation.loop import SeededLoop
from simulation.scene import Scene

ACTOR = "person:seed"


def connections_of(scene: Scene) -> Connections:
    """Return what the connections of a scene's merchant can do."""
    known = {connector.key: connector.settings for connector in scene.connectors.values()}
    config = read(scene.config, file="crossdock.yaml", environ={}, known=known)
    return Connections(config=config, ports=scene.ports, connectors=scene.connectors)


KEYS = Keyring.generate()
"""Of every run of this process: what was sealed in the opening is copied."""
_OPENED: dict[str, bytes] = {}


def opened(scenes: Sequence[Scene]) -> bytes:
    """Return a database in which every merchant went live: made once for scenes that begin alike, and copied."""
    alike = repr([(s.merchant, s.config, s.goods, s.links, s.accepts, s.begins) for s in scenes])
    if alike not in _OPENED:
        clock = scenes[0].clock
        loop, database = SeededLoop.on(clock, random.Random(0)), SharedDatabase()  # noqa: S311 - a seed
        merchants = {scene.merchant: connections_of(scene) for scene in scenes}
        store = Store(database, KEYS, batched=True)
        hub = Hub(store=store, clock=clock, owner="opening", merchants=merchants)
        loop.complete(open_merchants(scenes, hub))
        loop.close()
        _OPENED[alike] = database.as_bytes()
        database.dispose()
    return _OPENED[alike]


async def open_merchants(scenes: Sequence[Scene], hub: Hub) -> None:
    """Have every merchant of a hub go live on an empty store."""
    for scene in scenes:
        await _count(scene, hub, scene.merchant)
        await _link(scene, hub, scene.merchant)
        for connection, action in scene.accepts:
            await hub.store.write(
                set_switch,
                scene.merchant,
                connection,
                action,
                on=True,
                actor=ACTOR,
                now=scene.clock.now(),
            )


async def _count(scene: Scene, hub: Hub, merchant: str) -> None:
    products = [
        Product(sku=sku, title=sku, weight_g=grams, size_mm=size, hs="0000.00", origin="US")
        for sku, (grams, size, _) in scene.goods.items()
    ]
    await hub.store.write(save_products, merchant, products)
    counted = [(sku, place, units) for sku, (_, _, at) in scene.goods.items() for place, units in at.items()]
    await hub.store.write(count_stock, merchant, counted, actor=ACTOR, now=hub.clock.now())


async def _link(scene: Scene, hub: Hub, merchant: str) -> None:
    now = hub.clock.now()
    for connection, links in scene.links.items():
        await hub.store.write(go_live, merchant, connection, actor=ACTOR, now=now)
        await begin(hub, merchant, connection, "http://hub.invalid")
        for listing, units in links.items():
            await hub.store.write(link_all, merchant, {(connection, listing): units}, now=now)
