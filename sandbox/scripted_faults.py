"""The faults of a day: each names what it hits and hits exactly that, besides whatever chance does."""

import random
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from day import format as shapes
from day.located_yaml import Document, Position
from day.shapes import many, seconds
from sandbox.values import Json

PATIENCE: Final = timedelta(minutes=2)
"""A reordered message goes after this long when the one before it never came."""
CHANNELS: Final = frozenset({"shopify", "amazon"})
EVERY: Final = "*"


@dataclass(frozen=True)
class Message:
    """One webhook, notification or event, before it is carried."""

    vendor: str
    topic: str
    order: str | None


@dataclass(frozen=True)
class Call:
    """One call of a vendor's API: its names (the first is its own), whether it changes something, what it is about."""

    names: tuple[str, ...]
    write: bool = False
    orders: frozenset[str] = frozenset()
    listings: frozenset[str] = frozenset()


@dataclass(eq=False)
class Fault:
    """One fault of the day; `left` is how often it still strikes (none: as often as it can)."""

    spec: Json
    vendor: str | None
    left: int | None
    hits: list[Json] = field(default_factory=list)
    went: set[str] = field(default_factory=set)
    """The topics of its sequence that were delivered."""
    waiting: list[tuple[str, Callable[[], None]]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Which kind of fault it is."""
        return str(self.spec["kind"])

    def sequence(self) -> list[str]:
        """The topics it puts into another order."""
        return list(self.spec.get("sequence") or ())

    def before(self, topic: str) -> set[str]:
        """The topics of its sequence that must be delivered before that one."""
        order = self.sequence()
        return set(order[: order.index(topic)]) if topic in order else set()


@dataclass
class Fate:
    """What becomes of one message."""

    dropped: bool = False
    copies: int = 1
    late: timedelta = timedelta()
    behind: Fault | None = None


@dataclass(frozen=True)
class MessageOrder:
    """What happens to every message of the day."""

    twice: bool = False
    shuffle_s: float = 0.0
    seed: int = 0

    def late(self, where: str, copy: int) -> timedelta:
        """How long that copy of a message takes; the same in every run of the seed."""
        if not self.shuffle_s:
            return timedelta()
        return timedelta(seconds=random.Random(f"{self.seed}/{where}/{copy}").uniform(0, self.shuffle_s))


class ScriptedFaults:
    """The day's faults, and what happens to each of its messages."""

    def __init__(self, now: Callable[[], datetime], note: Callable[[str, str], None]) -> None:
        self._now = now
        self._note = note
        self.operations: dict[str, frozenset[str]] = {}
        """The operations of each vendor; every stand-in tells its own when it is built."""
        self.faults: list[Fault] = []
        self.message_order = MessageOrder()

    def load(self, faults: object, house: Json) -> None:
        """Take the day's faults instead of those before; DayError where one means nothing."""
        vendors = vendors_of(house)
        document = Document("faults", faults)
        many(shapes.fault)(faults, Position(document))
        document.finish()
        assert isinstance(faults, list)  # noqa: S101  the line above has seen to it
        for number, spec in enumerate(faults):
            self._check(spec, vendors, Position(document) / number)
        document.finish()
        self.faults = [Fault(spec, _vendor(spec, vendors), _times(spec)) for spec in faults]

    def _check(self, spec: Json, vendors: Mapping[str, str], position: Position) -> None:
        """Want the connection to be there, and the operation to be its vendor's."""
        if "connection" not in spec:
            return
        (position / "connection").one_of(spec["connection"], vendors, "connection")
        vendor = vendors.get(spec["connection"])
        if vendor is not None and "operation" in spec:
            known = {EVERY, *self.operations.get(vendor, ())}
            (position / "operation").one_of(spec["operation"], known, f"operation of {spec['connection']}")
        if spec["kind"] == "patch_not_applied" and vendor != "amazon":
            (position / "connection").wrong("only Amazon accepts a patch before it applies it")

    def report(self) -> list[Json]:
        """Each fault as it was given, with what it hit; `kill` is the player's."""
        return [
            {**fault.spec, "injected": bool(fault.hits), "hits": fault.hits, "left_to_player": fault.kind == "kill"}
            for fault in self.faults
        ]  # fmt: skip

    # ---- messages

    def fate(self, message: Message, where: str) -> Fate:
        """What becomes of a message."""
        fate = Fate(copies=2 if self.message_order.twice else 1)
        for fault in self.faults:
            if not self._about(fault, message):
                continue
            self._befall(fault, message, fate, where)
            if fate.dropped:
                break
        return fate

    def wait(self, fault: Fault, message: Message, go: Callable[[], None], where: str) -> Callable[[], None]:
        """Keep a message until the one before it has gone; gives what ends the waiting early."""
        entry = (message.topic, go)
        fault.waiting.append(entry)

        def give_up() -> None:
            if entry in fault.waiting:
                fault.waiting.remove(entry)
                go()

        self._hit(fault, where)
        return give_up

    def gone(self, message: Message) -> None:
        """A message was delivered: those that waited for it may go."""
        for fault in self.faults:
            if message.topic not in fault.sequence() or not self._about(fault, message):
                continue
            fault.went.add(message.topic)
            free = [entry for entry in fault.waiting if fault.before(entry[0]) <= fault.went]
            fault.waiting = [entry for entry in fault.waiting if entry not in free]
            for _topic, go in free:
                go()

    # ---- calls and vendors

    def call(self, vendor: str, call: Call) -> str | None:
        """`throttle` or `reply_dropped` where a fault of the day hits this call."""
        for fault in self._due("throttle", "reply_dropped"):
            spec = fault.spec
            about = (
                fault.vendor == vendor
                and spec["operation"] in (EVERY, *call.names)
                and spec.get("order") in (None, *call.orders)
                and spec.get("listing") in (None, *call.listings)
            )
            if about:
                self._hit(fault, f"{vendor} {spec['operation']}")
                return fault.kind
        return None

    def patch_lost(self, vendor: str, listing: str) -> bool:
        """Whether a quantity that was accepted just now stays as it was."""
        for fault in self._due("patch_not_applied"):
            if fault.vendor == vendor and fault.spec["listing"] == listing:
                self._hit(fault, f"{vendor} {listing}")
                return True
        return False

    def carrier(self, carrier: str, *, asked: bool = False) -> str | None:
        """`hang` or `error` while the carrier is down; counted when it was asked for something."""
        for fault in self._due("carrier_down"):
            until = fault.spec.get("to")
            over = until is not None and self._now() >= datetime.fromisoformat(str(until))
            if fault.spec["carrier"] == carrier and not over:
                if asked:
                    self._hit(fault, f"carrier {carrier}")
                return str(fault.spec.get("how") or "hang")
        return None

    def void_rejected(self, carrier: str, orders: Collection[str]) -> bool:
        """Whether the carrier turns this void down."""
        for fault in self._due("void_rejected"):
            of_carrier = fault.spec.get("carrier") in (None, carrier)
            if of_carrier and fault.spec.get("order") in (None, *orders):
                self._hit(fault, f"void {carrier}")
                return True
        return False

    def token_dies(self, vendor: str) -> bool:
        """Whether the vendor's token dies now; once for each fault."""
        for fault in self._due("token_dead"):
            if fault.vendor == vendor:
                self._hit(fault, f"{vendor} token")
                return True
        return False

    # ---- inside

    def _due(self, *kinds: str) -> Iterable[Fault]:
        for fault in self.faults:
            if fault.kind in kinds and fault.left != 0 and self._begun(fault):
                yield fault

    def _begun(self, fault: Fault) -> bool:
        starts = [fault.spec[key] for key in ("after", "from", "at") if fault.spec.get(key) is not None]
        return all(self._now() >= datetime.fromisoformat(str(start)) for start in starts)

    def _about(self, fault: Fault, message: Message) -> bool:
        if fault.spec.get("order") != message.order or message.order is None or not self._begun(fault):
            return False
        if fault.vendor is not None and fault.vendor != message.vendor:
            return False
        topic = fault.spec.get("topic")
        if fault.kind == "gateway_events":
            named = (EVERY, message.topic) if topic else (topic,)
            return message.vendor == "stripe" and (topic in named or message.topic in fault.sequence())
        if fault.kind == "webhook_reorder":
            return message.topic in fault.sequence()
        if not fault.kind.startswith("webhook_"):
            return False
        # Every webhook of the channel; a gateway's or a carrier's events are named, or hit by gateway_events.
        return message.topic == topic or (topic == EVERY and message.vendor in CHANNELS)

    def _befall(self, fault: Fault, message: Message, fate: Fate, where: str) -> None:
        if fault.kind == "webhook_drop" and fault.left != 0:
            fate.dropped = True
        elif fault.kind == "webhook_delay" and fault.left != 0:
            fate.late = max(fate.late, self._delay(fault))
        elif fault.kind == "webhook_duplicate":
            fate.copies = max(fate.copies, int(fault.spec.get("times") or 2))
        elif fault.kind in ("webhook_reorder", "gateway_events"):
            if fault.before(message.topic) - fault.went:
                fate.behind = fault
            repeated = fault.spec.get("topic") in (None, EVERY, message.topic)
            if fault.kind == "webhook_reorder" or not repeated or _repeats(fault.spec) == 1:
                return
            fate.copies = max(fate.copies, _repeats(fault.spec))
        else:
            return
        self._hit(fault, where)

    def _delay(self, fault: Fault) -> timedelta:
        if "until" in fault.spec:
            return max(timedelta(), datetime.fromisoformat(str(fault.spec["until"])) - self._now())
        return timedelta(seconds=seconds(fault.spec["by"]))

    def _hit(self, fault: Fault, where: str) -> None:
        if fault.left is not None:
            fault.left -= 1
        fault.hits.append({"at": self._now().isoformat(), "where": where})
        self._note(fault.kind, where)


CONNECTIONS: Final[dict[str, str]] = {
    "shop": "shopify", "amz": "amazon", "pay": "stripe", "post": "easypost", "mail": "mail", "tool": "hooks",
}  # fmt: skip
"""Which vendor a connection of a day is, where the house does not say it in `connections`."""


def vendors_of(house: Json) -> dict[str, str]:
    """Which vendor each connection is, by the connection's name; the vendors' own names do as well."""
    named = house.get("connections") or CONNECTIONS
    own = {vendor: vendor for vendor in CONNECTIONS.values()}
    return own | {name: "mail" if use == "email" else use for name, use in named.items()}


def _repeats(spec: Json) -> int:
    """How often each of a gateway's events comes; twice where the fault names neither number nor sequence."""
    usual = 1 if "sequence" in spec else 2
    return int(spec.get("repeats") or spec.get("times") or usual)


def _vendor(spec: Json, vendors: Mapping[str, str]) -> str | None:
    named = spec.get("connection")
    return vendors[str(named)] if named is not None and spec["kind"] != "kill" else None


def _times(spec: Json) -> int | None:
    """How often a fault strikes; what repeats or reorders messages counts otherwise, and a carrier is down all the time."""
    if spec["kind"] in ("webhook_duplicate", "webhook_reorder", "gateway_events", "carrier_down", "kill"):
        return None
    if spec["kind"] in ("webhook_drop", "webhook_delay"):
        return spec.get("times")
    return int(spec.get("times") or 1)
