"""What a day is made of: an order's facts, and what stood around it. No personal data comes in, so none can go out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from core.config.merchant import MerchantConfig
from core.domain.order_day import made
from core.domain.shipping.routing import Zones
from core.domain.state import OrderState
from core.model.address import Region
from core.model.facts import Changed, Fact, Held, Quoted, Received
from core.model.holds import Hold
from core.model.order import ChannelState, Order
from core.model.products import Product

Json = dict[str, Any]
FIXED = {"shopify": "shop", "amazon": "amz", "stripe": "pay", "easypost": "post", "email": "mail"}
"""What the connections of a day are called, by connector; no day has others."""


@dataclass(frozen=True, kw_only=True)
class History:
    """An order's facts, and what stood around it."""

    order_id: str
    facts: tuple[Fact, ...]
    state: OrderState
    config: MerchantConfig
    file: Mapping[str, Any]
    """What crossdock.yaml says, as it is written."""
    zones: Zones
    places: Mapping[str, str | None]
    """Our location by the channel's own location id."""
    accepted: frozenset[tuple[str, str]]
    """(connection, action) of what may run."""
    lost: Mapping[str, datetime]
    """Connections that wait for a person to mend them, and since when."""
    products: Mapping[str, Product]
    links: Mapping[str, Mapping[str, int]]
    """By listing: the units of each SKU in one of it."""
    listed_at: Mapping[str, tuple[str, ...]]
    """By listing: our locations at which the channel shows it."""
    available: Mapping[tuple[str, str], int]
    """(SKU, location) -> units that were free just before the order took the first."""
    rules: frozenset[str]
    """Ids of the rules that were asked about the order."""
    has_mail: bool
    """Whether the shopper gave a mail address."""
    now: datetime
    not_shown: list[str] = field(default_factory=list)
    """What the format has no words for, in words; filled while the day is written."""

    @cached_property
    def orders(self) -> tuple[Order, ...]:
        """The order as its channel told it, each time."""
        return tuple(fact.order for fact in self.facts if isinstance(fact, Received | Changed))

    @cached_property
    def received(self) -> Received:
        """How it became known."""
        return next(fact for fact in self.facts if isinstance(fact, Received))

    @cached_property
    def told(self) -> Order:
        """Its first telling with amounts: a channel may show none while it waits for the payment."""
        whole = (o for o in self.orders if o.unreadable is None and o.state is not ChannelState.PENDING)
        return next(whole, self.orders[0])

    @cached_property
    def quotes(self) -> tuple[Quoted, ...]:
        """Every parcel that was rated, as often as it was."""
        return tuple(fact for fact in self.facts if isinstance(fact, Quoted))

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """The places it was to go to, each once."""
        found = [o.ship_to for o in self.orders if isinstance(o.ship_to, Region)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def connections(self) -> Mapping[str, str]:
        """What the connections that have to do with the order are called in the day."""
        own, known = self.orders[0].connection, self.config.connections
        gateways = [who for who in self.authorities.values() if who in known]
        wanted = [own, *gateways, *(name for name in known if self._serves(name))]
        names: dict[str, str] = {}
        for name in dict.fromkeys(wanted):
            use = self.config.connections[name].use
            if use in FIXED and FIXED[use] not in names.values():
                names[name] = FIXED[use]
        return names

    def _serves(self, connection: str) -> bool:
        return self.config.connections[connection].use in ("easypost", "email", "stripe")

    @cached_property
    def authorities(self) -> Mapping[str, str]:
        """Who is asked about a payment, by the gateway's name at the channel; ``*`` for all others."""
        told = self.config.connections[self.orders[0].connection].payments
        return {"*": told} if isinstance(told, str) else dict(told)

    @property
    def channel(self) -> str:
        """What the order's channel is called in the day: ``shop`` or ``amz``."""
        return self.connections[self.orders[0].connection]

    @property
    def number(self) -> str:
        """What the order is called in the day."""
        return "ORDER-1" if self.channel == "shop" else "111-0000001-0000001"

    @property
    def skus(self) -> tuple[str, ...]:
        """Every SKU that it needs, or that its listings are made of."""
        needed = (n.sku for f in self.facts if isinstance(f, Received | Changed) for n in f.needs)
        return tuple(dict.fromkeys([*needed, *(sku for of in self.links.values() for sku in of)]))

    @cached_property
    def sku_names(self) -> Mapping[str, str]:
        """What each SKU is called in the day."""
        return made.codes(self.skus, "SKU")

    @cached_property
    def box_names(self) -> Mapping[str, str]:
        """What each box is called in the day."""
        return made.codes([box.box_id for box in self.config.boxes], "BOX")

    @cached_property
    def listing_names(self) -> Mapping[str, str]:
        """What each listing is called in the day."""
        return made.codes(list(self.links), "LISTING")

    def units(self, of: Mapping[str, int]) -> Json:
        """Return units by SKU, as the day calls them."""
        return {self.sku_names[sku]: count for sku, count in of.items()}

    def held(self, reason: Hold) -> Iterator[Held]:
        """Yield how often it was held for a reason."""
        return (fact for fact in self.facts if isinstance(fact, Held) and fact.reason is reason)

    def miss(self, what: str) -> None:
        """Note what the day cannot show."""
        if what not in self.not_shown:
            self.not_shown.append(what)
