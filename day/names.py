"""Whether every name in a day names something that is there, and every instant lies where it should."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from day.format import CHANNELS, OUTCOMES
from day.located_yaml import Json, Position


@dataclass(slots=True, kw_only=True)
class Names:
    """Everything that has a name; orders are known from when they are placed."""

    connections: list[str]
    locations: list[str]
    skus: list[str]
    listings: Mapping[str, list[str]]
    orders: list[str] = field(default_factory=list)

    def given(self, given: Json, position: Position) -> None:
        """Look at what is there before the day begins."""
        for part in ("counts", "zones"):
            for at in given.get(part) or {}:
                (position / part).key_of(at, self.locations, "location")
        for at, counts in (given.get("counts") or {}).items():
            self._parts(counts, position / "counts" / at)
        for kit, parts in (given.get("kits") or {}).items():
            self._parts(parts, position / "kits" / kit)
        for channel, rows in given["listings"].items():
            for number, row in enumerate(rows):
                here = position / "listings" / channel / number
                if "at" in row:
                    (here / "at").one_of(row["at"], self.locations, "location")
                self._parts(row["of"] or {}, here / "of")
        self._cards(given.get("cards") or [], position / "cards")
        for number, row in enumerate(given.get("before") or []):
            self.place(row["place"], position / "before" / number / "place")

    def _cards(self, cards: list[Json], position: Position) -> None:
        for number, card in enumerate(cards):
            lacking = sorted(card["step"].keys() - card["days"].keys())
            if lacking:
                (position / number / "days").wrong(f"this says nothing of the zone {lacking[0]}")

    def _parts(self, parts: Json, position: Position) -> None:
        for sku in parts:
            position.key_of(sku, self.skus, "product")

    def place(self, order: Json, position: Position) -> None:
        """Look at an order, and know it from now on."""
        if order["id"] in self.orders:
            (position / "id").wrong(f"{order['id']} was placed before")
        self.orders.append(order["id"])
        (position / "channel").one_of(order["channel"], self.connections, "connection")
        if order["channel"] in self.connections:
            self._lines(order, position)

    def _lines(self, order: Json, position: Position) -> None:
        for number, line in enumerate(order["lines"]):
            here = position / "lines" / number
            if "listing" in line:
                (here / "listing").one_of(line["listing"], self.listings["amz"], "listing of Amazon")
            elif line["sku"] is not None and line.get("ships", True) and not line.get("title"):
                # A line with a title of its own is another app's, or typed in by hand: nothing is listed of it.
                (here / "sku").one_of(line["sku"], self.listings["shop"], "listing of the shop")
        prices = (order.get("presentment") or {}).get("prices")
        if prices is not None and len(prices) != len(order["lines"]):
            (position / "presentment" / "prices").wrong(
                f"there are {len(order['lines'])} lines, so as many prices"
            )

    def event(self, verb: str, what: Any, position: Position) -> None:
        """Look at what happens."""
        if verb == "place":
            self.place(what, position)
        elif verb in ("connect", "reconnect", "disconnect"):
            for number, name in enumerate(what):
                (position / number).one_of(name, self.connections, "connection")
        elif isinstance(what, dict):
            self._subject(verb, what, position)

    def _subject(self, verb: str, what: Json, position: Position) -> None:
        for key, words, noun in self._named(verb):
            if key in what:
                (position / key).one_of(what[key], words, noun)
        if verb in ("receive", "count"):
            self._parts(what["units"], position / "units")
        if verb == "link":
            (position / "listing").one_of(what["listing"], self.listings[what["channel"]], "listing")
            self._parts(what["of"], position / "of")

    def _named(self, verb: str) -> Iterator[tuple[str, list[str], str]]:
        yield "order", self.orders, "order placed so far:"
        if verb != "other_tool":
            yield "at", self.locations, "location"
        if verb == "product":
            yield "sku", self.skus, "product"

    def faults(self, faults: list[Json], carriers: list[str], position: Position) -> None:
        """Look at what goes wrong."""
        every = [*self.listings["amz"], *self.listings["shop"]]
        of_kind = {
            "order": self.orders,
            "connection": self.connections,
            "carrier": carriers,
            "listing": every,
        }
        for number, fault in enumerate(faults):
            for key in fault.keys() & of_kind.keys():
                (position / number / key).one_of(fault[key], of_kind[key], key)


def names_of(given: Json, connections: list[str], locations: list[str]) -> Names:
    """Return the names of a house."""
    listings = {
        channel: [row["listing"] for row in given["listings"].get(channel) or []] for channel in CHANNELS
    }
    skus = list(given.get("products") or {})
    return Names(connections=connections, locations=locations, skus=skus, listings=listings)


def check_day(root: Position) -> None:
    """Look at every name and every instant of a day whose shape is right."""
    data: Json = root.document.data
    config, given = data["config"], data["given"]
    names = names_of(given, list(config["connections"]), list(config["locations"]))
    _channels(config["connections"], names, root)
    names.given(given, root / "given")
    _events(data["when"], names, root / "when")
    carriers = [card["carrier"] for card in given["cards"]]
    names.faults(data.get("faults") or [], carriers, root / "faults")
    _instants(data, root)
    _expectations(data, names.orders, root / "then")


def _channels(connections: Json, names: Names, root: Position) -> None:
    for name, use in (("shop", "shopify"), ("amz", "amazon")):
        sells = [n for n, c in connections.items() if c["use"] == use]
        if sells and sells != [name]:
            (root / "config" / "connections" / sells[0]).wrong_key(
                f"the {use} connection of a day is called {name}"
            )
        if names.listings[name] and not sells:
            (root / "given" / "listings" / name).wrong_key(f"config has no connection {name}")


def _events(when: list[Json], names: Names, position: Position) -> None:
    before: datetime | None = None
    for number, row in enumerate(when):
        at = datetime.fromisoformat(row["at"])
        if before is not None and at < before:
            (position / number / "at").wrong(
                "this comes before the event above it; events stand in their order"
            )
        before = at
        verb = next(key for key in row if key != "at")
        names.event(verb, row[verb], position / number / verb)


def _instants(data: Json, root: Position) -> None:
    start, end = (datetime.fromisoformat(data["clock"][key]) for key in ("start", "end"))
    if end <= start:
        (root / "clock" / "end").wrong("the clock ends before it starts")
    for part, key in (("when", "at"), ("looks", "at"), ("acts", "until")):
        for number, row in enumerate(data.get(part) or []):
            if not start <= datetime.fromisoformat(row[key]) <= end:
                (root / part / number / key).wrong("this lies outside of the day's clock")


def _expectations(data: Json, orders: list[str], position: Position) -> None:
    then = data.get("then") or {}
    acts = [act["id"] for act in data.get("acts") or []] or ["I"]
    looks = [look["id"] for look in data.get("looks") or []]
    for part in ("orders", "returns"):
        for name, row in (then.get(part) or {}).items():
            (position / part).key_of(name, orders, "order")
            _expected(row, position / part / name, acts)
    for number, row in enumerate(then.get("checkpoints") or []):
        here = position / "checkpoints" / number
        (here / "id").one_of((row or {}).get("id"), looks, "look")
        _expected(row, here, acts)


def _expected(row: Any, position: Position, acts: list[str]) -> None:
    if not isinstance(row, dict) or "act" not in row:
        position.wrong("say at which act this must hold: act")
        return
    (position / "act").one_of(row["act"], acts, "act")
    if "outcome" in row:
        (position / "outcome").one_of(row["outcome"], OUTCOMES, "outcome")


def check_holds(root: Position, words: Collection[str]) -> None:
    """Look at every hold that a day names; which words there are its hub tells."""
    for number, row in enumerate(root.document.data["when"]):
        for verb in row.keys() & {"choose", "release"}:
            if "hold" in row[verb]:
                (root / "when" / number / verb / "hold").one_of(row[verb]["hold"], words, "hold")
    for name, order in ((root.document.data.get("then") or {}).get("orders") or {}).items():
        for number, hold in enumerate(order.get("holds") or []):
            (root / "then" / "orders" / name / "holds" / number).one_of(hold, words, "hold")
