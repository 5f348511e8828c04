"""Random walks over what EasyPost's recordings and documentation name: any operation with anything in it.

A stand-in may fail at none of it, and answers with the keys and types that were recorded.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.easypost.fidelity import NOT_OFFERED, OPERATIONS, ROWS
from tests.contracts_easypost import check_objects
from tests.sandbox.amazon_proofs import put
from tests.sandbox.easypost_calls import ABROAD, FEDEX, PLACES, SHIPMENT, UPS, Caller, calling
from tests.sandbox.easypost_stand import BOX_IN_BEND, TORONTO
from tests.sandbox.shrink import first_failing
from tests.sandbox.stand import Subscriber, until

LONGEST = 100
OFFERED = [row.operation for row in OPERATIONS if row.offered]
ODD: tuple[Any, ...] = (
    "", "x", "0", "-1", 0, -1, 1.5, 10**20, 1e300, True, None, [], {}, [[]], [None], {"id": 7}, ["x", 1], "é☃", "A" * 300,
    "NaN", "2026-13-45", " ", "null",
)  # fmt: skip
KNOWN: dict[str, tuple[Any, ...]] = {
    "page_size": ("1", "2", "100"),
    "purchased": ("true", "false"),
    "include_children": ("true", "false"),
    "start_datetime": ("2026-11-01", "2026-12-01T00:00:00Z"),
    "end_datetime": ("2026-11-01", "2026-12-01T00:00:00+01:00"),
    "file_format": ("PNG", "PDF", "ZPL", "EPL2", "zpl"),
    "label_format": ("PNG", "PDF", "ZPL", "EPL2", "zpl"),
    "service": ("FEDEX_GROUND", "Ground", "Priority", "UPSStandard", "Overnight"),
    "carrier": ("FedEx", "UPS", "USPS"),
    "carrier_accounts[]": (FEDEX, UPS),
    "insurance": ("100.00", 50, "0"),
    "reference": ("KK-1", "KK-2"),
    "country": ("US", "CA", "DE"),
    "weight": (1, 9.5, "75.84", 2000),
    "quantity": (1, 2),
    "value": (10, "23.25"),
    "is_return": (True, False),
    "residential": (True, False, None),
    "customs_certify": (True, "true"),
    "url": ("http://127.0.0.1:1/in",),
}
"""Values that are understood, by the last part of a field's name."""
BODIES: tuple[dict[str, Any], ...] = (
    SHIPMENT,
    ABROAD,
    {**SHIPMENT, "to_address": BOX_IN_BEND},
    {**SHIPMENT, "to_address": TORONTO},
    {**SHIPMENT, "service": "FEDEX_GROUND", "insurance": "100.00"},
)


@dataclass(frozen=True)
class Step:
    """One call; ``which`` counts the shipments that were made before, ``rate`` the rates of that one."""

    operation: str
    which: int
    rate: int
    query: tuple[tuple[str, str], ...] = ()
    body: str = "null"


def walk(seed: int, length: int) -> list[Step]:
    """A walk that is the same for the same seed."""
    chance = random.Random(seed)
    return [_step(chance) for _number in range(length)]


async def failure(steps: Sequence[Step]) -> str | None:
    """What a stand-in answers wrongly on a walk, at the first step where it does; none where all is as EasyPost could."""
    made: list[Any] = []
    async with calling() as caller, Subscriber().listening() as subscriber:
        await caller.ask("webhook.create", body={"webhook": {"url": subscriber.url}})
        for step in steps:
            wrong = await _wrong(caller, step, made)
            if wrong is not None:
                return wrong
        sold = len(caller.stand.state.trackers)
        await until(lambda: len(subscriber.got) >= sold)
        try:
            check_objects([json.loads(body) for body in subscriber.bodies])
        except AssertionError as different:
            return str(different)
    return None


async def walked(seeds: range, length: int = LONGEST) -> str | None:
    """Walk so often; the shortest walk that fails, told so that it can be walked again."""
    return await first_failing({seed: walk(seed, length) for seed in seeds}, failure)


async def _wrong(caller: Caller, step: Step, made: list[Any]) -> str | None:
    known = made[step.which % len(made)] if made and step.which >= 0 else None
    name = _name(step, known)
    body = json.loads(step.body)
    if step.operation == "shipment.buy" and known and known["rates"] and isinstance(body, dict):
        body = put(body, "rate.id", known["rates"][step.rate % len(known["rates"])]["id"])
    try:
        answer = await caller.ask(step.operation, name=name, query=dict(step.query), body=body)
    except AssertionError as different:
        return f"{step}: {different}"
    if answer.status >= 500:
        return f"{step}: {answer}"
    if step.operation.startswith("shipment.") and "rates" in answer.shown:
        made[:] = [each for each in made if each["id"] != answer.shown["id"]] + [answer.shown]
    return None


def _name(step: Step, known: Any) -> str:
    if known is None:
        return "shp_none"
    if step.operation == "tracker.retrieve":
        return str((known["tracker"] or {}).get("id", "trk_none"))
    return str(known["reference"] or known["id"]).replace("/", "") if step.rate % 7 == 0 else str(known["id"])


def _step(chance: random.Random) -> Step:
    operation = chance.choice(OFFERED if chance.random() < 0.93 else list(NOT_OFFERED))
    which, rate = chance.randrange(-1, 40), chance.randrange(40)
    if operation in NOT_OFFERED:
        return Step(operation, which, rate)
    row = ROWS[operation]
    names = sorted({*row.honoured, *row.listed} - {"id", "rate.id"})
    if PLACES[operation][0] == "GET":
        given = {name: str(_value(chance, name)) for name in names if chance.random() < 0.4}
        if operation == "shipment.label" and chance.random() < 0.9:
            given.setdefault("file_format", "PDF")
        if chance.random() < 0.05:
            given["colour"] = "red"
        return Step(operation, which, rate, tuple(given.items()))
    body: Any = {}
    if operation == "shipment.create" and chance.random() < 0.95:
        body = {"shipment": chance.choice(BODIES)}
    if operation == "webhook.create":
        body = {"webhook": {"url": "http://127.0.0.1:1/in"}}
    for name in chance.sample(names, min(len(names), chance.choice((0, 0, 1, 2, 4)))):
        body = _put(body, name, _value(chance, name))
    if row.refused and chance.random() < 0.05:
        body = _put(body, chance.choice(sorted(row.refused)), "x")
    return Step(
        operation, which, rate, body=json.dumps(body if chance.random() < 0.98 else chance.choice(ODD))
    )


def _put(body: Any, name: str, value: Any) -> Any:
    try:
        return put(body, name, value)
    except (AttributeError, TypeError, KeyError):
        return body  # something odd is in the way


def _value(chance: random.Random, name: str) -> Any:
    if chance.random() < 0.15:
        return chance.choice(ODD)
    last = name.rsplit(".", 1)[-1]
    return chance.choice(KNOWN.get(last, ("Kara", "shp_none", "12", "a b")))
