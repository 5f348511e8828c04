"""What is not ready yet for going live: each finding says what, where and what to do (S37)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.config.merchant import MerchantConfig
from core.config.problems import Problem
from core.domain.link_conflicts import conflicts
from core.domain.link_proposals import folded
from core.engine.hub import Hub
from core.services.health import ConnectionHealth, health_of
from core.services.link_review import alike
from core.store.channel_locations import channel_places
from core.store.configs import list_versions
from core.store.drafts import draft_of
from core.store.names import not_linked, skus_beginning
from core.store.privacy_requests import open_requests
from core.store.products import first_skus
from core.store.rotation import behind
from core.store.tables.stock import NO_CUSTOMS, NOT_STOCKED, UNMEASURED

_NAMED = 20
"""So many names of one finding are given; the rest is counted."""
_MOST_COUNTED = 10_000
"""Of more than this so many are counted."""
_SMALL = 1000
"""A catalogue of so many products is looked at whole."""
_ABROAD = ("international", "worldwide", "abroad", "export")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that will stop an order or a level: what it is, where, and what to do."""

    kind: str
    what: str
    where: tuple[str, ...]
    """SKUs, listings, connections or locations; at most twenty, ``count`` says how many there are, ten thousand at most."""
    count: int
    do: str


async def readiness_of(hub: Hub, merchant: str) -> tuple[Finding, ...]:
    """Return everything of a merchant that is not ready; nothing where all is."""
    return (
        *await _of_products(hub, merchant),
        *await _of_listings(hub, merchant),
        *await _of_places(hub, merchant),
        *await _of_config(hub, merchant),
        *await _of_file(hub, merchant),
        *await _of_draft(hub, merchant),
        *await _of_connections(hub, merchant),
        *await _of_requests(hub, merchant),
        *_finding(
            "old_keys",
            f"keys of the installation that still wrap stored keys, though {hub.store.keys.current.key_id} is the first",
            await hub.store.read(behind, hub.store.keys),
            "crossdock db rotate-keys",
        ),
    )


async def _of_file(hub: Hub, merchant: str) -> Iterator[Finding]:
    """Yield that serve would start with another file than the one in force: whoever reads it is misled."""
    file, newest = hub.files.get(merchant), await hub.store.read(list_versions, merchant, limit=1)
    other = file is not None and newest and newest[0].digest != file.digest
    return _finding(
        "file_not_in_force",
        "crossdock.yaml, as it lies there, is not what is in force",
        (file.file,) if file is not None and other else (),
        f"crossdock config show {newest[0].number if newest else 0} prints what is in force; crossdock apply puts this"
        " file in force",
    )


async def _of_draft(hub: Hub, merchant: str) -> Iterator[Finding]:
    """Yield that a draft has been tried for as long as it was to be."""
    draft = await hub.store.read(draft_of, merchant)
    over = draft is not None and draft.until <= hub.clock.now()
    return _finding(
        "draft_tried",
        "a draft of crossdock.yaml was tried for as long as it was to be",
        (draft.digest[:12],) if draft is not None and over else (),
        "crossdock shadow says what it would have done; crossdock promote, or crossdock shadow stop",
    )


async def _of_requests(hub: Hub, merchant: str) -> Iterator[Finding]:
    """Yield the requests of privacy law that have not ended: one that fails for ever is no success (R68)."""
    found = await hub.store.read(open_requests, merchant)
    return _finding(
        "privacy_requests",
        "requests of privacy law that have not ended; each must within 30 days",
        (f"{one.connection} {one.event_id} by {one.answer_by:%Y-%m-%d}" for one in found),
        "answer a shopper's question: the page Privacy, or crossdock privacy answer",
    )


def _finding(kind: str, what: str, where: Iterable[str], do: str) -> Iterator[Finding]:
    names = tuple(where)
    if names:
        yield Finding(kind=kind, what=what, where=names[:_NAMED], count=len(names), do=do)


async def _of_products(hub: Hub, merchant: str) -> list[Finding]:
    async def lacking(kind: str, what: str, which: str, do: str) -> Iterator[Finding]:
        names = await hub.store.read(first_skus, merchant, which, limit=_MOST_COUNTED)
        return _finding(kind, what, names, do)

    some = await hub.store.read(first_skus, merchant, limit=1)
    found = [
        *_finding(
            "no_products",
            "no product is known",
            () if some else ("products",),
            "add them: PUT /api/v1/products, or crossdock stock product",
        ),
        *await lacking(
            "weight_or_size",
            "products without weight or size: no box can be chosen, no label bought",
            UNMEASURED,
            "add grams and millimetres: PUT /api/v1/products, or crossdock stock product",
        ),
    ]
    if ships_abroad(hub.config(merchant)):
        found += await lacking(
            "customs",
            "products without tariff code (HS) or country of origin: orders abroad are held",
            NO_CUSTOMS,
            "add hs and origin: PUT /api/v1/products",
        )
    return found + list(
        await lacking(
            "never_counted",
            "products that were never counted: they are never written to a channel",
            NOT_STOCKED,
            "count them: POST /api/v1/stock/count, or crossdock stock count",
        )
    )


def ships_abroad(config: MerchantConfig) -> bool:
    """Return whether the file speaks of shipping abroad: locations in two countries, or a method that says so."""
    countries = {location.country for location in config.locations.values()}
    named = any(word in method.casefold() for method in config.promises for word in _ABROAD)
    return len(countries) > 1 or named


async def _of_listings(hub: Hub, merchant: str) -> list[Finding]:
    names = list(hub.connections(merchant).ports)
    opened: list[str] = []
    for connection in names:
        left = _MOST_COUNTED - len(opened)
        found = await hub.store.read(not_linked, merchant, connection, limit=left, ours=True) if left else []
        opened += [f"{connection}/{listing}" for listing in found]
    products, listings = await alike(hub, merchant)
    same: dict[str, list[str]] = {}
    for product in products:
        same.setdefault(folded(product.sku), []).append(product.sku)
    of_channels = [c for c in conflicts((), listings) if c.kind in {"same_sku", "sku_variants"}]
    return [
        *_finding(
            "unlinked",
            "listings that nobody linked: they are never written, and their orders are held",
            opened,
            "accept a proposal on the page of links, or crossdock stock link",
        ),
        *_finding(
            "duplicate_products",
            "products whose SKUs differ by case, blanks or punctuation only",
            (" and ".join(skus) for skus in same.values() if len(skus) > 1),
            "keep one of them, or give them SKUs that people can tell apart",
        ),
        *_finding(
            "duplicate_listings",
            "listings of one channel whose SKUs are the same but for case, blanks or punctuation",
            (f"{c.connection}/{' and '.join(c.names)}" for c in of_channels),
            "give each its own SKU at the channel",
        ),
    ]


async def _of_places(hub: Hub, merchant: str) -> list[Finding]:
    connections = hub.connections(merchant)
    strange: list[str] = []
    missing: list[str] = []
    for name, ports in connections.ports.items():
        if ports.levels is None:
            continue
        places = await hub.store.read(channel_places, merchant, name)
        strange += [f"{name}/{called}" for called, ours in places.values() if ours is None]
        matched = {ours for _, ours in places.values()}
        missing += [
            f"{name}/{location}"
            for location in connections.config.locations
            if places and location not in matched
        ]
    do = "give the location in crossdock.yaml (locations.<name>.name) the name that it has at the channel"
    return [
        *_finding(
            "channel_location", "locations of a channel that are none of ours: not written", strange, do
        ),
        *_finding("our_location", "locations of ours that a channel does not know by name", missing, do),
    ]


async def _of_config(hub: Hub, merchant: str) -> list[Finding]:
    connections = hub.connections(merchant)
    config = connections.config
    idle = await idle_patterns(hub, merchant)
    mailing = [name for name, connection in config.connections.items() if connection.mails == "hub"]
    return [
        *_finding(
            "boxes",
            "no box is named: nothing can be packed",
            () if config.boxes else (config.file,),
            "name the boxes in crossdock.yaml, under boxes",
        ),
        *_finding(
            "stock_pattern",
            "stock rules that name no product: they do nothing",
            (str(problem) for problem in idle),
            "write the SKU as the product has it, with * for any text, or take the rule out",
        ),
        *_finding(
            "mailer",
            "connections whose shoppers the hub is to mail, and no connection sends mail",
            mailing if connections.mailer is None else (),
            "add a connection that uses email to crossdock.yaml, or set mails to channel",
        ),
    ]


async def idle_patterns(hub: Hub, merchant: str) -> tuple[Problem, ...]:
    """Return the stock rules that name no product; of a large catalogue those that name none like what they say."""
    config = hub.config(merchant)
    skus = await hub.store.read(first_skus, merchant, limit=_SMALL + 1)
    if len(skus) > _SMALL:
        begins = [folded(rule.pattern.partition("*")[0]) for rule in config.stock]
        near = await hub.store.read(skus_beginning, merchant, begins, limit=_SMALL)
        skus = sorted({*near, *skus})
    return config.idle_patterns(skus)


async def _of_connections(hub: Hub, merchant: str) -> list[Finding]:
    health = await health_of(hub, merchant)
    return [
        *_of_tests(health),
        *_finding(
            "authorization",
            "connections that are not authorized",
            (c.connection for c in health if c.state in {"not connected", "reconnect"}),
            "authorize them on the page of connections, or crossdock connect",
        ),
        *_finding(
            "failing",
            "connections of which something is paused, or whose last call failed",
            (c.connection for c in health if c.state == "failing"),
            "read the trouble on the page of connections",
        ),
        *_finding(
            "paused",
            "kinds of work that a connection does for nobody just now",
            (f"{c.connection} {p.action} ({p.waiting} waiting)" for c in health for p in c.paused),
            "it goes on by itself; after you mended it, crossdock connections resume CONNECTION tries at once",
        ),
    ]


def _of_tests(health: Sequence[ConnectionHealth]) -> Iterator[Finding]:
    """Yield each connection whose vendor does not take us, does not answer, or was not asked yet: one by one, with what it said."""
    kinds = {"refused": "credentials", "silent": "silent"}
    for c in health:
        if c.state in kinds:
            yield Finding(
                kind=kinds[c.state], what=f"{c.connection}: {c.said}", where=(c.connection,), count=1, do=c.do
            )
    yield from _finding(
        "untested",
        "connections that were not tested yet: nobody knows whether they work",
        (c.connection for c in health if c.state == "untested" and c.can_be_tested),
        "start the hub, or test them: on the page of connections, or crossdock connections test NAME",
    )
