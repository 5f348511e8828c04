"""What this process knows of merchants' settings, products and links: read once, and true as long as a revision stands.

Whoever claims an order or a job is told the revision of its merchant's settings in the same transaction; an intent is
committed only while that stands. So a stop switch holds before the next effect, and nothing is read to know it.
"""

from collections.abc import Collection, Mapping
from typing import TypeVar

from core.engine.following import follow_config
from core.engine.hub import Hub
from core.engine.pauses import learn
from core.engine.snapshot import Snapshot
from core.model.products import Product
from core.store.links import links_of_listings
from core.store.products import products_of
from core.store.revisions import revisions_of
from core.store.settings import Settings, read_settings

K = TypeVar("K")
V = TypeVar("V")

_MOST_KEPT = 20_000
"""So many products, or links, of a merchant are kept in memory."""


async def settings_at(hub: Hub, merchant: str, revision: int) -> Settings:
    """Return a merchant's settings, as of a revision that was seen or a later one."""
    kept = hub.snapshots.of.get(merchant)
    if kept is not None and kept.settings.revision >= revision:
        return kept.settings
    async with hub.snapshots.reading[merchant]:
        kept = hub.snapshots.of.get(merchant)
        if kept is not None and kept.settings.revision >= revision:
            return kept.settings
        settings = await hub.store.read(read_settings, merchant, hub.clock.now())
        await follow_config(hub, merchant, settings.digest)
        hub.snapshots.of[merchant] = Snapshot(settings)
        learn(hub, merchant, settings.pauses)
    return settings


async def tick_settings(hub: Hub) -> None:
    """See whether anything changed for a merchant that nothing runs for just now: another file may be in force."""
    for merchant, revision in (await hub.store.read(revisions_of, tuple(hub.merchants))).items():
        await settings_at(hub, merchant, revision)


async def products_at(hub: Hub, merchant: str, skus: Collection[str], revision: int) -> dict[str, Product]:
    """Return the products of these SKUs, by SKU, as of a revision or later; those that nobody described are left out."""
    await settings_at(hub, merchant, revision)
    snapshot = hub.snapshots.of[merchant]
    products = {sku: snapshot.products[sku] for sku in skus if sku in snapshot.products}
    missing = sorted(set(skus) - products.keys())
    if missing:
        found = await hub.store.read(products_of, merchant, missing)
        products |= {sku: found.get(sku) for sku in missing}
        _keep(snapshot.products, products)
    return {sku: product for sku, product in products.items() if product is not None}


async def links_at(
    hub: Hub, merchant: str, connection: str, listings: Collection[str], revision: int
) -> dict[str, Mapping[str, int]]:
    """Return the units by SKU in one unit of each of these listings that is linked, as of a revision or later."""
    await settings_at(hub, merchant, revision)
    snapshot = hub.snapshots.of[merchant]
    kept = snapshot.links
    links = {name: kept[connection, name] for name in listings if (connection, name) in kept}
    missing = sorted(set(listings) - links.keys())
    if missing:
        found = await hub.store.read(links_of_listings, merchant, connection, missing)
        links |= {name: found.get(name, {}) for name in missing}
        _keep(kept, {(connection, name): made_of for name, made_of in links.items()})
    return {name: made_of for name, made_of in links.items() if made_of}


def _keep(kept: dict[K, V], more: Mapping[K, V]) -> None:
    if len(kept) + len(more) > _MOST_KEPT:
        kept.clear()
    kept.update(more)
