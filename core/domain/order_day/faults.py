"""What went wrong at vendors and on the way from them, as far as the facts of an order show it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from core.domain.order_day.history import History, Json
from core.model import facts as f
from core.model.effects import Outcome
from core.model.shipment import RateReason

LATE_AFTER = timedelta(seconds=60)
"""A channel that tells of an order later than this told nothing that came."""
_BEFORE, _AFTER = timedelta(minutes=5), timedelta(seconds=1)
_CALLS = {
    ("post", "buy"): "buy",
    ("post", "void"): "refund",
    ("shop", "capture"): "orderCapture",
    ("shop", "tell_shipped"): "fulfillmentCreate",
    ("shop", "cancel_order"): "orderCancel",
    ("amz", "tell_shipped"): "confirmShipment",
}
"""(connection of the day, the hub's operation) -> the vendor's own name of the call."""


def faults(history: History) -> list[Json]:
    """Return what goes wrong in the day."""
    return [*_late(history), *_silent(history), *_lost(history), *_voids(history)]


def _late(history: History) -> Iterator[Json]:
    first = history.received
    if not first.before_go_live and first.at - first.order.placed_at > LATE_AFTER:
        yield {"kind": "webhook_drop", "order": history.number, "topic": "*"}


def _silent(history: History) -> Iterator[Json]:
    """Yield when which carrier gave no rate: from a while before it was asked, to just after."""
    answered: dict[str, datetime] = {}
    for quote in history.quotes:
        for rate in quote.rates:
            if rate.reason is not RateReason.NO_ANSWER:
                answered[rate.carrier] = quote.at
        for carrier in dict.fromkeys(r.carrier for r in quote.rates if r.reason is RateReason.NO_ANSWER):
            since = max(quote.at - _BEFORE, answered.get(carrier, quote.at - _BEFORE) + _AFTER)
            down = {"kind": "carrier_down", "carrier": carrier, "how": "error"}
            yield down | {"from": min(since, quote.at).isoformat(), "to": (quote.at + _AFTER).isoformat()}


def _lost(history: History) -> Iterator[Json]:
    """Yield the calls whose answer was lost, and those that came to nothing and were made again."""
    intents = {fact.key: fact for fact in history.facts if isinstance(fact, f.Intended)}
    for fact in history.facts:
        if not isinstance(fact, f.Settled) or fact.key not in intents:
            continue
        asked = intents[fact.key]
        kind = {Outcome.DONE: "reply_dropped", Outcome.UNDONE: "throttle"}.get(fact.outcome)
        if kind is None or (fact.outcome is Outcome.DONE and fact.at < asked.look_up_at):
            continue
        connection = history.connections.get(asked.connection, "")
        call = _CALLS.get((connection, fact.operation))
        if call is None:
            history.miss(f"an answer to {fact.operation} was lost")
            continue
        yield {"kind": kind, "connection": connection, "operation": call, "order": history.number, "times": 1}


def _voids(history: History) -> Iterator[Json]:
    refused = sum(
        isinstance(fact, f.VoidRefused) or (isinstance(fact, f.VoidAnswered) and not fact.taken)
        for fact in history.facts
    )
    if refused:
        yield {"kind": "void_rejected", "order": history.number, "times": refused}
