"""The format day/1: what may stand where in a day file. Every list here is closed."""

from typing import Any, Final

from demo.marked import (
    Check,
    Spot,
    anything,
    count,
    day,
    flag,
    hour,
    instant,
    many,
    nearest,
    nullable,
    record,
    table,
    text,
    whole,
    word,
)

CHANNELS: Final = ("shop", "amz")
HOLDS: Final = (
    "before_go_live", "awaiting_channel", "risk", "payment_short", "payment_currency", "authorization_lapsed",
    "unlinked_sku", "backordered", "address_withheld", "address_changed_after_label", "customs_missing",
    "held_by_other_app", "not_ours",
)  # fmt: skip
OUTCOMES: Final = ("shipped", "shipped_elsewhere", "fulfilled_by_amazon", "cancelled", "held")
REASONS: Final = (
    "chosen",
    "dearer",
    "late",
    "no_po_box",
    "other_currency",
    "not_allowed",
    "over_max",
    "no_answer",
)
"""Why a rate was taken or lost; quotes are listed in this order."""
PAYMENT_STATES: Final = (
    "verified", "short", "mismatch", "lapsed", "pending", "refunded", "partially_refunded", "cancelled",
)  # fmt: skip
STATUSES: Final = ("PENDING", "UNSHIPPED", "CANCELLED")
PLACED_AS: Final = ("PENDING", "UNSHIPPED", "SHIPPED")
RISKS: Final = ("normal", "elevated", "highest", "not_assessed", "unknown")
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_parts = table(count)
_size = many(count, least=3)

_product = record(
    {"title": text, "weight_g": count, "size_mm": _size},
    {"hs": nullable(text), "origin": nullable(text), "substitutes": many(text)},
)
_shop_listing = record({"listing": text, "at": text, "of": nullable(_parts), "shows": whole})
_amazon_listing = record(
    {"listing": text, "fulfilled_by": word(("merchant", "amazon")), "of": nullable(_parts), "shows": whole}
)
_card = record({
    "carrier": text, "service": text, "currency": text, "base": whole, "step": table(whole), "days": table(whole),
    "po_box": flag,
})  # fmt: skip
_address = record(
    {"street1": text, "city": text, "zip": text, "country": text},
    {"street2": text, "state": nullable(text), "phone": text, "name": text, "company": text},
)
_customer = record(
    {"name": nullable(text), "email": nullable(text)}, {"orders_before": whole, "phone": nullable(text)}
)
_payment_words: dict[str, Check] = {"gateway": text, "amount": whole, "currency": text}
_payment_more: dict[str, Check] = {
    "capture": word(("now", "later")),
    "capture_before": instant,
    "risk": record({"level": word(RISKS, "level"), "score": whole}),
}
_payment = record(_payment_words, _payment_more)
_shop_line = record(
    {"sku": nullable(text), "qty": count, "price": whole}, {"title": text, "discount": whole, "ships": flag}
)
_amazon_line = record(
    {"listing": text, "qty": count, "price": whole}, {"discount": whole, "customized": flag}
)
_presentment = record(
    {"currency": text, "prices": many(whole), "shipping": whole, "tax": whole, "total": whole}
)
_sums: dict[str, Check] = {
    "shipping": whole,
    "tax": whole,
    "tax_included": flag,
    "total": whole,
    "currency": text,
}
_shop_order = record(
    {
        "channel": word(CHANNELS, "channel"), "id": text, "customer": _customer, "ship_to": nullable(_address),
        "method": text, "lines": many(_shop_line, least=1), "pay": many(_payment), **_sums,
    },
    {"at": instant, "presentment": _presentment, "tax_collected_by": word(("marketplace", "merchant"))},
)  # fmt: skip
_amazon_order = record(
    {
        "channel": word(CHANNELS, "channel"), "id": text, "customer": _customer, "ship_to": nullable(_address),
        "status": word(PLACED_AS, "status"), "fulfilled_by": word(("merchant", "amazon")),
        "service_level": text, "lines": many(_amazon_line, least=1), **_sums,
    },
    {
        "at": instant, "ship_by": instant, "deliver_by": instant, "programs": many(text),
        "tax_collected_by": word(("marketplace", "merchant")),
    },
)  # fmt: skip


def place(value: Any, spot: Spot) -> None:
    """Want an order as a shopper sees it, at the shop or on Amazon."""
    channel = value.get("channel") if isinstance(value, dict) else None
    (_amazon_order if channel == "amz" else _shop_order)(value, spot)


def _accept(value: Any, spot: Spot) -> None:
    if value == "all":
        return
    if not isinstance(value, dict):
        spot.wrong("accept says all, or a map with actions and connections")
        return
    some = record({}, {"actions": _all_or_some, "connections": _all_or_some})
    some(value, spot)


def _all_or_some(value: Any, spot: Spot) -> None:
    if value != "all":
        many(text, least=1)(value, spot)


_of_order: dict[str, Check] = {"order": text}
VERBS: Final[dict[str, Check]] = {
    "connect": many(text, least=1),
    "reconnect": many(text, least=1),
    "disconnect": many(text, least=1),
    "accept": _accept,
    "place": place,
    "amazon_status": record({"order": text, "to": word(STATUSES, "status")}),
    "release": record(_of_order),
    "reject": record(_of_order, {"why": text}),
    "cancel": record(
        {"order": text, "by": word(("channel", "merchant"))}, {"refund": flag, "restock": flag, "reason": text}
    ),
    "request_cancel": record(_of_order, {"reason": text}),
    "edit": record(
        _of_order,
        {
            "add": many(_shop_line, least=1), "remove": many(record({"sku": text}, {"qty": count}), least=1),
            "ship_to": _address, "shipping": whole, "tax": whole, "total": whole,
        },
    ),
    "pay": record({"order": text, **_payment_words}, _payment_more),
    "refund": record(
        {"order": text, "by": word(("channel",))},
        {"amount": whole, "currency": text, "lines": many(record({"sku": text, "qty": count})), "restock": flag},
    ),
    "link": record({"channel": word(CHANNELS, "channel"), "listing": text, "of": _parts}),
    "product": record(
        {"sku": text},
        {"title": text, "weight_g": count, "size_mm": _size, "hs": nullable(text), "origin": nullable(text)},
    ),
    "choose": record({"order": text, "hold": word(HOLDS, "hold"), "do": text}),
    "receive": record({"at": text, "units": _parts}),
    "count": record({"at": text, "units": table(whole)}),
    "grant": record({}, {"order": text, "address": _address, "role": text}),
    "other_tool": record(
        {"name": text, "do": word(("ship", "hold", "release", "set_level"), "deed")},
        {
            "order": text, "carrier": text, "tracking": text, "reason": text, "notes": text, "listing": text,
            "at": text, "to": whole, "lines": many(record({"sku": text, "qty": count})),
        },
    ),
    "return_request": record(
        {"order": text, "lines": many(record({"sku": text, "qty": count}), least=1)}, {"reason": text, "wants": text}
    ),
    "return_received": record(
        {"order": text, "at": text, "units": table(word(("resell", "damaged"), "state"))}, {"credit": anything}
    ),
}  # fmt: skip
MERCHANT: Final = frozenset(
    {"connect", "reconnect", "accept", "release", "reject", "link", "product", "choose", "receive", "count",
     "return_request", "return_received"}
)  # fmt: skip
"""Verbs that the merchant does at the hub; all others happen at a channel."""

_of_fault: dict[str, Check] = {"kind": text, "order": text}
_since: dict[str, Check] = {"after": instant, "connection": text}
_call = record(
    {"kind": text, "connection": text, "operation": text},
    {"after": instant, "times": count, "order": text, "listing": text},
)
FAULTS: Final[dict[str, Check]] = {
    "webhook_duplicate": record({**_of_fault, "topic": text}, {"times": count, **_since}),
    "webhook_reorder": record({**_of_fault, "sequence": many(text, least=2)}, _since),
    "webhook_delay": record(
        {**_of_fault, "topic": text}, {"by": text, "until": instant, "times": count, **_since}
    ),
    "webhook_drop": record({**_of_fault, "topic": text}, {"times": count, **_since}),
    "gateway_events": record(
        _of_fault,
        {"sequence": many(text, least=2), "topic": text, "repeats": count, "times": count, **_since},
    ),
    "throttle": _call,
    "reply_dropped": _call,
    "patch_not_applied": record(
        {"kind": text, "connection": text, "listing": text}, {"after": instant, "times": count}
    ),
    "carrier_down": record(
        {"kind": text, "carrier": text, "from": instant}, {"to": instant, "how": word(("hang", "error"))}
    ),
    "void_rejected": record({"kind": text}, {"carrier": text, "order": text, "times": count, **_since}),
    "token_dead": record({"kind": text, "connection": text, "at": instant}),
    "kill": record({"kind": text, "at": instant}),
}


def event(value: Any, spot: Spot) -> None:
    """Want an instant and exactly one verb."""
    if not isinstance(value, dict):
        spot.wrong("an event is a map: at, and one verb")
        return
    if "at" not in value:
        spot.wrong("at is missing")
    else:
        instant(value["at"], spot / "at")
    verbs = [key for key in value if key != "at"]
    if len(verbs) != 1:
        spot.wrong(
            f"an event has exactly one verb, this has {len(verbs)}: {', '.join(map(str, verbs)) or '-'}"
        )
    for verb in verbs:
        if verb in VERBS:
            VERBS[verb](value[verb], spot / verb)
        else:
            (spot / str(verb)).wrong_key(f"there is no verb {verb}; {nearest(verb, VERBS)}")


def fault(value: Any, spot: Spot) -> None:
    """Want one fault of a kind that is known."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind in FAULTS:
        FAULTS[str(kind)](value, spot)
    else:
        (spot / "kind" if kind is not None else spot).wrong(
            f"{kind} is no kind of fault; {nearest(kind, FAULTS)}"
        )


_location = record(
    {"timezone": text, "street1": text, "city": text, "zip": text, "country": text},
    {
        "name": text, "street2": text, "company": text, "state": text, "phone": text, "days": many(word(WEEKDAYS)),
        "holidays": many(day), "cutoff": hour, "labels": text, "grace": text, "tell": text,
    },
)  # fmt: skip


def config(value: Any, spot: Spot) -> None:
    """Want what the player itself must read of crossdock.yaml; the rest the hub reads and judges."""
    if not isinstance(value, dict):
        spot.wrong("config is crossdock.yaml: a map")
        return
    for key in ("merchant", "connections", "locations"):
        if key not in value:
            spot.wrong(f"{key} is missing")
    table(_connection)(value.get("connections", {}), spot / "connections")
    table(_location)(value.get("locations", {}), spot / "locations")


def _connection(value: Any, spot: Spot) -> None:
    if not isinstance(value, dict) or "use" not in value:
        spot.wrong("a connection says which connector it uses: use")
        return
    word(USES, "connector of a day")(value["use"], spot / "use")


USES: Final = ("shopify", "amazon", "stripe", "easypost", "email")

_act = record({"id": text, "until": instant})
_look = record({"id": text, "at": instant})
_given = record(
    {
        "products": table(_product), "counts": table(table(whole)),
        "listings": record({}, {"shop": many(_shop_listing), "amz": many(_amazon_listing)}),
        "zones": table(table(many(text))), "cards": many(_card, least=1),
    },
    {"kits": table(_parts), "before": many(record({"place": place}))},
)  # fmt: skip
_promised = record(
    {},
    {
        "go_live": table(anything),
        "orders": table(anything),
        "returns": table(anything),
        "checkpoints": many(anything),
    },
)
DAY: Final = record(
    {
        "format": word(("day/1",), "format this player knows"), "day": text, "title": text,
        "clock": record({"start": instant, "end": instant}), "config": config, "given": _given, "when": many(event),
    },
    {"acts": many(_act), "looks": many(_look), "faults": many(fault), "then": _promised},
)  # fmt: skip
