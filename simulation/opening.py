"""A hub whose merchant went live with everything: counted, linked, connected and accepted."""

from core.config.loader import read
from core.connecting import begin
from core.hub import Desk, Hub
from core.store.keeping import Product
from core.store.store import Store
from simulation.scene import Scene

ACTOR = "person:seed"


async def open_hub(scene: Scene, store: Store, *, owner: str) -> Hub:
    """Return a hub of the scene's one merchant on an empty store."""
    known = {connector.key: connector.settings for connector in scene.connectors.values()}
    house = read(scene.config, file="crossdock.yaml", environ={}, known=known)
    desk = Desk(house=house, ports=scene.ports, connectors=scene.connectors)
    hub = Hub(store=store, clock=scene.clock, owner=owner, desks={house.merchant: desk})
    await _count(scene, hub, house.merchant)
    await _link(scene, hub, house.merchant)
    for connection, action in scene.accepts:
        await store.set_switch(
            house.merchant, connection, action, on=True, actor=ACTOR, now=scene.clock.now()
        )
    return hub


async def _count(scene: Scene, hub: Hub, merchant: str) -> None:
    products = [
        Product(sku=sku, title=sku, weight_g=grams, size_mm=size, hs="0000.00", origin="US")
        for sku, (grams, size, _) in scene.goods.items()
    ]
    await hub.store.save_products(merchant, products)
    counted = [(sku, place, units) for sku, (_, _, at) in scene.goods.items() for place, units in at.items()]
    await hub.store.count(merchant, counted, actor=ACTOR, now=hub.clock.now())


async def _link(scene: Scene, hub: Hub, merchant: str) -> None:
    now = hub.clock.now()
    for connection, links in scene.links.items():
        await hub.store.go_live(merchant, connection, actor=ACTOR, now=now)
        await begin(hub, merchant, connection, "http://hub.invalid")
        for listing, units in links.items():
            await hub.store.link(merchant, connection, listing, units, now=now)
