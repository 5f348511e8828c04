"""What went wrong in a day and what came of it: each line from what was injected or happened, and from the facts."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from day.day import Day
from day.located_yaml import Json
from demo.books import Taken
from demo.figures import Told, Words

VENDORS: Final = {
    "shopify": "Shopify",
    "amazon": "Amazon",
    "stripe": "Stripe",
    "easypost": "EasyPost",
    "email": "Mail",
}
_RACE: Final = timedelta(seconds=1)


def incidents(day: Day, taken: Taken, injected: Json) -> list[list[str]]:
    """Return pairs: what went wrong, and what came of it. Faults that struck nothing are left out."""
    scene = _Scene(day, taken)
    struck = [f for f in injected["day"] if f.get("injected")]
    lines = [line for fault in _once(struck) for line in _TOLD[fault["kind"]](scene, fault)]
    lines += scene.tools()
    lines += scene.races()
    lines += scene.held()
    return [list(line) for line in lines]


Line = tuple[str, str]


class _Scene:
    """The day, and what the hub knows at its end."""

    def __init__(self, day: Day, taken: Taken) -> None:
        self.day, self.taken, self.words = day, taken, Words(day)

    def told(self, order: str) -> Told | None:
        return self.taken.told.get(order)

    def shopper(self, order: str) -> str:
        name = (self.day.orders.get(order) or {}).get("customer", {}).get("name")
        return name.split()[0] if name else order

    def vendor(self, connection: str) -> str:
        return VENDORS.get(self.day.use(connection), connection)

    def labels(self, order: str) -> int:
        told = self.told(order)
        return len(told.bought) if told else 0

    # ---- what happened without any fault

    def tools(self) -> Iterator[Line]:
        """Yield what other tools did to orders."""
        for event in self.day.events:
            what = event.what
            if event.verb != "other_tool" or event.at > self.taken.at:
                continue
            order = what.get("order")
            told = self.told(order) if order else None
            if what["do"] == "ship" and told is not None:
                bought = self.labels(order)
                came = "no second parcel" if not bought else f"{bought} labels of ours besides"
                yield f"{what['name']} was still connected, and shipped {self.shopper(order)}'s order", came
            elif what["do"] == "hold" and told is not None:
                now = "held" if told.outcome == "held" else "waited for it"
                yield f"{what['name']} held {self.shopper(order)}'s order", now

    def races(self) -> Iterator[Line]:
        """Yield every SKU that was sold on two channels within a second."""
        placed = [e for e in self.day.events if e.verb == "place" and e.at <= self.taken.at]
        for one, other in pairwise(placed):
            if other.at - one.at > _RACE or one.what["channel"] == other.what["channel"]:
                continue
            first, second = self._took(one.what["id"]), self._took(other.what["id"])
            for sku in sorted(first.keys() & second.keys()):
                ms = int((other.at - one.at).total_seconds() * 1000)
                yield (
                    f"{first[sku] + second[sku]} of {sku} sold on two channels within {ms} ms",
                    f"{sum(row['committed'] > row['on_hand'] for row in self.taken.books.stock)} oversold",
                )

    def _took(self, order: str) -> dict[str, int]:
        told, found = self.told(order), dict[str, int]()
        for fact in told.of("units_committed") if told else ():
            for a in fact["allocations"]:
                found[a["sku"]] = found.get(a["sku"], 0) + a["units"]
        return found

    def held(self) -> Iterator[Line]:
        """Yield the units of orders held for their risk: off sale as long as nobody decides."""
        for number, told in self.taken.told.items():
            since = next((f["at"] for f in told.of("held") if f["reason"] == "risk"), None)
            units = sum(self._took(number).values())
            if since is None or not units:
                continue
            freed = next((f["at"] for f in told.of("units_released")), None)
            came = (
                f"off sale {self.words.clock(since)}-{self.words.clock(freed)}"
                if freed
                else f"off sale since {self.words.clock(since)}"
            )
            yield f"{self.shopper(number)}'s {units} units while held", came


def _once(struck: list[Json]) -> Iterator[Json]:
    """Yield the faults, those of one order's arrival as one."""
    arrivals: dict[str, Json] = {}
    for fault in struck:
        if fault["kind"] not in ("webhook_duplicate", "webhook_reorder"):
            yield fault
            continue
        known = arrivals.get(fault["order"])
        if known is None:
            arrivals[fault["order"]] = {**fault, "of": [fault]}
        else:
            known["of"].append(fault)
    yield from arrivals.values()


def _arrived(scene: _Scene, fault: Json) -> Iterator[Line]:
    order = fault["order"]
    times = sum(int(f.get("times", 2)) for f in fault["of"] if f["kind"] == "webhook_duplicate")
    swapped = [f for f in fault["of"] if f["kind"] == "webhook_reorder"]
    times += sum(len(f["sequence"]) - bool(len(fault["of"]) > 1) for f in swapped)
    known = sum(number == order for number in scene.taken.told)
    how = f"arrived {times} times" + (", out of order" if swapped else "")
    yield f"{scene.shopper(order)}'s order {how}", f"{known} order"


def _dropped(scene: _Scene, fault: Json) -> Iterator[Line]:
    order = fault["order"]
    told = scene.told(order)
    if told is None:
        yield f"No webhook came for {scene.shopper(order)}", "never found"
    elif fault["topic"] == "*":
        yield (
            f"No webhook came for {scene.shopper(order)}",
            f"found by the poll at {scene.words.clock(told.facts[0]['at'])}",
        )
    else:
        later = next(
            (f["at"] for f in told.of("changed", "shipped_elsewhere", "part_shipped_elsewhere")), None
        )
        came = f"seen at {scene.words.clock(later)} all the same" if later else "nothing depended on it"
        yield f"{fault['topic']} was lost for {scene.shopper(order)}", came


def _delayed(scene: _Scene, fault: Json) -> Iterator[Line]:
    told = scene.told(fault["order"])
    came = f"known at {scene.words.clock(told.facts[0]['at'])}" if told else "never found"
    yield f"{fault['topic']} came late for {scene.shopper(fault['order'])}", came


def _gateway(scene: _Scene, fault: Json) -> Iterator[Line]:
    told = scene.told(fault["order"])
    taken = len(list(told.of("captured"))) if told else 0
    state = told.view["payment"] if told else None
    what = "out of order" if fault.get("sequence") else "again and again"
    yield (
        f"The gateway's events for {scene.shopper(fault['order'])} came {what}",
        f"{state}, {taken} captured by the hub",
    )


def _throttled(scene: _Scene, fault: Json) -> Iterator[Line]:
    times = len(fault["hits"])
    often = {1: "once", 2: "twice"}.get(times, f"{times} times")
    yield f"{scene.vendor(fault['connection'])} said 429 {often} to {fault['operation']}", "asked again later"


def _lost(scene: _Scene, fault: Json) -> Iterator[Line]:
    vendor, order = scene.vendor(fault["connection"]), fault.get("order")
    if order is None or fault["operation"] != "buy":
        yield f"{vendor} did {fault['operation']} and lost the answer", "looked it up"
        return
    told = scene.told(order)
    captures = len(list(told.of("captured"))) if told else 0
    taken = f", {captures} capture" if captures else ""
    yield (
        f"{vendor} bought {scene.shopper(order)}'s label and lost the answer",
        f"looked it up: {scene.labels(order)} label{taken}",
    )


def _deaf(scene: _Scene, fault: Json) -> Iterator[Line]:
    row = next((r for r in scene.taken.books.listings if r["listing"] == fault["listing"]), None)
    came = "read back, sent again" if row and row["believed"] == row["wanted"] else "still out of step"
    yield f"{scene.vendor(fault['connection'])} said ACCEPTED and changed nothing", came


def _silent(scene: _Scene, fault: Json) -> Iterator[Line]:
    carrier = fault["carrier"]
    begun = datetime.fromisoformat(fault["from"])
    ended = datetime.fromisoformat(fault["to"]) if fault.get("to") else scene.taken.at
    minutes = int((min(ended, scene.taken.at) - begun).total_seconds() // 60)
    instead = {
        p["carrier"]
        for told in scene.taken.told.values()
        for p in told.bought
        if any(r["carrier"] == carrier and r["reason"] == "no_answer" for r in p["rates"])
    }
    came = (
        f"{' and '.join(sorted(instead))} shipped, {carrier} named as missing"
        if instead
        else "nobody asked for it"
    )
    yield f"{carrier} was silent for {minutes} minutes", came


def _void(scene: _Scene, fault: Json) -> Iterator[Line]:
    voided = sum(len(told.view["voided"]) for told in scene.taken.told.values())
    yield f"The carrier rejected a void {len(fault['hits'])} times", f"asked again; {voided} voided"


def _token(scene: _Scene, fault: Json) -> Iterator[Line]:
    yield f"{scene.vendor(fault['connection'])}'s token died", "renewed"


_TOLD: Final[dict[str, Callable[[_Scene, Json], Iterator[Line]]]] = {
    "webhook_duplicate": _arrived,
    "webhook_reorder": _arrived,
    "webhook_drop": _dropped,
    "webhook_delay": _delayed,
    "gateway_events": _gateway,
    "throttle": _throttled,
    "reply_dropped": _lost,
    "patch_not_applied": _deaf,
    "carrier_down": _silent,
    "void_rejected": _void,
    "token_dead": _token,
}
