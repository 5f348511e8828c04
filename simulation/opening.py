"""A hub whose merchant went live with everything: counted, linked, connected and accepted."""

from core.config.loader import read
from core.engine.hub import Connections, Hub
from core.model.products import Product
from core.services.connecting import begin
from core.store.links import link_all
from core.store.products import save_products
from core.store.stock import count_stock
from core.store.store import Store
from core.store.switches import go_live, set_switch
from simulation.scene import Scene

ACTOR = "person:seed"


async def open_hub(scene: Scene, store: Store, *, owner: str) -> Hub:
    """Return a hub of the scene's one merchant on an empty store."""
    known = {connector.key: connector.settings for connector in scene.connectors.values()}
    config = read(scene.config, file="crossdock.yaml", environ={}, known=known)
    connections = Connections(config=config, ports=scene.ports, connectors=scene.connectors)
    hub = Hub(store=store, clock=scene.clock, owner=owner, merchants={config.merchant: connections})
    await _count(scene, hub, config.merchant)
    await _link(scene, hub, config.merchant)
    for connection, action in scene.accepts:
        await store.write(
            set_switch, config.merchant, connection, action, on=True, actor=ACTOR, now=scene.clock.now()
        )
    return hub


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
