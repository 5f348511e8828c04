"""A scene to simulate: a merchant, its bogus vendors, and people who order, cancel and carry, all from one seed."""

import heapq
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

from connectors.bogus import CONNECTOR, ports_of
from connectors.bogus.carrier import scan
from connectors.bogus.client import Fault, Outage, World
from connectors.bogus.settings import BogusSettings
from core.clock import SteppedClock
from core.model.address import Address
from core.model.notification import Notification, NotificationKind
from core.model.order import ChannelState
from core.model.shipment import TrackingState
from core.model.stock import Listing, ListingKey
from core.ports import Connector, Ports
from simulation.faults import OF_CALLS, OF_READS, READS
from simulation.shoppers import Cart, Pay, cancel, place, ship_elsewhere

CONFIG = """
version: 1
merchant: seed
connections:
  shop: {use: bogus, with: {plays: shop}, payments: {bogus: pay, "*": channel}, mails: hub}
  market: {use: bogus, with: {plays: marketplace}}
  pay: {use: bogus, with: {plays: gateway}}
  post: {use: bogus, with: {plays: carrier}}
  mail: {use: bogus, with: {plays: mailer}}
locations:
  west: {name: West, street1: 1 Depot Way, city: Reno, state: NV, zip: "89502", country: US,
         timezone: America/Los_Angeles, cutoff: "15:00", labels: auto, grace: 5m, tell: label}
  east: {name: East, street1: 2 Canal Street, city: Easton, state: PA, zip: "18042", country: US,
         timezone: America/New_York, cutoff: "15:00", labels: auto, grace: 5m, tell: scan}
sla: {promise: {Standard: 9}}
stock:
  default: {buffer: {shop: 1, market: 2}}
boxes:
  - {id: SMALL, inner_mm: [200, 200, 100], tare_g: 50, max_g: 5000}
  - {id: LARGE, inner_mm: [600, 400, 400], tare_g: 400, max_g: 30000}
"""
_PLAYS = {"shop": "shop", "market": "marketplace", "pay": "gateway", "post": "carrier", "mail": "mailer"}
START = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
_FAULT_OF_CALLS = 0.03
_DROPPED, _LATE, _TWICE = 0.1, 0.2, 0.2
_CANCELLED, _ELSEWHERE = 0.12, 0.05
_SCARCE, _COMES_WITHIN_S = 0.25, 1500
_WORKED_ON = timedelta(minutes=20)
"""How long after the last order the scene lasts at least: labels are bought, and it fails still."""
_CANCELLED_WHEN_CROSSED = 0.6
_STOPPED = ("labels", "captures")
_SHOPPERS = (("Ann", "OR", "97205"), ("Ben", "NY", "10001"), ("Cal", "TX", "78701"), ("Dee", "CA", "94016"))


@dataclass(slots=True)
class Scene:
    """A day of ``size`` orders, whose every move follows from its seed."""

    seed: int
    size: int
    faults: frozenset[str] = frozenset()
    apart_s: int = 40
    """Seconds between two orders on average."""
    outages: tuple[Outage, ...] = ()
    """When whom nobody is answered; the scene lasts until they are over."""
    accepts: Sequence[tuple[str, str]] = (
        ("shop", "levels"),
        ("market", "levels"),
        ("shop", "captures"),
        ("post", "labels"),
        ("mail", "mails"),
    )
    """(connection, action) that the merchant accepts."""
    config: str = CONFIG
    """The merchant's crossdock.yaml."""
    clock: SteppedClock = field(default_factory=lambda: SteppedClock(START))
    merchant: str = "seed"
    rate: float = 1.0
    """How much more often than usual calls go wrong, come late or are crossed."""
    begins: datetime = field(init=False)
    world: World = field(init=False)
    connectors: Mapping[str, Connector] = field(init=False)
    """By connection."""
    ports: Mapping[str, Ports] = field(init=False)
    """By connection."""
    goods: Mapping[str, tuple[int, tuple[int, int, int], Mapping[str, int]]] = field(init=False)
    """SKU -> (grams, size in millimetres, units counted by location)."""
    links: Mapping[str, Mapping[str, Mapping[str, int]]] = field(init=False)
    """Connection -> listing -> units by SKU."""
    received: list[tuple[str, str, int]] = field(default_factory=list)
    """(SKU, location, units) that arrive at the warehouses now."""
    _chance: random.Random = field(init=False)
    _mishap: random.Random = field(init=False)
    """Apart from what people do: with fewer faults, or fewer orders, the others are as they were."""
    _plans: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _planned: "count[int]" = field(default_factory=count)
    wishes: list[tuple[str, str, bool]] = field(default_factory=list)
    """(connection, action, on): switches that the merchant wants turned."""
    _late: list[tuple[datetime, str, Notification]] = field(default_factory=list)
    _followed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._chance = self._seeded("people")
        self._mishap = self._seeded("mishaps")
        self.begins = self.clock.now()
        self.config = self.config.replace("merchant: seed", f"merchant: {self.merchant}")
        self.world = World(clock=self.clock, faults=self._fault, outages=self.outages)
        self.connectors = dict.fromkeys(_PLAYS, CONNECTOR)
        self.ports = {
            name: ports_of(self.world, name, BogusSettings.model_validate({"plays": plays}))
            for name, plays in _PLAYS.items()
        }
        scarce = self._seeded("goods").random() < _SCARCE
        self._offer(units=2 if scarce else max(6, 2 * self.size), scarce=scarce)
        for outage in self.outages:
            self._plan(outage.until, lambda: None)
        at = START
        for number in range(1, self.size + 1):
            at += timedelta(seconds=self._chance.randint(0, 2 if scarce else 2 * self.apart_s))
            self._plan(at, partial(self._shop_for, number))
        self._plan(at + _WORKED_ON, lambda: None)

    def _seeded(self, of: str) -> random.Random:
        return random.Random(f"{of} {self.seed} {self.merchant}")  # noqa: S311 - a seed

    def _offer(self, units: int, *, scarce: bool) -> None:
        """Put goods into the warehouses and listings into both channels."""
        self.goods = {
            "MUG": (300, (100, 100, 100), {"west": units, "east": units // 2}),
            "POT": (1800, (240, 200, 180), {"west": units // 2, "east": units}),
            "LID": (400, (220, 220, 30), {"west": units, "east": units}),
        }
        for sku, (_, _, places) in self.goods.items() if scarce else ():
            # All order at once, before the channels hear that it is not there: some wait until more comes.
            more = [(sku, place, 2 * self.size) for place in places]
            at = self.begins + timedelta(seconds=self._chance.randint(0, _COMES_WITHIN_S))
            self._plan(at, partial(self.received.extend, more))
        self.links = {
            "shop": {"MUG": {"MUG": 1}, "POT": {"POT": 1}, "POT-SET": {"POT": 1, "LID": 1}},
            "market": {"M-MUG-2": {"MUG": 2}, "M-POT": {"POT": 1}},
        }
        self.world.shop("shop").locations = {"loc-west": "West", "loc-east": "East"}
        for connection, listings in self.links.items():
            for listing in listings:
                self._list(connection, listing)

    def _list(self, connection: str, listing: str) -> None:
        shop = self.world.shop(connection)
        shop.listings[listing] = Listing(
            listing=listing, sku=listing, title=listing, locations=tuple(shop.locations)
        )
        for location in shop.locations or (None,):
            shop.levels[ListingKey(listing=listing, location=location)] = max(3, self.size // 2)

    def _plan(self, at: datetime, what: Callable[[], None]) -> None:
        heapq.heappush(self._plans, (at, next(self._planned), what))

    def next_at(self) -> datetime | None:
        """Return when something next happens outside by itself."""
        times = [at for at, _, _ in self._plans[:1]] + [at for at, _, _ in self._late]
        return min([*times, *(at for at, _ in self.world.later)], default=None)

    def act(self) -> None:
        """Let people and carriers do what they do by now."""
        self.world.catch_up()
        while self._plans and self._plans[0][0] <= self.clock.now():
            heapq.heappop(self._plans)[2]()
        self._follow_parcels()

    def _shop_for(self, number: int) -> None:
        """Order something that is shown as there; some cancel later, some parcels another tool ships."""
        chance = self._seeded(f"order {number}")
        connection = chance.choice(("shop", "shop", "market"))
        shop = self.world.shop(connection)
        shown = sorted({key.listing for key, units in shop.levels.items() if units > 0})
        if not shown:
            return
        listing = chance.choice(shown)
        most = max(units for key, units in shop.levels.items() if key.listing == listing)
        order_id = place(
            self.world, connection, self._cart(chance, number, connection, (listing, min(2, most)))
        )
        fate = chance.random()
        later = self.clock.now() + timedelta(seconds=chance.randint(0, 900))
        if fate < _CANCELLED:
            self._plan(later, partial(cancel, self.world, connection, order_id))
        elif fate < _CANCELLED + _ELSEWHERE:
            self._plan(later, partial(self._ship_elsewhere, connection, order_id))

    def _cart(self, chance: random.Random, number: int, connection: str, listed: tuple[str, int]) -> Cart:
        name, state, code = chance.choice(_SHOPPERS)
        listing, most = listed
        pay: Pay = chance.choice(("now", "later")) if connection == "shop" else "marketplace"
        return Cart(
            number=f"{connection[0].upper()}-{number}",
            lines=((listing, chance.randint(1, most), 2500),),
            ship_to=Address(
                name=name, street1=f"{number} Way", city="City", state=state, zip=code, country="US"
            ),
            email=f"{name.lower()}@example.test" if connection == "shop" else None,
            pay=pay,
        )

    def cross(self, order_id: str) -> None:
        """Let something happen to an order while an answer about it is on its way: only its notification is quicker."""
        connection, _, external_id = order_id.partition(":")
        if self._mishap.random() < _CANCELLED_WHEN_CROSSED:
            cancel(self.world, connection, external_id)
            return
        stopped = self._mishap.choice([wish for wish in self.accepts if wish[1] in _STOPPED])
        self.wishes.append((*stopped, False))
        later = self.clock.now() + timedelta(seconds=self._mishap.randint(60, 600))
        self._plan(later, lambda: self.wishes.append((*stopped, True)))

    def _ship_elsewhere(self, connection: str, order_id: str) -> None:
        order = self.world.shop(connection).orders[order_id].order
        if order.state is ChannelState.OPEN and not order.shipped:
            ship_elsewhere(self.world, connection, order_id, f"OTHER-{order_id}")

    def _follow_parcels(self) -> None:
        """Have carriers fetch every labelled parcel in a while, and deliver it."""
        for shipment_id, shipment in self.world.shipments.items():
            if shipment.label is None or shipment_id in self._followed:
                continue
            self._followed.add(shipment_id)
            fetched = self.clock.now() + timedelta(minutes=self._chance.randint(10, 30))
            for state, wait_min in ((TrackingState.IN_TRANSIT, 0), (TrackingState.DELIVERED, 20)):
                self._plan(fetched + timedelta(minutes=wait_min), partial(self._scan, shipment_id, state))

    def _scan(self, shipment_id: str, state: TrackingState) -> None:
        if not self.world.shipments[shipment_id].voided:
            scan(self.world, "post", shipment_id, state)

    def take_notifications(self) -> Sequence[tuple[str, Notification]]:
        """Return (connection, notification) that reach the hub now: some late, some twice, some never."""
        now = self.clock.now()
        arrived = [(name, notification) for at, name, notification in self._late if at <= now]
        self._late = [(at, name, notification) for at, name, notification in self._late if at > now]
        fresh, self.world.notifications = self.world.notifications, []
        for name, notification in fresh:
            arrived += [(name, notification)] * self._arrivals(name, notification)
        self._mishap.shuffle(arrived)
        return arrived

    def _arrivals(self, name: str, notification: Notification) -> int:
        """Return how often a notification reaches the hub now."""
        fate = self._mishap.random()
        # A carrier that tells nothing is asked a day later, long after this scene ends: it tells late at worst.
        if (
            "dropped" in self.faults
            and fate < _DROPPED
            and notification.kind is not NotificationKind.TRACKING
        ):
            return 0
        if "late" in self.faults and fate > 1 - _LATE:
            self._late.append(
                (self.clock.now() + timedelta(seconds=self._mishap.randint(1, 90)), name, notification)
            )
            return 0
        return 2 if "twice" in self.faults and 0.5 - _TWICE / 2 < fate < 0.5 + _TWICE / 2 else 1

    def _fault(self, operation: str) -> Fault | None:
        if not self.faults or self._mishap.random() > _FAULT_OF_CALLS * self.rate:
            return None
        fault = self._mishap.choice(OF_READS if operation in READS else OF_CALLS)
        return fault if fault.value in self.faults else None
