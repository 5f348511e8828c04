"""Orders that go wrong, each in a way of its own, and what must come of each: worked out by hand from Kendra's house."""

import copy
from dataclasses import dataclass
from typing import Any

from day.day import Day, load_day
from demo import KENDRA

Json = dict[str, Any]
OPENS, ACCEPTED, ENDS = "07:00", "07:30", "11:30"
RISK = {"level": "normal", "score": 5}
OREGON = {
    "street1": "100 Test Kitchen Way", "city": "Portland", "state": "OR", "zip": "97205", "country": "US",
    "phone": "+15035550101",
}  # fmt: skip
TEXAS = {**OREGON, "street1": "91 Elm Elbow", "city": "Dallas", "state": "TX", "zip": "75201"}
HAWAII = {**OREGON, "street1": "7 Palm Path", "city": "Hilo", "state": "HI", "zip": "96720"}
TORONTO = {
    **OREGON,
    "street1": "12 Queen Quay",
    "city": "Toronto",
    "state": "ON",
    "zip": "M5V 2T6",
    "country": "CA",
}
KNIVES = [{"sku": "PARE-3", "qty": 2, "price": 2900}]
SHOP_TOTAL = 6495
LARGE_KNIFE = {
    "title": "Ceremonial sword",
    "weight_g": 900,
    "size_mm": [900, 90, 40],
    "hs": "8211.92",
    "origin": "US",
}
RULE = {
    "id": "no-socks", "when": "order.verified", "if": 'order.lines.exists(l, l.sku == "SOCKS-CHEF")',
    "then": [{"hold": {"reason": "Ask Klara whether there are socks"}}],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """An order that goes wrong, and what must come of it."""

    number: str
    events: tuple[Json, ...]
    """What happens to it; one ``before`` the day begins is the only one with that key."""
    faults: tuple[Json, ...] = ()
    outcome: str | None
    holds: tuple[str, ...] = ()
    units: Json
    payment: str | None = "verified"
    labels: tuple[tuple[str, str, int, bool], ...] = ()
    """(location, carrier, price of the label in minor units, whether it was voided) of each label."""


def at(time: str) -> str:
    """Return an instant of Cyber Monday at the first location."""
    return f"2026-11-30T{time}:00-08:00"


def bought(number: str, time: str, **other: Any) -> Json:
    """Return an order at the shop: two paring knives to Oregon, paid through Stripe, unless said otherwise."""
    order: Json = {
        "channel": "shop", "id": number, "method": "Standard",
        "customer": {"name": "Zephyrine Quillfeather", "email": f"{number.lower()}@quokka.test", "orders_before": 1},
        "ship_to": OREGON, "lines": KNIVES, "shipping": 695, "tax": 0, "tax_included": False, "total": SHOP_TOTAL,
        "currency": "USD",
        "pay": [{"gateway": "stripe", "amount": SHOP_TOTAL, "currency": "USD", "capture": "now", "risk": RISK}],
    }  # fmt: skip
    return {"at": at(time), "place": order | other}


def paid(amount: int, **other: Any) -> list[Json]:
    return [
        {"gateway": "stripe", "amount": amount, "currency": "USD", "capture": "now", "risk": RISK} | other
    ]


def on_amazon(number: str, time: str, **other: Any) -> Json:
    """Return an order on Amazon: one chef's knife to Oregon, unless said otherwise."""
    order: Json = {
        "channel": "amz", "id": number, "customer": {"name": "Zephyrine Quillfeather", "email": None},
        "ship_to": OREGON, "status": "UNSHIPPED", "fulfilled_by": "merchant", "service_level": "STANDARD",
        "ship_by": "2026-12-01T23:59:59-08:00", "deliver_by": "2026-12-07T23:59:59-08:00",
        "lines": [{"listing": "KK-CHEF8-FBM", "qty": 1, "price": 9200}], "shipping": 0, "tax": 0, "tax_included": False,
        "tax_collected_by": "marketplace", "total": 9200, "currency": "USD",
    }  # fmt: skip
    return {"at": at(time), "place": order | other}


def then(time: str, verb: str, number: str, **what: Any) -> Json:
    return {"at": at(time), verb: {"order": number, **what}}


def of_amazon(digit: int) -> str:
    return f"112-400000{digit}-000000{digit}"


TWO = {"PARE-3@reno": 2}
CHEF = {"CHEF-8@reno": 1}
FEDEX = "FedEx"

FAULTS: dict[str, Planted] = {
    "a payment of high risk": Planted(
        number="P-1",
        events=(bought("P-1", "08:00", pay=paid(SHOP_TOTAL, risk={"level": "highest", "score": 82})),),
        outcome="held", holds=("risk",), units=TWO,
    ),
    "a payment that is short": Planted(
        number="P-2", events=(bought("P-2", "08:00", pay=paid(6000)),),
        outcome="held", holds=("payment_short",), units=TWO, payment="short",
    ),
    "a total that does not add up": Planted(
        number="P-3", events=(bought("P-3", "08:01", total=6500, pay=paid(6500)),),
        outcome="held", holds=("total_mismatch",), units=TWO,
    ),
    "a currency that nobody reads": Planted(
        number="P-4",
        events=(
            bought(
                "P-4", "08:01", shipping=0, total=5800,
                pay=[{"gateway": "shopify_payments", "amount": 10382, "currency": "ANG", "capture": "now"}],
                presentment={"currency": "ANG", "total": 10382, "prices": [5191], "shipping": 0, "tax": 0},
            ),
        ),
        outcome="held", holds=("unreadable",), units=TWO, payment=None,
    ),
    "a payment in another currency": Planted(
        number="P-5", events=(bought("P-5", "08:02", pay=paid(SHOP_TOTAL, currency="EUR")),),
        outcome="held", holds=("payment_currency",), units=TWO, payment="mismatch",
    ),
    "an authorization that lapsed": Planted(
        number="P-6",
        events=(bought("P-6", "08:02", pay=paid(SHOP_TOTAL, capture="later", capture_before=at("08:10"))),),
        outcome="held", holds=("authorization_lapsed",), units=TWO, payment="lapsed",
    ),
    "an order from before go-live": Planted(
        number="P-7", events=({"before": bought("P-7", "06:00")["place"] | {"at": at("06:00")}},),
        outcome="held", holds=("before_go_live",), units=TWO,
    ),
    "an order that its channel keeps back": Planted(
        number=of_amazon(1), events=(on_amazon(of_amazon(1), "08:03", status="PENDING"),),
        outcome="held", holds=("awaiting_channel",), units=CHEF, payment="pending",
    ),
    "a listing that nobody linked": Planted(
        number=of_amazon(2),
        events=(
            on_amazon(of_amazon(2), "08:04", lines=[{"listing": "KK-TONGS-NEW", "qty": 1, "price": 9200}]),
        ),
        outcome="held", holds=("unlinked_sku",), units={},
    ),
    "more than lies there": Planted(
        number="P-8",
        events=(
            bought(
                "P-8", "08:05", lines=[{"sku": "DUTCH-6", "qty": 6, "price": 1000}], total=6695, pay=paid(6695)
            ),
        ),
        outcome="held", holds=("backordered",), units={},
    ),
    "an address that is withheld": Planted(
        number="P-9", events=(bought("P-9", "08:06", ship_to=None),),
        outcome="held", holds=("address_withheld",), units=TWO,
    ),
    "an address without a postcode": Planted(
        number="P-10",
        events=(bought("P-10", "08:07", ship_to={k: v for k, v in OREGON.items() if k != "zip"}),),
        outcome="held", holds=("address_withheld",), units=TWO,
    ),
    "goods without a tariff code": Planted(
        number="P-11",
        events=(
            bought(
                "P-11", "08:08", ship_to=TORONTO, method="International",
                lines=[{"sku": "SOCKS-SHEEP", "qty": 2, "price": 2900}],
            ),
        ),
        outcome="held", holds=("customs_missing",), units={"SOCKS-SHEEP@reno": 2},
    ),
    "another app that holds it": Planted(
        number="P-12",
        events=(bought("P-12", "08:09"), then("08:10", "other_tool", "P-12", name="Linnworks", do="hold")),
        outcome="held", holds=("held_by_other_app",), units=TWO,
    ),
    "a part that another tool shipped": Planted(
        number="P-13",
        events=(
            bought("P-13", "08:11"),
            then(
                "08:12", "other_tool", "P-13", name="Linnworks", do="ship", carrier="UPS",
                tracking="1Z9990000000000013", lines=[{"sku": "PARE-3", "qty": 1}],
            ),
        ),
        outcome="held", holds=("not_ours",), units={"PARE-3@reno": 2},
    ),
    "all of it shipped by another tool": Planted(
        number="P-14",
        events=(
            bought("P-14", "08:13"),
            then("08:14", "other_tool", "P-14", name="Linnworks", do="ship", carrier="UPS", tracking="1Z9990000000000014"),
        ),
        outcome="shipped_elsewhere", units=TWO,
    ),
    "a place where no carrier goes": Planted(
        number="P-15", events=(bought("P-15", "08:15", ship_to=HAWAII),),
        outcome="held", holds=("no_rate",), units=TWO,
    ),
    "goods that fit no box": Planted(
        number="P-16",
        events=(
            bought(
                "P-16", "08:16", lines=[{"sku": "SWORD", "qty": 1, "price": 5800}], total=6495,
            ),
        ),
        outcome="held", holds=("no_box",), units={"SWORD@reno": 1},
    ),
    "a rule that holds it": Planted(
        number="P-17",
        events=(bought("P-17", "08:17", lines=[{"sku": "SOCKS-CHEF", "qty": 2, "price": 2900}]),),
        outcome="held", holds=("by_rule",), units={"SOCKS-CHEF@reno": 2},
    ),
    "a line more after the label, not paid": Planted(
        number="P-18",
        events=(
            bought("P-18", "08:18"),
            then("08:40", "edit", "P-18", add=[{"sku": "BREAD-10", "qty": 1, "price": 6900}], total=13395),
        ),
        outcome="held", holds=("changed_after_label", "payment_short"), units=TWO, payment="short", labels=(("reno", "USPS", 590, False),),
    ),
    "another address after the label": Planted(
        number="P-19",
        events=(bought("P-19", "08:19"), then("08:41", "edit", "P-19", ship_to=TEXAS)),
        outcome="shipped", holds=("address_changed_after_label",), units=TWO, labels=(("reno", "USPS", 590, False),),
    ),
    "a fulfillment that staff took back": Planted(
        number="P-20", events=(bought("P-20", "08:20"), then("08:42", "cancel_fulfillment", "P-20")),
        outcome=None, holds=("withdrawn",), units=TWO, labels=(("reno", "USPS", 590, False),),
    ),
    "cancelled after the label": Planted(
        number="P-21",
        events=(
            bought("P-21", "08:21"),
            then("08:43", "cancel", "P-21", by="merchant", refund=True, restock=True),
        ),
        outcome="cancelled", units={}, payment="refunded", labels=(("reno", "USPS", 590, True),),
    ),
    "cancelled before the label": Planted(
        number="P-22", events=(bought("P-22", "08:22"), then("08:25", "cancel", "P-22", by="channel", refund=True)),
        outcome="cancelled", units={}, payment="refunded",
    ),
    "all of it given back before the label": Planted(
        number="P-23",
        events=(bought("P-23", "08:23"), then("08:26", "refund", "P-23", by="channel", amount=SHOP_TOTAL)),
        outcome="closed", units={}, payment="refunded",
    ),
    "a label whose answer was lost": Planted(
        number="P-24", events=(bought("P-24", "08:24"),),
        faults=({"kind": "reply_dropped", "connection": "post", "operation": "buy", "order": "P-24", "times": 1},),
        outcome="shipped", units=TWO, labels=(("reno", "USPS", 590, False),),
    ),
    "a carrier that gave no rate": Planted(
        number="P-25", events=(bought("P-25", "10:00", ship_to=OREGON, lines=[{"sku": "SKILLET-12", "qty": 1, "price": 5800}]),),
        faults=({"kind": "carrier_down", "carrier": "FedEx", "from": at("10:10"), "to": at("10:20"), "how": "error"},),
        outcome="shipped", units={"SKILLET-12@reno": 1}, labels=(("reno", "UPS", 1180, False),),
    ),
    "webhooks that came three times": Planted(
        number="P-26", events=(bought("P-26", "08:27"),),
        faults=({"kind": "webhook_duplicate", "order": "P-26", "topic": "orders/create", "times": 3},),
        outcome="shipped", units=TWO, labels=(("reno", "USPS", 590, False),),
    ),
    "webhooks that never came": Planted(
        number="P-27", events=(bought("P-27", "08:28"),),
        faults=({"kind": "webhook_drop", "order": "P-27", "topic": "*"},),
        outcome="shipped", units=TWO, labels=(("reno", "USPS", 590, False),),
    ),
    "a person who holds it": Planted(
        number="P-28", events=(bought("P-28", "08:29"), then("08:30", "hold", "P-28")),
        outcome="held", holds=("by_person",), units=TWO,
    ),
    "a payment that is disputed": Planted(
        number="P-29", events=(bought("P-29", "08:31"), then("08:32", "dispute", "P-29")),
        outcome="held", holds=("risk",), units=TWO,
    ),
    "a buyer who asks to cancel": Planted(
        number=of_amazon(3),
        events=(on_amazon(of_amazon(3), "08:33"), then("08:34", "request_cancel", of_amazon(3))),
        outcome="held", holds=("not_ours",), units=CHEF,
    ),
    "a line that is customized": Planted(
        number=of_amazon(4),
        events=(
            on_amazon(
                of_amazon(4), "08:35",
                lines=[{"listing": "KK-CHEF8-FBM", "qty": 1, "price": 9200, "customized": True}],
            ),
        ),
        outcome="held", holds=("not_ours",), units=CHEF,
    ),
    "rejected by the merchant": Planted(
        number="P-30", events=(bought("P-30", "08:36"), then("08:37", "reject", "P-30")),
        outcome="cancelled", units={}, payment="refunded",
    ),
    "a label that a person takes back": Planted(
        number="P-31",
        events=(
            bought("P-31", "08:38", lines=[{"sku": "DUTCH-6", "qty": 1, "price": 5800}]),
            then("09:10", "void", "P-31", parcel="easton-1"),
        ),
        outcome="held", holds=("by_person",), units={"DUTCH-6@easton": 1}, labels=(("easton", "FedEx", 1600, True),),
    ),
    "two warehouses": Planted(
        number="P-32",
        events=(
            bought(
                "P-32", "08:39", total=24495, pay=paid(24495),
                lines=[{"sku": "CHEF-8", "qty": 1, "price": 8900}, {"sku": "DUTCH-6", "qty": 1, "price": 14900}],
            ),
        ),
        outcome=None, units={"CHEF-8@reno": 1, "DUTCH-6@easton": 1},
        labels=(("reno", "USPS", 700, False), ("easton", "FedEx", 1600, False)),
    ),
    "a PO box": Planted(
        number="P-33", events=(bought("P-33", "08:40", ship_to=OREGON | {"street1": "PO Box 77"}),),
        outcome="shipped", units=TWO, labels=(("reno", "USPS", 590, False),),
    ),
    "released although it is short": Planted(
        number="P-34",
        events=(
            bought("P-34", "08:41", pay=paid(6000)),
            then("09:00", "release", "P-34", hold="payment_short"),
        ),
        outcome="shipped", holds=("payment_short",), units=TWO, payment="short", labels=(("reno", "USPS", 590, False),),
    ),
    "units that came later": Planted(
        number="P-35",
        events=(
            bought("P-35", "08:44", lines=[{"sku": "FLEECE", "qty": 4, "price": 1450}]),
            {"at": at("09:20"), "receive": {"at": "reno", "units": {"FLEECE": 5}}},
        ),
        outcome="shipped", holds=("backordered",), units={"FLEECE@reno": 4}, labels=(("reno", "USPS", 590, False),),
    ),
    "a tariff code that came later": Planted(
        number="P-36",
        events=(
            bought(
                "P-36", "08:45", ship_to=TORONTO, method="International",
                lines=[{"sku": "SOCKS-GOAT", "qty": 2, "price": 2900}],
            ),
            {"at": at("09:25"), "product": {"sku": "SOCKS-GOAT", "hs": "6115.95"}},
        ),
        outcome="shipped", holds=("customs_missing",), units={"SOCKS-GOAT@reno": 2},
        labels=(("reno", "UPS", 2100, False),),
    ),
    "a listing that was linked later": Planted(
        number=of_amazon(5),
        events=(
            on_amazon(of_amazon(5), "08:46", lines=[{"listing": "KK-SHEARS", "qty": 1, "price": 9200}]),
            {"at": at("09:30"), "link": {"channel": "amz", "listing": "KK-SHEARS", "of": {"TONGS-9": 1}}},
        ),
        outcome="shipped", holds=("unlinked_sku",), units={"TONGS-9@reno": 1}, labels=(("reno", "USPS", 590, False),),
    ),
}  # fmt: skip


def planted_day() -> Day:
    """Return Kendra's Monday morning with every one of these orders in it."""
    data = copy.deepcopy(load_day(KENDRA).data)
    given: Json = data["given"]
    given["products"] |= {
        "SWORD": LARGE_KNIFE,
        "SOCKS-SHEEP": given["products"]["SOCKS-CHEF"] | {"title": "Sheep socks"},
    }
    given["counts"]["reno"] |= {"PARE-3": 99, "SWORD": 3, "SOCKS-SHEEP": 9}
    given["products"] |= {
        name: given["products"]["SOCKS-CHEF"] | {"title": name} for name in ("FLEECE", "SOCKS-GOAT")
    }
    given["counts"]["reno"] |= {"FLEECE": 1, "SOCKS-GOAT": 4}
    given["listings"]["amz"].append(
        {"listing": "KK-SHEARS", "fulfilled_by": "merchant", "of": None, "shows": 6}
    )
    for sku in ("SWORD", "SOCKS-SHEEP", "FLEECE", "SOCKS-GOAT"):
        given["listings"]["shop"].append({"listing": sku, "at": "reno", "of": {sku: 1}, "shows": 3})
    events = [event for planted in FAULTS.values() for event in planted.events]
    given["before"] = [{"place": event["before"]} for event in events if "before" in event]
    data["config"]["rules"].insert(0, RULE)
    data["config"]["locations"]["easton"]["tell"] = "scan"
    opening = [
        {"at": at(OPENS), "connect": ["shop", "amz", "pay", "post", "mail"]},
        {"at": at(ACCEPTED), "accept": "all"},
    ]
    return Day(
        data
        | {
            "clock": {"start": at(OPENS), "end": at(ENDS)},
            "acts": [{"id": "I", "until": at(ENDS)}],
            "looks": [],
            "when": [*opening, *sorted((e for e in events if "at" in e), key=lambda event: str(event["at"]))],
            "faults": [fault for planted in FAULTS.values() for fault in planted.faults],
            "then": {},
        }
    )


def cut_off_day(connection: str, time: str) -> Day:
    """Return the same morning with one order at eight, and a connection that lets the hub in no more."""
    data = planted_day().data
    happens = [
        *data["when"][:2],
        bought("C-1", "08:00"),
        {"at": at(time), "disconnect": [connection]},
    ]
    end = at("09:00")
    return Day(
        data
        | {
            "clock": {"start": at(OPENS), "end": end},
            "acts": [{"id": "I", "until": end}],
            "given": data["given"] | {"before": []},
            "when": sorted(happens, key=lambda event: str(event["at"])),
            "faults": [],
        }
    )
