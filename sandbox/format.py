"""The shapes of day/1: what a house, an order and a verb may say."""

from typing import Final

from sandbox import reading
from sandbox.reading import Check, MistakeError, among, each, maybe, record, under, whole
from sandbox.values import WEEK, Json

CHANNELS: Final = ("shop", "amz")
CONNECTIONS: Final[dict[str, str]] = {
    "shop": "shopify", "amz": "amazon", "pay": "stripe", "post": "easypost", "mail": "mail",
}  # fmt: skip
"""Which vendor a connection of the day is, where the house does not say it in `connections`."""
RISKS: Final = ("normal", "elevated", "highest", "not_assessed", "unknown")
PARTIES: Final = ("merchant", "amazon")
STATUSES: Final = (
    "PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE",
)  # fmt: skip

_AMOUNT: Final = whole()
_UNITS: Final = whole(1)
_PARTS: Final = under(reading.text, whole(1))
ADDRESS: Final = record(
    {"street1": reading.text, "country": reading.country},
    {
        "name": maybe(reading.text), "company": maybe(reading.text), "street2": maybe(reading.scalar),
        "city": maybe(reading.text), "state": maybe(reading.text), "zip": maybe(reading.scalar),
        "phone": maybe(reading.scalar),
    },
)  # fmt: skip
_CUSTOMER: Final = record(
    {}, {"name": maybe(reading.text), "email": maybe(reading.text), "orders_before": whole()}
)
_RISK: Final = record({"level": among(RISKS, "risk level")}, {"score": whole()})
_PAY: Final[dict[str, Check]] = {"gateway": reading.text, "amount": whole(1)}
_PAY_MORE: Final[dict[str, Check]] = {
    "currency": reading.currency, "capture": among(("now", "later"), "capture"),
    "capture_before": reading.instant, "risk": _RISK,
}  # fmt: skip
_PRESENTMENT: Final = record(
    {"currency": reading.currency, "total": _AMOUNT},
    {"prices": each(_AMOUNT), "shipping": _AMOUNT, "tax": _AMOUNT},
)
_SHOP_LINE: Final = record(
    {"sku": maybe(reading.text), "qty": _UNITS, "price": _AMOUNT},
    {"title": maybe(reading.text), "discount": _AMOUNT, "ships": reading.flag},
)
_AMAZON_LINE: Final = record(
    {"listing": reading.text, "qty": _UNITS, "price": _AMOUNT},
    {"discount": _AMOUNT, "customized": reading.flag},
)
_PLACED: Final[dict[str, Check]] = {
    "channel": among(CHANNELS, "channel"), "at": maybe(reading.instant), "shipping": _AMOUNT, "tax": _AMOUNT,
    "tax_included": reading.flag, "tax_collected_by": maybe(reading.text), "currency": reading.currency,
    "customer": _CUSTOMER, "ship_to": maybe(ADDRESS), "withheld": reading.flag,
}  # fmt: skip
_SHOP_ORDER: Final = record(
    {"id": reading.text, "lines": each(_SHOP_LINE, least=1), "total": _AMOUNT},
    {
        **_PLACED, "method": maybe(reading.text), "presentment": maybe(_PRESENTMENT),
        "pay": each(record(_PAY, _PAY_MORE)),
    },
)  # fmt: skip
_AMAZON_ORDER: Final = record(
    {"lines": each(_AMAZON_LINE, least=1)},
    {
        **_PLACED, "id": reading.text, "total": _AMOUNT, "status": among(STATUSES, "status"),
        "fulfilled_by": among(PARTIES, "fulfilling party"), "service_level": reading.text,
        "ship_by": maybe(reading.instant), "deliver_by": maybe(reading.instant),
        "programs": each(reading.text), "pay": each(reading.anything),
    },
)  # fmt: skip

_ORDER: Final[dict[str, Check]] = {"order": reading.text}
_CHANNEL: Final[dict[str, Check]] = {"channel": among(CHANNELS, "channel")}
_WHERE: Final[dict[str, Check]] = {**_CHANNEL, "connection": reading.text}
_SOME: Final = record({"qty": _UNITS}, {"sku": reading.text, "listing": reading.text, "title": reading.text})
_LESS: Final = record({}, {"qty": _UNITS, "sku": maybe(reading.text), "title": reading.text})
_NAMED: Final = record({}, _WHERE)
VERBS: Final[dict[str, Check]] = {
    "amazon_status": record({**_ORDER, "to": among(STATUSES, "status")}, {**_CHANNEL, "by": reading.text}),
    "edit": record(_ORDER, {
        **_CHANNEL, "add": each(_SHOP_LINE), "remove": each(_LESS), "ship_to": maybe(ADDRESS), "tax": _AMOUNT,
        "total": _AMOUNT, "shipping": _AMOUNT,
    }),
    "pay": record({**_ORDER, **_PAY}, {**_CHANNEL, **_PAY_MORE}),
    "refund": record(_ORDER, {
        **_CHANNEL, "by": reading.text, "amount": _AMOUNT, "currency": reading.currency, "lines": each(_SOME),
        "restock": reading.flag,
    }),
    "cancel": record(_ORDER, {
        **_CHANNEL, "by": reading.text, "refund": reading.flag, "restock": reading.flag, "reason": reading.text,
    }),
    "request_cancel": record(_ORDER, {**_CHANNEL, "reason": maybe(reading.text)}),
    "other_tool": record({"do": among(("ship", "hold", "release", "set_level"), "deed")}, {
        **_WHERE, "name": reading.text, "order": reading.text, "carrier": reading.text, "tracking": reading.scalar,
        "lines": each(_SOME), "reason": reading.text, "notes": reading.text, "listing": reading.text,
        "at": reading.text, "to": whole(None), "quantity": whole(None),
    }),
    "carrier_down": record({"carrier": reading.text}, {
        "how": maybe(among(("hang", "error"), "failure")), "mode": maybe(among(("hang", "error"), "failure")),
        "from": reading.instant, "to": reading.instant, "until": reading.instant,
    }),
    "void_rejected": record({"carrier": reading.text}, {"times": whole(1)}),
    "patch_not_applied": record({"listing": reading.text}, {**_WHERE, "times": whole(1)}),
    "grant": record({}, {
        **_WHERE, "order": reading.text, "address": maybe(ADDRESS), "role": reading.text,
    }),
    "dispute": record({}, {"payment_intent": reading.text, "order": reading.text, "reason": reading.text}),
    "redact": record({"uri": reading.text}, {**_CHANNEL, "topic": reading.text, "order": reading.text}),
    "disconnect": _NAMED,
    "reconnect": _NAMED,
}  # fmt: skip
"""Every verb but `place`; its shape depends on the channel."""

MERCHANT: Final = (
    "accept", "choose", "connect", "count", "link", "product", "receive", "reject", "release", "return_received",
    "return_request",
)  # fmt: skip

_LOCATION: Final = record(
    {"street1": reading.text, "zip": reading.scalar, "country": reading.country},
    {
        "timezone": reading.zone, "days": each(among(WEEK, "day of the week")), "holidays": each(reading.day),
        "cutoff": reading.clock_time,
    },
    closed=False,
)  # fmt: skip
_PRODUCT: Final = record({}, {
    "title": reading.text, "weight_g": whole(), "size_mm": maybe(each(reading.number)), "hs": maybe(reading.scalar),
    "origin": maybe(reading.country), "substitutes": reading.anything, "barcode": maybe(reading.scalar),
    "price": _AMOUNT,
})  # fmt: skip
_CARD: Final = record(
    {
        "carrier": reading.text, "service": reading.text, "currency": reading.currency, "base": _AMOUNT,
        "step": under(reading.text, _AMOUNT), "days": under(reading.text, whole()),
    },
    {"po_box": reading.flag},
)  # fmt: skip


def check_house(house: object) -> None:
    """Hold a house against its shape; MistakeError with what is wrong and where."""
    record({"merchant": reading.text, "locations": under(reading.text, _LOCATION)}, closed=False)(
        house, "house"
    )
    assert isinstance(house, dict)  # noqa: S101  the line above has seen to it
    if not house["locations"]:
        raise MistakeError("house.locations: needs at least one")
    _house(house)(house, "house")
    for place, card in enumerate(house.get("cards") or ()):
        lacking = sorted(set(card["step"]) - set(card["days"]))
        if lacking:
            raise MistakeError(f"house.cards[{place}].days: says nothing of the zone {lacking[0]!r}")
    for place, entry in enumerate(house.get("before") or ()):
        where = f"house.before[{place}].place"
        check_order(house, entry["place"], where)
        if not (entry.get("at") or entry["place"].get("at")):
            raise MistakeError(f"{where}: at is missing: when was it placed?")


def check_order(house: Json, order: object, where: str = "place") -> None:
    """Hold an order against the shape of its channel and the house's listings."""
    record({"channel": among(CHANNELS, "channel")}, closed=False)(order, where)
    assert isinstance(order, dict)  # noqa: S101  the line above has seen to it
    channel = str(order["channel"])
    listings = (house.get("listings") or {}).get(channel)
    if listings is None or (channel == "shop" and not house.get("shop")):
        raise MistakeError(f"{where}.channel: the house has no {channel}")
    known = {str(entry["listing"]) for entry in listings}
    if channel == "amz":
        _AMAZON_ORDER(order, where)
        wanted = [(place, line["listing"]) for place, line in enumerate(order["lines"])]
    else:
        _SHOP_ORDER(order, where)
        _check_prices(order, where)
        # A line that brings its own title is another app's, or typed in by hand: the shop lists nothing of it.
        wanted = [(n, ln["sku"]) for n, ln in enumerate(order["lines"]) if ln["sku"] and not ln.get("title")]
    for place, name in wanted:
        if name not in known:
            raise MistakeError(
                f"{where}.lines[{place}]: no listing is called {name!r}{nearest_listing(name, known)}"
            )


def check_verb(verb: str, what: object) -> None:
    """Hold any verb but `place` against its shape."""
    if verb in MERCHANT:
        raise MistakeError(f"{verb} is what the merchant does: ask the hub for it")
    if verb not in VERBS:
        raise MistakeError(f"there is no verb {verb!r}{reading.nearest(verb, ['place', *VERBS])}")
    VERBS[verb](what, verb)


def nearest_listing(name: str, known: set[str]) -> str:
    """The nearest listing's name, as an error says it."""
    return reading.nearest(name, known)


def vendors(house: Json) -> dict[str, str]:
    """Which vendor each connection is, by the connection's name; the vendors' own names do as well."""
    named = house.get("connections") or CONNECTIONS
    return {**{vendor: vendor for vendor in CONNECTIONS.values()}, "email": "mail", **named}


def _check_prices(order: Json, where: str) -> None:
    prices = (order.get("presentment") or {}).get("prices")
    if prices is not None and len(prices) != len(order["lines"]):
        raise MistakeError(
            f"{where}.presentment.prices: {len(prices)} prices for {len(order['lines'])} lines"
        )


def _house(house: Json) -> Check:
    at = among(house["locations"], "location")
    shop_row = record({"listing": reading.text, "at": at, "shows": whole(None)}, {"of": maybe(_PARTS)})
    amazon_row = record(
        {"listing": reading.text, "shows": whole()},
        {"of": maybe(_PARTS), "fulfilled_by": among(PARTIES, "fulfilling party"), "title": reading.text},
    )
    before = record({"place": reading.anything}, {"at": reading.instant})
    return record(
        {"merchant": reading.text, "locations": reading.anything, "listings": record({}, {
            "shop": maybe(each(shop_row)), "amz": maybe(each(amazon_row)),
        })},
        {
            "shop": maybe(reading.text), "marketplaces": maybe(each(reading.text)), "seller": maybe(reading.text),
            "currency": reading.currency, "taxes_included": reading.flag,
            "mode": among(("live", "test"), "mode"), "limits": maybe(record({}, {"scale": reading.number})),
            "connections": under(reading.text, among((*CONNECTIONS.values(), "email"), "vendor")),
            "products": under(reading.text, _PRODUCT), "kits": maybe(under(reading.text, _PARTS)),
            "counts": maybe(under(at, under(reading.text, whole()))),
            "zones": maybe(under(at, under(reading.text, each(reading.text)))), "cards": maybe(each(_CARD)),
            "before": maybe(each(before)), "title": reading.text, "day": reading.text,
        },
    )  # fmt: skip
