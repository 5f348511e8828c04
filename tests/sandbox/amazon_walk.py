"""Random walks over Amazon's own models: any operation with anything in it, and what a stand-in may never answer."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.amazon.fidelity import OPERATIONS, SQS
from tests.contracts_amazon import check_notification, described, resolved
from tests.sandbox.amazon_calls import Answer, Caller, calling
from tests.sandbox.amazon_proofs import BASES, Ask, made, named
from tests.sandbox.amazon_stand import FBA, KARL, KRIS, SELLER, US
from tests.sandbox.shrink import first_failing
from tests.sandbox.sqs_model import fields_of, wrong_with

NAMES = [row.operation for row in OPERATIONS if not row.operation.startswith("login.")]
OFFERED = [row.operation for row in OPERATIONS if row.offered and not row.operation.startswith("login.")]
ODD: tuple[Any, ...] = (
    "", "x", "0", "-1", "99999999999999999999", "a,b", "é☃", "null", "2026-13-45", "A" * 300, "%2F", " ", "[]",
)  # fmt: skip
ODD_JSON: tuple[Any, ...] = (*ODD, 0, -1, 10**20, 1.5, True, None, [], {}, [[]], [None], {"a": 1}, ["x", 1])
KNOWN: dict[str, Sequence[str]] = {
    "orderId": (KARL["id"], KRIS["id"], FBA["id"], "112-4000003-0000003"),
    "sellerId": (SELLER,),
    "sku": ("KK-CHEF8-FBM", "KK-SOCKS-2PK", "KK-SOCKS-FBA"),
    "marketplaceIds": (US,),
    "marketplaceId": (US,),
    "granularityId": (US,),
    "notificationType": ("ORDER_CHANGE",),
    "destinationId": ("$used", "$unused"),
    "subscriptionId": ("$subscription",),
    "feedDocumentId": ("$document",),
    "inputFeedDocumentId": ("$document",),
    "feedId": ("$feed",),
    "feedType": ("JSON_LISTINGS_FEED",),
    "paginationToken": ("$page",),
    "pageToken": ("2",),
    "nextToken": ("1",),
    "identifiers": ("KK-CHEF8-FBM", "KK-CHEF8-FBM,KK-SOCKS-2PK"),
    "QueueUrl": ("$queue",),
    "QueueName": ("hub", "fresh"),
    "ReceiptHandle": ("$handle",),
    "payloadVersion": ("1.0",),
    "carrierCode": ("FedEx", "UPS"),
    "packageReferenceId": ("1", "2", "3"),
    "path": ("/attributes/fulfillment_availability", "/attributes/item_name"),
    "arn": ("arn:aws:sqs:us-east-1:1:two",),
}
WAITS = frozenset({"WaitTimeSeconds", "ReceiveMessageWaitTimeSeconds"})
"""Real seconds: a walk asks for none, or for too many."""
LONGEST = 100
DAYS = ("2026-11-01T00:00:00Z", "2026-11-30T15:59:00+00:00", "2026-12-05T00:00:00Z")


@dataclass(frozen=True)
class Step:
    """One call, or one thing that happens at Amazon."""

    operation: str
    ask: Ask = field(default_factory=Ask)
    played: Mapping[str, str] = field(default_factory=dict)


def walk(seed: int, length: int) -> list[Step]:
    """A walk that is the same for the same seed."""
    chance = random.Random(seed)
    return [_step(chance) for _number in range(length)]


async def failure(steps: Sequence[Step]) -> str | None:
    """What a stand-in answers wrongly on a walk, at the first step where it does; none where all is as Amazon could answer."""
    try:
        async with calling() as caller:
            known = await made(caller)
            for step in steps:
                wrong = await _wrong(caller, step, known)
                if wrong is not None:
                    return wrong
            for queue in caller.stand.amazon.queues.by_name.values():
                for message in queue.messages.values():
                    if "OrderChangeNotification" in message.body:
                        check_notification(json.loads(message.body))
    except AssertionError as different:
        return str(different)
    return None


async def walked(seeds: range, length: int = LONGEST) -> str | None:
    """Walk so often; the shortest walk that fails, told so that it can be walked again."""
    return await first_failing({seed: walk(seed, length) for seed in seeds}, failure)


async def _wrong(caller: Caller, step: Step, known: Mapping[str, str]) -> str | None:
    if step.played:
        _play(caller, step)
        return None
    path, query, body = (named(part, known) for part in (step.ask.path, step.ask.query, step.ask.body))
    answer: Answer = await caller.ask(step.operation, path=path, query=query, body=body)
    if answer.status >= 500:
        return f"{step}: {answer}"
    api, _, name = step.operation.rpartition(".")
    return wrong_with(name, answer.status, answer.shown) if api == SQS else None


def _play(caller: Caller, step: Step) -> None:
    try:
        caller.stand.amazon.play(step.operation, dict(step.played))
    except ValueError:
        return  # it cannot happen to that order now


def _step(chance: random.Random) -> Step:
    if chance.random() < 0.08:
        order = chance.choice(KNOWN["orderId"])
        verb = chance.choice(("amazon_status", "cancel", "request_cancel", "grant"))
        to = chance.choice(("PENDING", "UNSHIPPED", "UNFULFILLABLE", "CANCELLED"))
        return Step(verb, played={"order": order, "to": to})
    operation = chance.choice(OFFERED if chance.random() < 0.85 else NAMES)
    if operation in BASES and chance.random() < 0.5:
        return Step(operation, _nearly(chance, operation))
    return Step(operation, _anything(chance, operation))


def _nearly(chance: random.Random, operation: str) -> Ask:
    """What is taken, with one or two things from anywhere."""
    base, other = BASES[operation], _anything(chance, operation)
    query = {**base.query, **dict(_some(chance, other.query))}
    body = base.body
    if isinstance(body, dict) and isinstance(other.body, dict) and chance.random() < 0.7:
        body = {**body, **dict(_some(chance, other.body))}
    return Ask({**base.path, **dict(_some(chance, other.path))}, query, body)


def _some(chance: random.Random, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in sorted(values):
        if chance.random() < 0.3:
            yield name, values[name]


def _anything(chance: random.Random, operation: str) -> Ask:
    api, _, name = operation.rpartition(".")
    if api == SQS:
        return Ask(body=fields_of(name, lambda field, kind: _value(chance, field, {"type": kind})))
    path: dict[str, str] = {}
    query: dict[str, str] = {}
    body: Any = None
    for one in described(api, name):
        if one["in"] == "body":
            body = _json(chance, api, one["schema"], "")
        elif one["in"] == "path":
            path[one["name"]] = str(_value(chance, one["name"], one) or "none")
        elif one["in"] == "query" and chance.random() < (0.95 if one.get("required") else 0.35):
            query[one["name"]] = _text(_value(chance, one["name"], one))
    if chance.random() < 0.05:
        query["colour"] = "red"
    return Ask(path, query, body)


def _json(chance: random.Random, api: str, schema: Mapping[str, Any], name: str) -> Any:
    """A value of the schema, or now and then another."""
    if chance.random() < 0.06:
        return chance.choice(ODD_JSON)
    schema = resolved(api, schema)
    if schema.get("type") == "array":
        return [_json(chance, api, schema["items"], name) for _each in range(chance.choice((0, 1, 1, 2)))]
    parts = [schema, *(resolved(api, part) for part in schema.get("allOf", ()))]
    properties = {key: inner for part in parts for key, inner in part.get("properties", {}).items()}
    if properties:
        needed = {key for part in parts for key in part.get("required", ())}
        return {
            key: _json(chance, api, inner, key)
            for key, inner in properties.items()
            if chance.random() < (0.93 if key in needed else 0.3)
        }
    return _value(chance, name, schema)


def _value(chance: random.Random, name: str, schema: Mapping[str, Any]) -> Any:
    if name in WAITS:
        return chance.choice((0, 21, -1, "x"))
    if chance.random() < 0.1:
        return chance.choice(ODD)
    if name in KNOWN:
        return chance.choice(KNOWN[name])
    inner = schema.get("items", schema)
    members = inner.get("enum")
    if members:
        count = chance.choice((1, 1, 2)) if schema.get("type") == "array" else 1
        return ",".join(chance.sample(members, min(count, len(members))))
    return _PLAIN.get(str(inner.get("format") or inner.get("type")), _word)(chance)


def _word(chance: random.Random) -> Any:
    return chance.choice(("KK-CHEF8-FBM", "00000100000011", "00000200000021", "DEFAULT", *DAYS))


_PLAIN: dict[str, Callable[[random.Random], Any]] = {
    "date-time": lambda chance: chance.choice(DAYS),
    "integer": lambda chance: chance.choice((0, 1, 2, 10, 20, 100, 1000, -1)),
    "boolean": lambda chance: chance.choice(("true", "false")),
    "object": lambda chance: chance.choice(
        ({}, {"fulfillment_channel_code": "DEFAULT", "quantity": 2}, {"value": "A pan"})
    ),
}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
