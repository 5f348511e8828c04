"""A day: read from its file, checked whole, and what the player asks of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from demo.format import CHANNELS, DAY, HOLDS, OUTCOMES
from demo.house import Json
from demo.marked import DayError, Marked, Spot, nearest, read

DAYS: Final = Path(__file__).with_name("days")
KENDRA: Final = DAYS / "kendra_kookware.yaml"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens: a verb of day/1, and what it is about."""

    at: datetime
    verb: str
    what: Any


@dataclass(frozen=True, slots=True)
class Look:
    """An instant at which the books are taken."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """A part of the day at whose end a run may stop."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Day:
    """A day file that was found right."""

    data: Json

    @property
    def title(self) -> str:
        """What the page is called."""
        return str(self.data["title"])

    @property
    def start(self) -> datetime:
        """Where its clock starts."""
        return datetime.fromisoformat(self.data["clock"]["start"])

    @property
    def acts(self) -> tuple[Act, ...]:
        """Its acts; a day without acts is one."""
        found = self.data.get("acts") or [{"id": "I", "until": self.data["clock"]["end"]}]
        return tuple(Act(a["id"], datetime.fromisoformat(a["until"])) for a in found)

    @property
    def config(self) -> Json:
        """The merchant's crossdock.yaml."""
        found: Json = self.data["config"]
        return found

    @property
    def given(self) -> Json:
        """What is there before the day begins."""
        found: Json = self.data["given"]
        return found

    @property
    def faults(self) -> list[Json]:
        """What goes wrong."""
        return list(self.data.get("faults") or [])

    @property
    def looks(self) -> tuple[Look, ...]:
        """When the books are taken."""
        return tuple(Look(x["id"], datetime.fromisoformat(x["at"])) for x in self.data.get("looks") or [])

    @property
    def events(self) -> tuple[Event, ...]:
        """What happens, in order."""
        found = []
        for each in self.data["when"]:
            verb = next(key for key in each if key != "at")
            found.append(Event(datetime.fromisoformat(each["at"]), verb, each[verb]))
        return tuple(found)

    @property
    def orders(self) -> dict[str, Json]:
        """Every order that is placed, by its name, as the shopper sees it."""
        before = [row["place"] for row in self.given.get("before") or []]
        placed = [{"at": e.at.isoformat(), **e.what} for e in self.events if e.verb == "place"]
        return {each["id"]: each for each in (*before, *placed)}

    def connection(self, use: str) -> str | None:
        """Return the name of the connection that uses that connector."""
        return next((n for n, c in self.config["connections"].items() if c["use"] == use), None)

    def use(self, connection: str) -> str:
        """Return which connector a connection uses."""
        return str(self.config["connections"][connection]["use"])

    def act_named(self, name: str | None) -> Act:
        """Return the act of that name; the last one where none is named.

        Raises:
            DayError: there is no such act.
        """
        if name is None:
            return self.acts[-1]
        for act in self.acts:
            if act.name == name:
                return act
        raise DayError(f"--act {name}: there is no such act; {nearest(name, [a.name for a in self.acts])}")

    def act_of(self, instant: datetime) -> str:
        """Return the first act that is not over at that instant."""
        return next((act.name for act in self.acts if instant <= act.until), self.acts[-1].name)


def load_day(path: Path) -> Day:
    """Return the day of a file.

    Raises:
        DayError: the file cannot be read, or is wrong; every mistake with file, line and column.
    """
    try:
        words = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DayError(f"{path}: cannot be read: {error}") from error
    return day_of(words, str(path))


def day_of(words: str, name: str) -> Day:
    """Return the day that is written in these words.

    Raises:
        DayError: something is wrong; every mistake with file, line and column.
    """
    found = read(words, name)
    DAY(found.data, Spot(found))
    found.finish()
    _Names(found).check()
    found.finish()
    return Day(found.data)


class _Names:
    """Whether every name of a day names something, and every instant lies where it should."""

    def __init__(self, found: Marked) -> None:
        self.root = Spot(found)
        self.data: Json = found.data
        given = self.data["given"]
        self.connections = list(self.data["config"]["connections"])
        self.locations = list(self.data["config"]["locations"])
        self.skus = list(given["products"])
        self.listings = {
            channel: [row["listing"] for row in given["listings"].get(channel, [])] for channel in CHANNELS
        }
        self.orders: list[str] = []

    def check(self) -> None:
        """Look at everything."""
        self._channels()
        self._given()
        for number, row in enumerate(self.data["given"].get("before") or []):
            self._place(row["place"], self.root / "given" / "before" / number / "place")
        self._events()
        self._faults()
        self._instants()
        self._then()

    def _one(self, name: Any, words: list[str], spot: Spot, what: str) -> None:
        if name not in words:
            spot.wrong(f"there is no {what} {name}; {nearest(name, words) if words else 'there is none'}")

    def _channels(self) -> None:
        spot = self.root / "config" / "connections"
        for name, use in (("shop", "shopify"), ("amz", "amazon")):
            sells = [n for n, c in self.data["config"]["connections"].items() if c["use"] == use]
            if sells and sells != [name]:
                (spot / sells[0]).wrong_key(f"the {use} connection of a day is called {name}")
            if self.listings[name] and not sells:
                (self.root / "given" / "listings" / name).wrong_key(f"config has no connection {name}")

    def _given(self) -> None:
        given, spot = self.data["given"], self.root / "given"
        for at, counts in given["counts"].items():
            self._location_key(at, spot / "counts" / at)
            self._parts(counts, spot / "counts" / at)
        for at in given["zones"]:
            self._location_key(at, spot / "zones" / at)
        for kit, parts in (given.get("kits") or {}).items():
            self._parts(parts, spot / "kits" / kit)
        for channel, rows in given["listings"].items():
            for number, row in enumerate(rows):
                here = spot / "listings" / channel / number
                if "at" in row:
                    self._one(row["at"], self.locations, here / "at", "location")
                self._parts(row["of"] or {}, here / "of")

    def _location_key(self, at: str, spot: Spot) -> None:
        if at not in self.locations:
            spot.wrong_key(f"there is no location {at}; {nearest(at, self.locations)}")

    def _parts(self, parts: Json, spot: Spot) -> None:
        for sku in parts:
            if sku not in self.skus:
                (spot / sku).wrong_key(f"there is no product {sku}; {nearest(sku, self.skus)}")

    def _place(self, order: Json, spot: Spot) -> None:
        if order["id"] in self.orders:
            (spot / "id").wrong(f"{order['id']} was placed before")
        self.orders.append(order["id"])
        self._one(order["channel"], self.connections, spot / "channel", "connection")
        for number, line in enumerate(order["lines"]):
            here = spot / "lines" / number
            if "listing" in line:
                self._one(line["listing"], self.listings["amz"], here / "listing", "listing of Amazon")
            elif line["sku"] is not None and line.get("ships", True):
                self._one(line["sku"], self.listings["shop"], here / "sku", "listing of the shop")
        prices = (order.get("presentment") or {}).get("prices")
        if prices is not None and len(prices) != len(order["lines"]):
            (spot / "presentment" / "prices").wrong(
                f"there are {len(order['lines'])} lines, so as many prices"
            )

    def _events(self) -> None:
        before: datetime | None = None
        for number, row in enumerate(self.data["when"]):
            spot = self.root / "when" / number
            at = datetime.fromisoformat(row["at"])
            if before is not None and at < before:
                (spot / "at").wrong("this comes before the event above it; events stand in their order")
            before = at
            verb = next(key for key in row if key != "at")
            self._event(verb, row[verb], spot / verb)

    def _event(self, verb: str, what: Any, spot: Spot) -> None:
        if verb == "place":
            self._place(what, spot)
            return
        if verb in ("connect", "reconnect", "disconnect"):
            for number, name in enumerate(what):
                self._one(name, self.connections, spot / number, "connection")
            return
        if not isinstance(what, dict):
            return
        for key, words, noun in self._named(verb):
            if key in what:
                self._one(what[key], words, spot / key, noun)
        if verb in ("receive", "count"):
            self._parts(what["units"], spot / "units")
        if verb == "link":
            self._one(what["listing"], self.listings[what["channel"]], spot / "listing", "listing")
            self._parts(what["of"], spot / "of")

    def _named(self, verb: str) -> Iterator[tuple[str, list[str], str]]:
        yield "order", self.orders, "order placed so far:"
        if verb != "other_tool":
            yield "at", self.locations, "location"
        if verb == "product":
            yield "sku", self.skus, "product"

    def _faults(self) -> None:
        carriers = [card["carrier"] for card in self.data["given"]["cards"]]
        for number, fault in enumerate(self.data.get("faults") or []):
            spot = self.root / "faults" / number
            for key, words, noun in (
                ("order", self.orders, "order"),
                ("connection", self.connections, "connection"),
                ("carrier", carriers, "carrier"),
                ("listing", [*self.listings["amz"], *self.listings["shop"]], "listing"),
            ):
                if key in fault:
                    self._one(fault[key], words, spot / key, noun)

    def _instants(self) -> None:
        start, end = (datetime.fromisoformat(self.data["clock"][key]) for key in ("start", "end"))
        if end <= start:
            (self.root / "clock" / "end").wrong("the clock ends before it starts")
        for part, key in (("when", "at"), ("looks", "at"), ("acts", "until")):
            for number, row in enumerate(self.data.get(part) or []):
                if not start <= datetime.fromisoformat(row[key]) <= end:
                    (self.root / part / number / key).wrong("this lies outside of the day's clock")

    def _then(self) -> None:
        then, spot = self.data.get("then") or {}, self.root / "then"
        acts = [act["id"] for act in self.data.get("acts") or []] or ["I"]
        looks = [look["id"] for look in self.data.get("looks") or []]
        for part in ("orders", "returns"):
            for name, row in (then.get(part) or {}).items():
                here = spot / part / name
                if name not in self.orders:
                    here.wrong_key(f"there is no order {name}; {nearest(name, self.orders)}")
                self._expected(row, here, acts)
        for number, row in enumerate(then.get("checkpoints") or []):
            here = spot / "checkpoints" / number
            self._one((row or {}).get("id"), looks, here / "id", "look")
            self._expected(row, here, acts)

    def _expected(self, row: Any, spot: Spot, acts: list[str]) -> None:
        if not isinstance(row, dict) or "act" not in row:
            spot.wrong("say at which act this must hold: act")
            return
        self._one(row["act"], acts, spot / "act", "act")
        if "outcome" in row:
            self._one(row["outcome"], list(OUTCOMES), spot / "outcome", "outcome")
        for number, hold in enumerate(row.get("holds") or []):
            self._one(hold, list(HOLDS), spot / "holds" / number, "hold")
