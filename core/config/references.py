"""Checks what one part of crossdock.yaml says of another: on the values as read, so that every slip is told at once."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.config.merchant import MESSAGE
from core.config.problems import nearest
from core.config.yaml_text import Document, Path

CHANNEL = "channel"
HOLD = "hold"

# Which connectors take payments, sell labels and send mail. The file is checked before any connector is built.
_GATEWAYS = frozenset({"stripe", "bogus"})
_CARRIERS = frozenset({"easypost", "bogus"})
_MAILERS = frozenset({"email", "bogus"})
_CHANNELS = frozenset({"shopify", "amazon", "bogus"})
# The addresses that each may be given another of. A connector that is not here names its own.
_ENDPOINTS: Mapping[str, tuple[str, ...]] = {
    "shopify": ("admin",),
    "amazon": ("api", "lwa", "consent", "sqs"),
    "stripe": ("api",),
    "easypost": ("api",),
    "email": (),
}


def check_references(document: Document) -> None:
    """Note every name that leads nowhere and every choice that the rest of the file does not allow."""
    uses = {name: str(keys.get("use")) for name, keys in _each(document, "connections")}
    _check_accounts(document)
    _check_payments(document, uses)
    _check_mails(document, uses)
    _check_labels(document, uses)
    _check_stock(document, uses)
    _check_boxes(document)
    _check_rules(document, uses)


def _check_accounts(document: Document) -> None:
    """Note addresses that no connector asks for, and a shop that two connections name: its orders would ship twice."""
    shops: dict[str, str] = {}
    for name, keys in _each(document, "connections"):
        use, given = keys.get("use"), keys.get("with")
        own: Mapping[str, Any] = given if isinstance(given, dict) else {}
        path: Path = ("connections", name, "with")
        endpoints, right = own.get("endpoints"), _ENDPOINTS.get(str(use))
        for key in endpoints if isinstance(endpoints, dict) else ():
            if right is not None and key not in right:
                says = f"endpoints: {use} is asked at no '{key}'{nearest(str(key), right) if right else ''}"
                document.wrong((*path, "endpoints", key), says, key=True)
        store = own.get("store")
        if use == "shopify" and isinstance(store, str) and shops.setdefault(store, name) != name:
            document.wrong((*path, "store"), f"store: '{store}' is the shop of {shops[store]} too; keep one")


def _check_payments(document: Document, uses: Mapping[str, str]) -> None:
    for name, keys in _each(document, "connections"):
        path: Path = ("connections", name, "payments")
        payments = keys.get("payments")
        if isinstance(payments, str):
            _check_authority(document, path, payments, uses, ())
        elif isinstance(payments, dict):
            for gateway, authority in payments.items():
                if isinstance(authority, str):
                    _check_authority(document, (*path, gateway), authority, uses, (HOLD,))


def _check_authority(
    document: Document, path: Path, authority: str, uses: Mapping[str, str], more: tuple[str, ...]
) -> None:
    if authority == CHANNEL or authority in more:
        return
    use = uses.get(authority)
    if use is None:
        right = [CHANNEL, *more, *(name for name, use in uses.items() if use in _GATEWAYS)]
        document.wrong(path, f"payments: no connection is named '{authority}'{nearest(authority, right)}")
    elif use not in _GATEWAYS:
        document.wrong(
            path, f"payments: '{authority}' uses {use}, which verifies no payments; name a stripe connection"
        )


def _check_mails(document: Document, uses: Mapping[str, str]) -> None:
    for name, keys in _each(document, "connections"):
        if keys.get("mails") != "hub":
            continue
        path: Path = ("connections", name, "mails")
        if keys.get("use") == "amazon":
            # Amazon forbids writing to its buyers outside its own messaging (R93).
            document.wrong(
                path, "mails: 'hub' is refused for amazon, whose buyers only Amazon may mail; write channel"
            )
        elif not _MAILERS & set(uses.values()):
            document.wrong(path, "mails: 'hub' needs a connection with use: email")


def _check_labels(document: Document, uses: Mapping[str, str]) -> None:
    for name, keys in _each(document, "locations"):
        if keys.get("labels") == "auto" and not _CARRIERS & set(uses.values()):
            document.wrong(
                ("locations", name, "labels"), "labels: 'auto' needs a connection with use: easypost"
            )


def _check_stock(document: Document, uses: Mapping[str, str]) -> None:
    for pattern, keys in _each(document, "stock"):
        buffer = keys.get("buffer")
        for name in buffer if isinstance(buffer, dict) else ():
            if name not in uses:
                path: Path = ("stock", pattern, "buffer", name)
                document.wrong(
                    path, f"buffer: no connection is named '{name}'{nearest(name, uses)}", key=True
                )
            elif uses[name] in _ENDPOINTS and uses[name] not in _CHANNELS:
                says = (
                    f"buffer: '{name}' uses {uses[name]}, which lists nothing; name a shop or a marketplace"
                )
                document.wrong(("stock", pattern, "buffer", name), says, key=True)


def _check_boxes(document: Document) -> None:
    boxes = document.values.get("boxes")
    seen: dict[str, int] = {}
    for number, box in enumerate(boxes if isinstance(boxes, list) else ()):
        if not isinstance(box, dict):
            continue
        box_id, tare, most = box.get("id"), box.get("tare_g"), box.get("max_g")
        if isinstance(box_id, str) and seen.setdefault(box_id, number) != number:
            document.wrong(("boxes", number, "id"), f"id: box '{box_id}' is given twice")
        if isinstance(tare, int) and isinstance(most, int) and most <= tare:
            document.wrong(("boxes", number, "max_g"), f"max_g: '{most}' must be more than tare_g ({tare})")


def _check_rules(document: Document, uses: Mapping[str, str]) -> None:
    rules = document.values.get("rules")
    ids: set[str] = set()
    buys: list[str] = []
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        if not isinstance(rule, dict):
            continue
        path: Path = ("rules", number)
        name = str(rule.get("id"))
        if name in ids:
            document.wrong((*path, "id"), f"id: rule '{name}' is given twice")
        ids.add(name)
        actions = rule.get("then")
        for place, action in enumerate(actions if isinstance(actions, list) else ()):
            if isinstance(action, dict):
                _check_action(document, (*path, "then", place), action, rule.get("when"))
                _check_label(document, (*path, "then", place), action, uses)
                buys += [name] if "label" in action else []
        if buys[1:] and buys[-1] == name:
            document.wrong(path, f"rules: '{buys[0]}' and '{name}' both buy labels; keep one")


def _check_action(document: Document, path: Path, action: Mapping[str, Any], when: object) -> None:
    """Note an action that is none, is two, or does not belong to the point at which its rule is asked."""
    named = [name for name in _WHEN if name in action]
    if len(named) != 1 and not set(action) - {*_WHEN, "else"}:
        document.wrong(path, f"then: one action is wanted: {' or '.join(_WHEN)}")
    for name in named:
        if when in _WHEN.values() and when != _WHEN[name]:
            document.wrong(path[:-1], f"then: '{name}' goes with when: {_WHEN[name]}", key=True)
    if "else" in action and "label" not in action:
        document.wrong((*path, "else"), "else goes with label", key=True)


_WHEN = {"split": "order.verified", "label": "order.routed"}


def _check_label(document: Document, path: Path, action: Mapping[str, Any], uses: Mapping[str, str]) -> None:
    label, otherwise = action.get("label"), action.get("else")
    via = label.get("via") if isinstance(label, dict) else None
    if isinstance(via, str) and via not in uses:
        right = [name for name, use in uses.items() if use in _CARRIERS]
        document.wrong((*path, "label", "via"), f"via: no connection is named '{via}'{nearest(via, right)}")
    elif isinstance(via, str) and uses[via] not in _CARRIERS:
        says = f"via: '{via}' uses {uses[via]}, which sells no labels; name an easypost connection"
        document.wrong((*path, "label", "via"), says)
    for number, step in enumerate(otherwise if isinstance(otherwise, list) else ()):
        hold = step.get("hold") if isinstance(step, dict) else None
        reason = hold.get("reason") if isinstance(hold, dict) else None
        for said in _FILLED.findall(reason) if isinstance(reason, str) else ():
            if said != MESSAGE:
                where: Path = (*path, "else", number, "hold", "reason")
                document.wrong(where, f"reason: '{said}' is not filled in; only {MESSAGE} is")


_FILLED = re.compile(r"\{\{.*?\}\}")


def _each(document: Document, section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the named mappings of a section; what is none is somebody else's complaint."""
    found = document.values.get(section)
    for name, keys in found.items() if isinstance(found, dict) else ():
        if isinstance(keys, dict):
            yield name, keys
