"""crossdock.yaml as the order's day needs it: its connections, rules and goods; no secret, address or text of the merchant."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from core.domain.order_day import made
from core.domain.order_day.history import History, Json
from core.domain.order_day.placing import gateway_name, method_name

_SECRETS: Final[Mapping[str, Json]] = {
    "shopify": {"store": "sample.myshopify.com"},
    "stripe": {"key": "${STRIPE_KEY}", "webhook_secret": "${STRIPE_WEBHOOK_SECRET}"},
    "easypost": {"key": "${EASYPOST_KEY}", "webhook_secret": "${EASYPOST_WEBHOOK_SECRET}"},
    "email": {"smtp": "${SMTP_URL}", "sender": "orders@sample.test"},
}
_AMAZON: Final = ("region", "marketplaces")
_AT_LOCATIONS: Final = ("timezone", "days", "holidays", "cutoff", "labels", "grace", "tell")
_DOES: Final = frozenset(
    {
        "hold",
        "release",
        "tag",
        "untag",
        "route",
        "split",
        "label",
        "buy_label",
        "capture",
        "cancel",
        "wait",
        "stop",
    }
)
"""Actions that a day can show; the others write to people or to addresses of the merchant."""
_BESIDES: Final = frozenset({"id", "if", "retry", "else"})
_PERSONAL: Final = re.compile(r"[^\s\"'@,;]+@[^\s\"'@,;]+|(?<![\d.-])\+?(?!\d{4}-\d\d-\d\d)\d[\d ().-]{6,}\d")
"""Mail addresses and telephone numbers."""
_SAID: Final = {"hold": {"reason": "held by a rule"}, "cancel": {"reason": "cancelled by a rule"}}
"""What stands in place of the merchant's own words."""


def config(history: History) -> Json:
    """Return the day's crossdock.yaml."""
    file, names = history.file, history.connections
    found: Json = {
        "version": 1,
        "merchant": "sample",
        "connections": {day: _connection(history, name) for name, day in names.items()},
        "locations": _locations(history),
        "boxes": [box | {"id": history.box_names[box["id"]]} for box in file.get("boxes") or []],
        "sla": _sla(history),
        "stock": _stock(history),
        "rules": _rules(history),
    }
    plain: Json = _plain(found)
    return {key: value for key, value in plain.items() if value not in ({}, [])}


def _connection(history: History, name: str) -> Json:
    told = history.config.connections[name]
    found: Json = {"use": told.use, "with": dict(_SECRETS.get(told.use, {}))}
    if told.use == "amazon":
        said = history.file["connections"][name].get("with") or {}
        found["with"] = {key: said[key] for key in _AMAZON if key in said}
    if told.use in ("shopify", "amazon"):
        found["payments"] = _payments(history)
        found["mails"] = (
            told.mails if told.mails != "hub" or "mail" in history.connections.values() else "none"
        )
    return found


def _payments(history: History) -> str | Json:
    """Return who is asked about payments; the gateway that Stripe answers for is called stripe."""
    told = {gateway: history.connections.get(who, who) for gateway, who in history.authorities.items()}
    if set(told.values()) == {"channel"}:
        return "channel"
    found = {
        "stripe" if who == "pay" and gateway != "*" else gateway_name(gateway): who
        for gateway, who in told.items()
        if gateway != "*"
    }
    return {**found, "*": told.get("*", "channel")}


def _locations(history: History) -> Json:
    said = history.file["locations"]
    return {
        name: {
            **made.location(number, at.country, at.state),
            **{key: said[name][key] for key in _AT_LOCATIONS if key in said[name]},
        }
        for number, (name, at) in enumerate(history.config.locations.items(), start=1)
    }


def _sla(history: History) -> Json:
    said, method = history.file.get("sla") or {}, method_name(history, history.told)
    found: Json = {}
    for part in ("promise", "services"):
        kept = {name: value for name, value in (said.get(part) or {}).items() if name in (method, "*")}
        found |= {part: kept} if kept else {}
    return found | ({"hold": said["hold"]} if "hold" in said else {})


def _stock(history: History) -> Json:
    """Return what is held back of each of the order's SKUs, and when it is low."""
    found: Json = {}
    for sku, name in history.sku_names.items():
        buffers = {
            day: history.config.buffer(sku, connection) for connection, day in history.connections.items()
        }
        said: Json = {"buffer": {day: units for day, units in buffers.items() if units}}
        low = history.config.low(sku)
        found[name] = said if low is None else said | {"low": low}
    return {name: said for name, said in found.items() if said != {"buffer": {}}}


# ---- rules


def _rules(history: History) -> list[Json]:
    kept = [rule for said in history.file.get("rules") or [] if (rule := _rule(history, said)) is not None]
    ids = {rule["id"] for rule in kept}
    for rule in kept:
        rule["overrides"] = [name for name in rule.get("overrides", []) if name in ids]
    return [{key: value for key, value in rule.items() if value != []} for rule in kept]


def _rule(history: History, said: Json) -> Json | None:
    """Return a rule that was asked about the order; None for another, and for one that a day cannot show."""
    if said.get("id") not in history.rules or "when" not in said:
        return None
    steps = [_step(history, step) for step in said.get("then") or []]
    lost = [
        step["id"] for step, kept in zip(said["then"], steps, strict=True) if kept is None and "id" in step
    ]
    kept = [step for step in steps if step is not None]
    if lost or not kept:
        history.miss(f"rule {said['id']}: it asks or tells somebody outside")
        return None
    if len(kept) < len(steps):
        history.miss(f"rule {said['id']}: its steps that tell somebody outside are left out")
    found: Json = {key: said[key] for key in ("id", "when", "stop", "overrides") if key in said}
    if "if" in said:
        found["if"] = _condition(history, said["if"])
    return found | {"then": kept}


def _step(history: History, said: Json) -> Json | None:
    actions = [key for key in said if key not in _BESIDES | {"timeout"}]
    if any(action not in _DOES for action in actions):
        return None
    found = {key: said[key] for key in said if key not in ("if", "else", "timeout")}
    found |= {action: _SAID[action] for action in actions if action in _SAID}
    if isinstance(said.get("label"), dict):
        found["label"] = said["label"] | ({"via": "post"} if "via" in said["label"] else {})
    if "if" in said:
        found["if"] = _condition(history, said["if"])
    instead = [kept for step in said.get("else") or [] if (kept := _step(history, step)) is not None]
    return found | ({"else": instead} if instead else {})


def _condition(history: History, said: Any) -> Any:
    """Return a condition in which everything is called as in the day."""
    if not isinstance(said, str):
        return said
    order = history.received.order
    names = {**history.connections, **history.sku_names, order.number: history.number}
    for name, day in names.items():
        for quote in "\"'":
            said = said.replace(f"{quote}{name}{quote}", f"{quote}{day}{quote}")
    return _PERSONAL.sub("sample", said)


def _plain(value: Any) -> Any:
    """Return a value of which JSON and YAML know every kind."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value
