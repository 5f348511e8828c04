"""Which faults a day can name, with their keys."""

from collections.abc import Collection, Mapping
from typing import Final

from sandbox import reading
from sandbox.reading import Check, MistakeError, among, each, nearest, record, whole

TOPICS: Final = (
    "*", "app/uninstalled", "fulfillments/create", "fulfillments/update", "fulfillment_orders/hold_released",
    "fulfillment_orders/moved", "fulfillment_orders/placed_on_hold", "orders/cancelled", "orders/create",
    "orders/edited", "orders/fulfilled", "orders/paid", "orders/updated", "refunds/create", "ORDER_CHANGE",
    "tracker.updated", "charge.captured", "charge.dispute.created", "charge.refunded", "charge.succeeded",
    "payment_intent.amount_capturable_updated", "payment_intent.canceled", "payment_intent.created",
    "payment_intent.succeeded", "refund.created",
)  # fmt: skip
"""What a message about an order can be called; `*` is every message of its channel."""

_KIND: Final[dict[str, Check]] = {"kind": reading.text}
_ORDER: Final[dict[str, Check]] = {**_KIND, "order": reading.text}
_TOPIC: Final = among(TOPICS, "topic")
_FROM: Final[dict[str, Check]] = {"after": reading.instant, "connection": reading.text}
_TIMES: Final[dict[str, Check]] = {"times": whole(1), **_FROM}
_CALL: Final = record(
    {**_KIND, "connection": reading.text, "operation": reading.text},
    {"after": reading.instant, "times": whole(1), "order": reading.text, "listing": reading.text},
)
KINDS: Final[dict[str, Check]] = {
    "webhook_duplicate": record({**_ORDER, "topic": _TOPIC}, {"times": whole(2), **_FROM}),
    "webhook_reorder": record({**_ORDER, "sequence": each(_TOPIC, least=2)}, _FROM),
    "webhook_delay": record(
        {**_ORDER, "topic": _TOPIC}, {"by": reading.duration, "until": reading.instant, **_TIMES}
    ),
    "webhook_drop": record({**_ORDER, "topic": _TOPIC}, _TIMES),
    "gateway_events": record(
        _ORDER,
        {"sequence": each(_TOPIC, least=2), "topic": _TOPIC, "repeats": whole(2), "times": whole(2), **_FROM},
    ),
    "throttle": _CALL,
    "reply_dropped": _CALL,
    "patch_not_applied": record(
        {**_KIND, "connection": reading.text, "listing": reading.text},
        {"after": reading.instant, "times": whole(1)},
    ),
    "carrier_down": record(
        {**_KIND, "carrier": reading.text, "from": reading.instant},
        {"to": reading.instant, "how": among(("hang", "error"), "failure")},
    ),
    "void_rejected": record(_KIND, {"carrier": reading.text, "order": reading.text, **_TIMES}),
    "token_dead": record({**_KIND, "connection": reading.text, "at": reading.instant}),
    "kill": record(_KIND, closed=False),
}
"""Each kind's keys; `kill` is the player's own business."""


def check_faults(
    faults: object, vendors: Mapping[str, str], operations: Mapping[str, Collection[str]]
) -> None:
    """Hold the list against the shapes; MistakeError names the key and the nearest right one."""
    each(record({"kind": among(KINDS, "fault")}, closed=False))(faults, "faults")
    assert isinstance(faults, list)  # noqa: S101  the line above has seen to it
    for place, spec in enumerate(faults):
        where, kind = f"faults[{place}]", str(spec["kind"])
        KINDS[kind](spec, where)
        if kind == "kill":
            continue
        if spec.get("connection") is not None:
            among(vendors, "connection")(spec["connection"], f"{where}.connection")
        if "operation" in spec:
            _check_operation(spec, vendors, operations, where)
        if kind == "patch_not_applied" and vendors[str(spec["connection"])] != "amazon":
            raise MistakeError(f"{where}.connection: only Amazon accepts a patch before it applies it")
        if kind == "webhook_delay" and ("by" in spec) == ("until" in spec):
            raise MistakeError(f"{where}: give either by (such as 10m) or until (an instant)")


def _check_operation(
    spec: Mapping[str, object],
    vendors: Mapping[str, str],
    operations: Mapping[str, Collection[str]],
    where: str,
) -> None:
    known = operations.get(vendors[str(spec["connection"])], ())
    if spec["operation"] not in ("*", *known):
        word = str(spec["operation"])
        raise MistakeError(
            f"{where}.operation: {spec['connection']} has no operation {word!r}{nearest(word, known)}"
        )
