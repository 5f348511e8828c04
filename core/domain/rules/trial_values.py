"""Where a test of rules begins: what it gives, and for the rest an ordinary order in good order."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from core.config.merchant import MerchantConfig
from core.domain.rules.values import RISK_OF_LEVEL
from core.domain.state import Stage
from core.model.holds import Hold
from core.model.order import RiskLevel
from core.model.rule_values import EventValues
from core.model.triggers import Subject, Trigger

CHANNELS = frozenset({"shopify", "amazon", "bogus"})
Values = dict[str, Any]

STAGE_OF: Mapping[Trigger, Stage] = {
    Trigger.ORDER_RECEIVED: Stage.AWAITING_PAYMENT,
    Trigger.PAYMENT_CHECKED: Stage.AWAITING_PAYMENT,
    Trigger.ORDER_HELD: Stage.ON_HOLD,
    Trigger.ORDER_BACKORDERED: Stage.ON_HOLD,
    Trigger.ORDER_STUCK: Stage.ON_HOLD,
    Trigger.ORDER_LABELLED: Stage.LABELLED,
    Trigger.PARCEL_LABELLED: Stage.LABELLED,
    Trigger.PARCEL_VOID_REFUSED: Stage.LABELLED,
    Trigger.PARCEL_TOLD: Stage.SHIPPED,
    Trigger.ORDER_SHIPPED: Stage.SHIPPED,
    Trigger.PARCEL_TRACKED: Stage.SHIPPED,
    Trigger.PARCEL_RETURNED: Stage.SHIPPED,
    Trigger.PARCEL_FAILED: Stage.SHIPPED,
    Trigger.PARCEL_DELIVERED: Stage.DELIVERED,
    Trigger.ORDER_DELIVERED: Stage.DELIVERED,
    Trigger.ORDER_SHIPPED_ELSEWHERE: Stage.SHIPPED_ELSEWHERE,
    Trigger.ORDER_CANCELLED: Stage.CANCELLED,
    Trigger.ORDER_REFUNDED: Stage.CLOSED,
}
"""Where an order stands when something is told of it; of everything else it is ready."""
LABELLED = frozenset({Stage.LABELLED, Stage.SHIPPED, Stage.DELIVERED})
"""The stages in which every parcel has its label."""
_TRACKING = {
    Trigger.PARCEL_RETURNED: "return_to_sender",
    Trigger.PARCEL_FAILED: "failure",
    Trigger.PARCEL_TRACKED: "in_transit",
}
_WEIGHT_G = 500
_MOST_HOURS = 1_000_000
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_HIGH = 75
_MEDIUM = 65


def values_given(
    config: MerchantConfig, trigger: Trigger | None, given: Mapping[str, Any], subject: Subject, now: datetime
) -> Values:
    """Return all that the rules of a test may look at, the event aside: as given, and as usual for the rest."""
    match subject:
        case Subject.ORDER:
            return {"order": usual_order(config, trigger, given, now)}
        case Subject.STOCK:
            usual = {"sku": "SKU-1", "available": 0 if trigger is Trigger.STOCK_OUT else 3, "low": 3}
            stock = {**usual, **given.get("stock", {})}
            return {"stock": {"on_hand": stock["available"], **stock}}
        case Subject.CONNECTION:
            name = given.get("connection", {}).get("name", channel_of(config))
            use = config.connections[name].use if name in config.connections else ""
            reason = "unavailable" if trigger is Trigger.CONNECTION_LOST else ""
            return {"connection": {"name": name, "use": use, "reason": reason, **given.get("connection", {})}}
        case Subject.SCHEDULE:
            stages = ("awaiting_payment", "on_hold", "ready", "labelled", "shipped", "needs_attention")
            return {"orders": {**dict.fromkeys(stages, 0), **given.get("orders", {})}}


def event_given(
    trigger: str, given: Mapping[str, Any], values: Mapping[str, Any], now: datetime
) -> EventValues:
    """Return what is told at one moment of a test."""
    usual: Values = {}
    order = values.get("order", {})
    if trigger in (Trigger.ORDER_HELD, Trigger.ORDER_RELEASED):
        usual = {"reason": Hold.BY_RULE.value}
    if trigger in (Trigger.ORDER_TAGGED, Trigger.ORDER_UNTAGGED):
        usual = {"tag": next(iter(order["tags"]), "tag")}
    if trigger.startswith("parcel."):
        parcel: Values = next(iter(order["parcels"]), {})
        usual = {"parcel": parcel.get("id"), "state": parcel.get("tracking") or None}
        usual |= {name: parcel.get(name) or None for name in ("carrier", "service", "price")}
    if trigger == Trigger.PAYMENT_CHECKED:
        usual = {"state": order["payment"]["state"], "amount": order["payment"]["paid"]}
    if trigger == Trigger.PAYMENT_CAPTURED:
        usual = {"amount": order["total"]}
    if trigger == Trigger.ORDER_STUCK:
        usual = {"minutes": order["minutes"]}
    return EventValues.model_validate({"at": now, **usual, **given, "trigger": trigger})


def channel_of(config: MerchantConfig) -> str:
    """Return the first connection of a file that sells."""
    return connections_of(config)[0]


def connections_of(config: MerchantConfig) -> Sequence[str]:
    """Return the connections of a file, those first that are known to sell."""
    return sorted(config.connections, key=lambda name: config.connections[name].use not in CHANNELS)


def usual_order(
    config: MerchantConfig, trigger: Trigger | None, given: Mapping[str, Any], now: datetime
) -> Values:
    """Return the order of a test: what ``given`` says, and what is usual."""
    told = dict(given.get("order", {}))
    order = {**_who_and_when(config, trigger, told, now), **_worth(told), **_risk(told)}
    order |= {name: told[name] for name in told.keys() & order.keys()}
    order["customer"] = {"orders": 1, **told.get("customer", {})}
    address = {"known": True, "country": "US", "state": "CA", "complete": True}
    order["ship_to"] = {**address, "po_box": False, "military": False, **told.get("ship_to", {})}
    order |= _units(config, told, order["total"])
    order["payment"] = _payment(trigger, told, order["total"])
    order["parcels"] = [
        {**_parcel(order, trigger), **one} for one in told.get("parcels", _some_parcel(order, trigger))
    ]
    held = order["stage"] == Stage.ON_HOLD.value and trigger is not Trigger.ORDER_BACKORDERED
    reason = given.get("event", {}).get("reason", Hold.BY_RULE.value)
    order["holds"] = told.get("holds", [reason] if held else [])
    return order


def _who_and_when(config: MerchantConfig, trigger: Trigger | None, told: Values, now: datetime) -> Values:
    channel = told.get("channel", channel_of(config))
    number = told.get("number", "1001")
    placed_at = told.get("placed_at", now - min(told.get("hours", 1), _MOST_HOURS) * _HOUR)
    minutes = (
        config.stages.get(Stage.ON_HOLD, timedelta()) // _MINUTE if trigger is Trigger.ORDER_STUCK else 0
    )
    return {
        "id": f"{channel}:{number}",
        "number": number,
        "channel": channel,
        "placed_at": placed_at,
        "stage": (STAGE_OF.get(trigger, Stage.READY) if trigger else Stage.READY).value,
        "minutes": minutes,
        "hours": max(0, (now - placed_at) // _HOUR),
        "state": "open",
        "test": False,
        "method": "Standard",
        "ship_by": None,
        "deliver_by": None,
        "tags": [],
        "assignee": None,
        "programs": [],
        "cancel_requested": False,
        "before_go_live": False,
        "attributes": {},
    }


def _worth(told: Values) -> Values:
    lines = [one.get("price", Decimal(50)) * one.get("qty", 1) for one in told.get("lines", ())]
    currency = told.get("currency", "USD")
    return {
        "total": sum(lines, Decimal(0)) if lines else Decimal(50),
        "currency": currency,
        "shipping": Decimal(0),
        "discount": Decimal(0),
        "paid_currency": currency,
    }


def _risk(told: Values) -> Values:
    """Return the score of a level, or the level of a score."""
    if "risk" not in told:
        level = told.get("risk_level", RiskLevel.NONE.value)
        known = level in [one.value for one in RiskLevel]
        return {"risk": RISK_OF_LEVEL[RiskLevel(level)] if known else 0, "risk_level": level}
    score = told["risk"]
    level = RiskLevel.HIGH if score >= _HIGH else RiskLevel.MEDIUM if score >= _MEDIUM else RiskLevel.LOW
    return {"risk": score, "risk_level": (level if score > 0 else RiskLevel.NONE).value}


def _units(config: MerchantConfig, told: Values, total: Decimal) -> Values:
    """Return the lines of an order, and the units that they are made of: each line's SKU is ours too."""
    usual = {"sku": "SKU-1", "title": "Something", "qty": 1, "discount": Decimal(0)}
    usual |= {"ships": True, "customized": False}
    lines = [
        {**usual, "price": Decimal(50) if "lines" in told else total, **one}
        for one in told.get("lines", [{}])
    ]
    lacking = told.get("lacking", [])
    location = next(iter(config.locations))
    item = {"units": 1, "weight_g": _WEIGHT_G, "origin": "US"}
    own = [
        {**item, "sku": sku, "units": one["qty"], "location": "" if sku in lacking else location}
        for one in lines
        if one["ships"] and (sku := one["sku"]) is not None
    ]
    given = [{**item, "sku": "SKU-1", "location": location, **one} for one in told.get("items", ())]
    items = given or own
    weights = [one["units"] * one["weight_g"] for one in items if one["weight_g"] is not None]
    return {
        "lines": lines,
        "items": items,
        "units": told.get("units", sum(one["qty"] for one in lines)),
        "weight_g": told.get("weight_g", sum(weights) if len(weights) == len(items) else None),
        "skus": told.get("skus", sorted({one["sku"] for one in items})),
        "lacking": lacking,
        "locations": told.get(
            "locations", list(dict.fromkeys(i["location"] for i in items if i["location"]))
        ),
    }


def _payment(trigger: Trigger | None, told: Values, total: Decimal) -> Values:
    asked = trigger is not Trigger.ORDER_RECEIVED
    usual = {
        "state": "verified" if asked else "unknown",
        "paid": total if asked else None,
        "gateways": ["card"],
        "disputed": trigger is Trigger.PAYMENT_DISPUTED,
        "captured": trigger is Trigger.PAYMENT_CAPTURED,
    }
    return {**usual, **told.get("payment", {})}


def _some_parcel(order: Values, trigger: Trigger | None) -> list[Values]:
    """Return one parcel where it is usual that there is one."""
    parcel = trigger is not None and trigger.value.startswith("parcel.")
    return [{}] if parcel or order["stage"] in LABELLED else []


def _parcel(order: Values, trigger: Trigger | None) -> Values:
    shipped = order["stage"] in (Stage.SHIPPED, Stage.DELIVERED)
    labelled_ = order["stage"] in LABELLED
    return {
        "id": "1",
        "location": next(iter(order["locations"]), ""),
        "box": "M",
        "weight_g": order["weight_g"] or _WEIGHT_G,
        "carrier": "USPS" if labelled_ else "",
        "service": "GroundAdvantage" if labelled_ else "",
        "price": Decimal(8),
        "labelled": labelled_,
        "told": shipped,
        "departed": shipped,
        "tracking": "delivered"
        if order["stage"] == Stage.DELIVERED
        else _TRACKING.get(trigger, "in_transit" if shipped else "")
        if trigger
        else "",
    }


def labelled(order: Values) -> None:
    """Have every parcel of an order its label."""
    order["stage"] = Stage.LABELLED.value
    order["parcels"] = [
        {**_parcel(order, None), **{name: value for name, value in one.items() if value}}
        for one in order["parcels"] or [{}]
    ]


def passed(order: Values, before: datetime, now: datetime) -> None:
    """Have an order grow older."""
    order["hours"] = max(order["hours"], (now - order["placed_at"]) // _HOUR)
    order["minutes"] += (now - before) // _MINUTE


def changed(values: Values, given: Mapping[str, Any]) -> Values:
    """Return values with a part of them given anew; a list is given whole."""
    merged = dict(values)
    for name, value in given.items():
        old = values.get(name)
        merged[name] = changed(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
