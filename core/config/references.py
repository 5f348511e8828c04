"""Checks what one part of crossdock.yaml says of another: on the values as read, so that every slip is told at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from core.config.rule_references import CARRIERS, MAILERS, check_rules
from core.config.yaml_text import Document, Path
from core.nearest import nearest

CHANNEL = "channel"
HOLD = "hold"

# Which connectors take payments, sell labels and send mail. The file is checked before any connector is built.
_GATEWAYS = frozenset({"stripe", "bogus"})
CHANNELS = frozenset({"shopify", "amazon", "bogus"})
# The addresses that each may be given another of. A connector that is not here names its own.
ENDPOINTS: Mapping[str, tuple[str, ...]] = {
    "shopify": ("admin",),
    "amazon": ("api", "lwa", "consent", "sqs"),
    "stripe": ("api",),
    "easypost": ("api",),
    "email": (),
    "hooks": (),
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
    check_rules(document, uses)


def _check_accounts(document: Document) -> None:
    """Note addresses that no connector asks for, and a shop that two connections name: its orders would ship twice."""
    shops: dict[str, str] = {}
    for name, keys in _each(document, "connections"):
        use, given = keys.get("use"), keys.get("with")
        own: Mapping[str, Any] = given if isinstance(given, dict) else {}
        path: Path = ("connections", name, "with")
        endpoints, right = own.get("endpoints"), ENDPOINTS.get(str(use))
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
        elif not MAILERS & set(uses.values()):
            document.wrong(path, "mails: 'hub' needs a connection with use: email")


def _check_labels(document: Document, uses: Mapping[str, str]) -> None:
    for name, keys in _each(document, "locations"):
        if keys.get("labels") == "auto" and not CARRIERS & set(uses.values()):
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
            elif uses[name] in ENDPOINTS and uses[name] not in CHANNELS:
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
            first = document.where(
                ("boxes", seen[box_id], "id"), of=document.position(("boxes", number, "id"))
            )
            document.wrong(("boxes", number, "id"), f"id: box '{box_id}' is given twice; first in {first}")
        if isinstance(tare, int) and isinstance(most, int) and most <= tare:
            document.wrong(("boxes", number, "max_g"), f"max_g: '{most}' must be more than tare_g ({tare})")


def _each(document: Document, section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the named mappings of a section; what is none is somebody else's complaint."""
    found = document.values.get(section)
    for name, keys in found.items() if isinstance(found, dict) else ():
        if isinstance(keys, dict):
            yield name, keys
