"""A scene to simulate: a house, its bogus vendors, and people who order, cancel and carry, all from one seed."""

import heapq
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

from connectors.bogus import CONNECTOR, ports_of
from connectors.bogus.carrier import scan
from connectors.bogus.client import Fault, World
from connectors.bogus.settings import BogusSettings
from connectors.bogus.shoppers import Pay, Wish, cancel, place, ship_elsewhere
from core.clock import SteppedClock
from core.model.address import Address
from core.model.order import ChannelState
from core.model.shipment import TrackingState
from core.model.stock import Listing, ListingKey
from core.ports import Connector, Notification, NotificationKind, Ports

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
_START = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
_APART_S = 40
_FAULT_OF_CALLS = 0.03
_READS = frozenset(
    {
        "fetch_order",
        "changed_orders",
        "list_listings",
        "list_locations",
        "read_levels",
        "fetch_payment",
        "find_label",
        "fetch_file",
        "fetch_tracking",
    }
)
_OF_READS = (Fault.BEFORE, Fault.THROTTLED, Fault.STALE)
_OF_CALLS = (Fault.BEFORE, Fault.THROTTLED, Fault.LOST, Fault.REPLY_LOST, Fault.DELAYED)
NOTIFICATIONS = ("dropped", "twice", "late")
"""What may go wrong with a doorbell."""
_SHOPPERS = (("Ann", "OR", "97205"), ("Ben", "NY", "10001"), ("Cal", "TX", "78701"), ("Dee", "CA", "94016"))


def faults_named(text: str) -> frozenset[str]:
    """Return the faults of a comma-separated list; ``all`` and ``none`` stand for themselves.

    Raises:
        ValueError: a name that is no fault.
    """
    known = frozenset({*(fault.value for fault in Fault), *NOTIFICATIONS})
    if text in ("all", "none"):
        return known if text == "all" else frozenset()
    named = frozenset(part.strip() for part in text.split(","))
    if named - known:
        raise ValueError(
            f"no such fault: {', '.join(sorted(named - known))}; there are {', '.join(sorted(known))}"
        )
    return named


@dataclass(slots=True)
class Scene:
    """A day of ``size`` orders; see simulation/scene.py for what a simulation asks of it."""

    seed: int
    size: int
    faults: frozenset[str] = frozenset()
    apart_s: int = _APART_S
    """Seconds between two orders on average."""
    clock: SteppedClock = field(init=False)
    world: World = field(init=False)
    config: str = CONFIG
    connectors: Mapping[str, Connector] = field(init=False)
    ports: Mapping[str, Ports] = field(init=False)
    goods: Mapping[str, tuple[int, tuple[int, int, int], Mapping[str, int]]] = field(init=False)
    links: Mapping[str, Mapping[str, Mapping[str, int]]] = field(init=False)
    accepts: Sequence[tuple[str, str]] = (
        ("shop", "levels"),
        ("market", "levels"),
        ("shop", "captures"),
        ("post", "labels"),
        ("mail", "mails"),
    )
    _chance: random.Random = field(init=False)
    _agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _turn: "count[int]" = field(default_factory=count)
    _late: list[tuple[datetime, str, Notification]] = field(default_factory=list)
    _followed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._chance = random.Random(f"scene {self.seed}")  # noqa: S311 - a seed
        self.clock = SteppedClock(_START)
        self.world = World(clock=self.clock, faults=self._fault)
        self.connectors = dict.fromkeys(_PLAYS, CONNECTOR)
        self.ports = {
            name: ports_of(self.world, name, BogusSettings.model_validate({"plays": plays}))
            for name, plays in _PLAYS.items()
        }
        units = max(6, 2 * self.size)
        self.goods = {
            "MUG": (300, (100, 100, 100), {"west": units, "east": units // 2}),
            "POT": (1800, (240, 200, 180), {"west": units // 2, "east": units}),
            "LID": (400, (220, 220, 30), {"west": units, "east": units}),
        }
        self.links = {
            "shop": {"MUG": {"MUG": 1}, "POT": {"POT": 1}, "POT-SET": {"POT": 1, "LID": 1}},
            "market": {"M-MUG-2": {"MUG": 2}, "M-POT": {"POT": 1}},
        }
        self._offer()
        at = _START
        for number in range(1, self.size + 1):
            at += timedelta(seconds=self._chance.randint(0, 2 * self.apart_s))
            self._plan(at, partial(self._shop_for, number))

    def _offer(self) -> None:
        shop, market = self.world.shop("shop"), self.world.shop("market")
        shop.locations = {"loc-west": "West", "loc-east": "East"}
        market.marketplace = True
        for listing in self.links["shop"]:
            shop.listings[listing] = Listing(
                listing=listing, sku=listing, title=listing, locations=tuple(shop.locations)
            )
            for place_id in shop.locations:
                shop.levels[ListingKey(listing=listing, location=place_id)] = max(3, self.size // 2)
        for listing in self.links["market"]:
            market.listings[listing] = Listing(listing=listing, sku=listing, title=listing)
            market.levels[ListingKey(listing=listing)] = max(3, self.size // 2)

    def _plan(self, at: datetime, what: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._turn), what))

    def next_at(self) -> datetime | None:
        """Return when somebody next does something, or a late doorbell rings."""
        times = [at for at, _, _ in self._agenda[:1]] + [at for at, _, _ in self._late]
        return min([*times, *(at for at, _ in self.world.later)], default=None)

    def act(self) -> None:
        """Let people and carriers do what they do by now."""
        self.world.catch_up()
        while self._agenda and self._agenda[0][0] <= self.clock.now():
            heapq.heappop(self._agenda)[2]()
        self._follow_parcels()

    def _shop_for(self, number: int) -> None:
        """Order something that is shown as there; some cancel later, some parcels another tool ships."""
        connection = self._chance.choice(("shop", "shop", "market"))
        shop = self.world.shop(connection)
        shown = sorted({key.listing for key, units in shop.levels.items() if units > 0})
        if not shown:
            return
        listing = self._chance.choice(shown)
        most = max(units for key, units in shop.levels.items() if key.listing == listing)
        name, state, code = self._chance.choice(_SHOPPERS)
        pay: Pay = self._chance.choice(("now", "later")) if connection == "shop" else "marketplace"
        wish = Wish(
            number=f"{connection[0].upper()}-{number}",
            lines=((listing, self._chance.randint(1, min(2, most)), 2500),),
            ship_to=Address(
                name=name, street1=f"{number} Way", city="City", state=state, zip=code, country="US"
            ),
            email=f"{name.lower()}@example.test" if connection == "shop" else None,
            pay=pay,
        )
        order_id = place(self.world, connection, wish)
        fate = self._chance.random()
        later = self.clock.now() + timedelta(seconds=self._chance.randint(0, 900))
        if fate < 0.12:  # noqa: PLR2004 - about one in eight
            self._plan(later, partial(cancel, self.world, connection, order_id))
        elif fate < 0.17:  # noqa: PLR2004 - one in twenty
            self._plan(later, partial(self._elsewhere, connection, order_id))

    def _elsewhere(self, connection: str, order_id: str) -> None:
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
        """Return the doorbells that reach the hub now."""
        now = self.clock.now()
        requests = [(name, bell) for at, name, bell in self._late if at <= now]
        self._late = [(at, name, bell) for at, name, bell in self._late if at > now]
        fresh, self.world.notifications = self.world.notifications, []
        for name, bell in fresh:
            fate = self._chance.random()
            # A carrier that does not ring is looked at a day later, long after this scene ends: it rings late at worst.
            if "dropped" in self.faults and fate < 0.1 and bell.kind is not NotificationKind.TRACKING:  # noqa: PLR2004
                continue
            if "late" in self.faults and fate > 0.8:  # noqa: PLR2004
                self._late.append((now + timedelta(seconds=self._chance.randint(1, 90)), name, bell))
            else:
                requests.append((name, bell))
            if "twice" in self.faults and 0.4 < fate < 0.6:  # noqa: PLR2004
                requests.append((name, bell))
        self._chance.shuffle(requests)
        return requests

    def between(self, happens: Callable[[], Awaitable[None]]) -> None:
        """Have something happen in the middle of vendor calls."""
        self.world.meanwhile = happens

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self.faults = frozenset()

    def _fault(self, operation: str) -> Fault | None:
        if not self.faults or self._chance.random() > _FAULT_OF_CALLS:
            return None
        possible = _OF_READS if operation in _READS else _OF_CALLS
        fault = self._chance.choice(possible)
        return fault if fault.value in self.faults else None

    def effects(self) -> Mapping[tuple[str, str], int]:
        """Return how often each effect really came to pass."""
        return {(kind.value, subject): times for (kind, subject), times in self.world.effects.items()}

    def levels(self) -> Mapping[tuple[str, ListingKey], int]:
        """Return what each channel shows."""
        return {
            (name, key): units
            for name, shop in self.world.shops.items()
            for key, units in shop.levels.items()
        }

    def orders(self) -> Mapping[str, str]:
        """Return the channel's own state of each order, by the hub's order id."""
        return {
            f"{name}:{order_id}": found.order.state.value
            for name, shop in self.world.shops.items()
            for order_id, found in shop.orders.items()
        }
