"""The format day/1: what may stand where in a day. Every list here is closed."""

from typing import Any, Final

from day.located_yaml import Position, nearest
from day.shapes import (
    Shape,
    anything,
    count,
    country,
    currency,
    day,
    duration,
    flag,
    hour,
    instant,
    many,
    nullable,
    number,
    record,
    several,
    table,
    text,
    whole,
    word,
    zone,
)

CHANNELS: Final = ("shop", "amz")
OUTCOMES: Final = ("shipped", "shipped_elsewhere", "fulfilled_by_amazon", "cancelled", "closed", "held")
REASONS: Final = (
    "chosen",
    "dearer",
    "slower",
    "late",
    "no_po_box",
    "no_military",
    "no_customs",
    "other_currency",
    "not_allowed",
    "over_max",
    "refused",
    "no_answer",
)
"""Why a rate was taken or lost; quotes are listed in this order."""
STATUSES: Final = (
    "PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE",
)  # fmt: skip
RISKS: Final = ("normal", "elevated", "highest", "not_assessed", "unknown")
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USES: Final = ("shopify", "amazon", "stripe", "easypost", "email")
TOPICS: Final = (
    "*", "app/uninstalled", "fulfillments/create", "fulfillments/update", "fulfillment_orders/hold_released",
    "fulfillment_orders/moved", "fulfillment_orders/placed_on_hold", "orders/cancelled", "orders/create",
    "orders/edited", "orders/fulfilled", "orders/paid", "orders/updated", "refunds/create", "ORDER_CHANGE",
    "tracker.updated", "charge.captured", "charge.dispute.created", "charge.expired", "charge.refunded", "charge.succeeded",
    "payment_intent.amount_capturable_updated", "payment_intent.canceled", "payment_intent.created",
    "payment_intent.succeeded", "refund.created",
)  # fmt: skip
"""What a message about an order can be called; `*` is every message of its channel."""

_channel = word(CHANNELS, "channel")
_party = word(("merchant", "amazon"), "party")
_parts = table(count)
_size = many(number, least=3)
_product_data: dict[str, Shape] = {
    "title": text, "weight_g": whole, "size_mm": _size, "hs": nullable(text), "origin": nullable(country),
}  # fmt: skip
_product = record(
    {key: _product_data[key] for key in ("title", "weight_g", "size_mm")},
    {**_product_data, "substitutes": many(text), "barcode": text, "price": whole},
)
_shop_listing = record({"listing": text, "at": text, "of": nullable(_parts), "shows": whole})
_amazon_listing = record(
    {"listing": text, "fulfilled_by": _party, "of": nullable(_parts), "shows": whole}, {"title": text}
)
_card = record({
    "carrier": text, "service": text, "currency": currency, "base": whole, "step": table(whole),
    "days": table(whole), "po_box": flag,
})  # fmt: skip
_address = record(
    {"street1": text, "country": country},
    {
        "city": text,
        "zip": text,
        "street2": text,
        "state": nullable(text),
        "phone": text,
        "name": text,
        "company": text,
    },
)
_customer = record(
    {"name": nullable(text), "email": nullable(text)}, {"orders_before": whole, "phone": nullable(text)}
)
_payment_needs: dict[str, Shape] = {"gateway": text, "amount": count}
_payment_more: dict[str, Shape] = {
    "currency": currency,
    "capture": word(("now", "later"), "capture"),
    "capture_before": instant,
    "risk": record({"level": word(RISKS, "level")}, {"score": whole}),
}
_shop_line = record(
    {"sku": nullable(text), "qty": count, "price": whole},
    {"title": nullable(text), "discount": whole, "ships": flag},
)
_amazon_line = record(
    {"listing": text, "qty": count, "price": whole}, {"discount": whole, "customized": flag}
)
_some_units = record({"qty": count}, {"sku": text, "listing": text, "title": text})
_presentment = record(
    {"currency": currency, "total": whole}, {"prices": many(whole), "shipping": whole, "tax": whole}
)
_order_needs: dict[str, Shape] = {
    "channel": _channel, "id": text, "customer": _customer, "ship_to": nullable(_address), "shipping": whole,
    "tax": whole, "tax_included": flag, "total": whole, "currency": currency,
}  # fmt: skip
_order_more: dict[str, Shape] = {
    "at": nullable(instant), "tax_collected_by": word(("marketplace", "merchant")), "withheld": flag,
}  # fmt: skip
_shop_order = record(
    {**_order_needs, "method": text, "lines": many(_shop_line, least=1),
     "pay": many(record(_payment_needs, _payment_more))},
    {**_order_more, "presentment": _presentment},
)  # fmt: skip
_amazon_order = record(
    {**_order_needs, "status": word(STATUSES, "status"), "fulfilled_by": _party, "service_level": text,
     "lines": many(_amazon_line, least=1)},
    {**_order_more, "ship_by": instant, "deliver_by": instant, "programs": many(text)},
)  # fmt: skip


def place(value: Any, position: Position) -> None:
    """Want an order as a shopper sees it, at the shop or on Amazon."""
    channel = value.get("channel", CHANNELS[0]) if isinstance(value, dict) else CHANNELS[0]
    if channel in CHANNELS:
        (_amazon_order if channel == "amz" else _shop_order)(value, position)
    else:
        _channel(channel, position / "channel")


def _accept(value: Any, position: Position) -> None:
    if value == "all":
        return
    if not isinstance(value, dict):
        position.wrong("accept says all, or a map with actions and connections")
        return
    some = record({}, {"actions": _all_or_some, "connections": _all_or_some})
    some(value, position)


def _all_or_some(value: Any, position: Position) -> None:
    if value != "all":
        many(text, least=1)(value, position)


_of_order: dict[str, Shape] = {"order": text}
_where: dict[str, Shape] = {"channel": _channel, "connection": text}
_names = many(text, least=1)
_units_of = many(_some_units, least=1)
_outage: dict[str, Shape] = {"to": instant, "how": word(("hang", "error"), "failure")}
VERBS: Final[dict[str, Shape]] = {
    "connect": _names,
    "reconnect": _names,
    "disconnect": _names,
    "accept": _accept,
    "place": place,
    "amazon_status": record({**_of_order, "to": word(STATUSES, "status")}),
    "release": record(_of_order, {"hold": text}),
    "hold": record(_of_order),
    "void": record({**_of_order, "parcel": text}),
    "retry": record(_of_order),
    "reject": record(_of_order, {"why": text}),
    "cancel": record(
        _of_order,
        {"by": word(("channel", "merchant")), "refund": flag, "restock": flag, "reason": text},
    ),
    "cancel_fulfillment": record(_of_order, {"tracking": text}),
    "request_cancel": record(_of_order, {"reason": text}),
    "edit": record(
        _of_order,
        {
            "add": many(_shop_line, least=1), "ship_to": _address, "shipping": whole, "tax": whole, "total": whole,
            "remove": many(record({}, {"qty": count, "sku": nullable(text), "title": text}), least=1),
        },
    ),
    "pay": record({**_of_order, **_payment_needs}, _payment_more),
    "refund": record(
        _of_order,
        {"by": word(("channel",)), "amount": whole, "currency": currency, "lines": _units_of, "restock": flag},
    ),
    "link": record({"channel": _channel, "listing": text, "of": _parts}),
    "product": record({"sku": text}, _product_data),
    "choose": record({**_of_order, "hold": text, "do": text}),
    "receive": record({"at": text, "units": _parts}),
    "count": record({"at": text, "units": table(whole)}),
    "grant": record({}, {**_where, **_of_order, "address": _address, "role": text}),
    "other_tool": record(
        {"name": text, "do": word(("ship", "hold", "release", "set_level"), "act of another tool")},
        {
            **_where, **_of_order, "carrier": text, "tracking": text, "reason": text, "notes": text,
            "listing": text, "at": text, "to": whole, "lines": _units_of,
        },
    ),
    "dispute": record({}, {**_of_order, "payment_intent": text, "reason": text}),
    "carrier_down": record({"carrier": text}, {"from": instant, **_outage}),
    "void_rejected": record({"carrier": text}, {"times": count}),
    "patch_not_applied": record({"listing": text}, {**_where, "times": count}),
    "redact": record({"uri": text}, {**_of_order, "topic": text}),
    "return_request": record({**_of_order, "lines": _units_of}, {"reason": text, "wants": text}),
    "return_received": record(
        {**_of_order, "at": text, "units": table(word(("resell", "damaged"), "state"))}, {"credit": anything}
    ),
}  # fmt: skip
MERCHANT: Final = frozenset(
    {"connect", "reconnect", "accept", "release", "hold", "void", "retry", "reject", "link", "product", "choose",
     "receive", "count", "return_request", "return_received"}
)  # fmt: skip
"""Verbs that the merchant does at the hub; all others happen at a channel."""

_topic = word(TOPICS, "topic")
_kind: dict[str, Shape] = {"kind": text}
_struck: dict[str, Shape] = {**_kind, **_of_order}
_since: dict[str, Shape] = {"after": instant, "connection": text}
_call = record(
    {**_kind, "connection": text, "operation": text},
    {"after": instant, "times": count, "order": text, "listing": text},
)
_delay = record({**_struck, "topic": _topic}, {"by": duration, "until": instant, "times": count, **_since})


def _webhook_delay(value: Any, position: Position) -> None:
    _delay(value, position)
    if ("by" in value) == ("until" in value):
        position.wrong("give either by (such as 10m) or until (an instant)")


FAULTS: Final[dict[str, Shape]] = {
    "webhook_duplicate": record({**_struck, "topic": _topic}, {"times": several, **_since}),
    "webhook_reorder": record({**_struck, "sequence": many(_topic, least=2)}, _since),
    "webhook_delay": _webhook_delay,
    "webhook_drop": record({**_struck, "topic": _topic}, {"times": count, **_since}),
    "gateway_events": record(
        _struck,
        {"sequence": many(_topic, least=2), "topic": _topic, "repeats": several, "times": several, **_since},
    ),
    "throttle": _call,
    "reply_dropped": _call,
    "patch_not_applied": record(
        {**_kind, "connection": text, "listing": text}, {"after": instant, "times": count}
    ),
    "carrier_down": record({**_kind, "carrier": text, "from": instant}, _outage),
    "void_rejected": record(_kind, {"carrier": text, "order": text, "times": count, **_since}),
    "token_dead": record({**_kind, "connection": text, "at": instant}),
    "kill": record({**_kind, "at": instant}),
}


def event(value: Any, position: Position) -> None:
    """Want an instant and exactly one verb."""
    if not isinstance(value, dict):
        position.wrong("an event is a map: at, and one verb")
        return
    if "at" not in value:
        position.wrong("at is missing")
    else:
        instant(value["at"], position / "at")
    verbs = [key for key in value if key != "at"]
    if len(verbs) != 1:
        several_verbs = ", ".join(map(str, verbs)) or "-"
        position.wrong(f"an event has exactly one verb, this has {len(verbs)}: {several_verbs}")
    for verb in verbs:
        if verb in VERBS:
            VERBS[verb](value[verb], position / verb)
        else:
            (position / str(verb)).wrong_key(f"there is no verb {verb}{nearest(verb, VERBS)}")


def fault(value: Any, position: Position) -> None:
    """Want one fault of a kind that is known."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind in FAULTS:
        FAULTS[str(kind)](value, position)
    else:
        at = position / "kind" if kind is not None else position
        at.wrong(f"{kind} is no kind of fault{nearest(kind, FAULTS)}")


_locations = table(
    record(
        {"timezone": zone, "street1": text, "city": text, "zip": text, "country": country},
        {
            "name": text, "street2": text, "company": text, "state": text, "phone": text, "cutoff": hour,
            "days": many(word(WEEKDAYS, "day of the week")), "holidays": many(day), "labels": text, "grace": text,
            "tell": text,
        },
    )
)  # fmt: skip


def config(value: Any, position: Position) -> None:
    """Want what the player itself must read of crossdock.yaml; the rest the hub reads and judges."""
    if not isinstance(value, dict):
        position.wrong("config is crossdock.yaml: a map")
        return
    for key in ("merchant", "connections", "locations"):
        if key not in value:
            position.wrong(f"{key} is missing")
    table(_connection)(value.get("connections", {}), position / "connections")
    _locations(value.get("locations", {}), position / "locations")


def _connection(value: Any, position: Position) -> None:
    if not isinstance(value, dict) or "use" not in value:
        position.wrong("a connection says which connector it uses: use")
        return
    word(USES, "connector of a day")(value["use"], position / "use")


_stocked: dict[str, Shape] = {
    "products": table(_product), "counts": table(table(whole)), "zones": table(table(many(text))),
    "cards": many(_card, least=1),
    "listings": record({}, {"shop": many(_shop_listing), "amz": many(_amazon_listing)}),
}  # fmt: skip
_besides: dict[str, Shape] = {
    "kits": table(_parts), "before": many(record({"place": place}, {"at": nullable(instant)}))
}  # fmt: skip
_promised = record(
    {},
    {"go_live": table(anything), "orders": table(anything), "returns": table(anything), "checkpoints": many(anything)},
)  # fmt: skip
DAY: Final = record(
    {
        "format": word(("day/1",), "format this player knows"), "day": text, "title": text,
        "clock": record({"start": instant, "end": instant}), "config": config, "given": record(_stocked, _besides),
        "when": many(event),
    },
    {
        "acts": many(record({"id": text, "until": instant})), "looks": many(record({"id": text, "at": instant})),
        "faults": many(fault), "then": _promised,
    },
)  # fmt: skip
HOUSE: Final = record(
    {"merchant": text, "locations": _locations, "listings": _stocked["listings"]},
    {
        **_stocked, **_besides, "shop": nullable(text), "marketplaces": nullable(many(text)), "seller": nullable(text),
        "currency": currency, "taxes_included": flag, "mode": word(("live", "test"), "mode"),
        "limits": nullable(record({}, {"scale": number, "points_per_s": number})), "connections": table(word(USES, "connector of a day")),
    },
)  # fmt: skip
"""What is given of a day, as the stand-ins are told it."""
