"""Amazon's stand-in honours each parameter that the contracts name, refuses it aloud, or lists it with its reason (R110)."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from botocore.loaders import Loader

from sandbox.amazon.app import OPERATIONS as ROUTES
from sandbox.amazon.app import Operation
from sandbox.amazon.fidelity import LOGIN, NOTIFICATIONS, OPERATIONS, SQS
from sandbox.amazon.limits import Limits
from sandbox.fidelity import Fidelity
from tests.contracts import contracts
from tests.contracts_amazon import explained, members, operations, parameters
from tests.sandbox.amazon_calls import PLACES, Answer, Caller, calling
from tests.sandbox.amazon_proofs import (
    BASES,
    PROOFS,
    WITHOUT_SUBSCRIPTION,
    WRITES,
    Ask,
    comes_of,
    made,
    named,
)

pytestmark = pytest.mark.req("R110")

READS = (
    frozenset(row.operation for row in OPERATIONS if not row.operation.startswith((f"{SQS}.", f"{LOGIN}.")))
    - WRITES
)
"""Operations of which one call leaves nothing behind that another sees."""
OFFERED = [row for row in OPERATIONS if row.offered]
APIS = sorted({row.operation.rpartition(".")[0] for row in OPERATIONS} - {SQS, LOGIN})
QUEUES: dict[str, Any] = Loader().load_service_model("sqs", "service-2")


def _contract(row: Fidelity) -> set[str]:
    """What the vendor's contract names for an operation; what it does not write down is what the row itself says."""
    api, _, name = row.operation.rpartition(".")
    if api == SQS:
        return set(_members(QUEUES["operations"][name]["input"]["shape"], ""))
    if api == LOGIN:
        return _plain(row)
    return parameters(api, name)


def _members(shape: str, at: str) -> Iterator[str]:
    """The fields of a shape of SQS's model; a map with names of its own in it is told by those."""
    described = QUEUES["shapes"][shape]
    if described["type"] == "list":
        yield from _members(described["member"]["shape"], f"{at}[]")
    elif described["type"] == "map" and at == "Attributes":
        settable = set(QUEUES["shapes"]["QueueAttributeName"]["enum"]) - {
            "All", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "CreatedTimestamp",
            "LastModifiedTimestamp", "QueueArn", "ApproximateNumberOfMessagesDelayed",
        }  # fmt: skip
        yield from (f"{at}.{name}" for name in settable)
    elif described["type"] == "structure":
        for name, part in described["members"].items():
            yield from _members(part["shape"], f"{at}.{name}" if at else name)
    else:
        yield at


def _plain(row: Fidelity) -> set[str]:
    """The parameters of a row, single values left out."""
    return {name for name in (*row.honoured, *row.refused, *row.listed) if "=" not in name}


def test_every_operation_of_these_apis_has_its_row() -> None:
    rows = {row.operation for row in OPERATIONS if not row.operation.startswith(f"{LOGIN}.")}

    named_by_amazon = {f"{api}.{name}" for api in APIS for name in operations(api)}
    named_by_amazon |= {f"{SQS}.{name}" for name in QUEUES["operations"]}
    assert rows == named_by_amazon


@pytest.mark.parametrize("row", OFFERED, ids=lambda row: row.operation)
def test_the_row_names_what_the_contract_names_and_nothing_else(row: Fidelity) -> None:
    assert _plain(row) == _contract(row)


@pytest.mark.parametrize("row", OFFERED, ids=lambda row: row.operation)
def test_a_proof_shows_each_honoured_parameter_and_each_member_of_an_enumeration(row: Fidelity) -> None:
    proved = {(name, str(value)) for name, value, _also in PROOFS[row.operation]}
    api, _, name = row.operation.rpartition(".")
    shown_by_all = {"fulfillmentStatuses", "fulfilledBy", "granularityType", "identifiersType"}
    each = {} if api in {SQS, LOGIN} else members(api, name)

    assert {parameter for parameter, _value in proved} == row.honoured
    for parameter in set(each) & row.honoured - shown_by_all:
        missing = [one for one in each[parameter] if f"{parameter}={one}" not in row.refused]
        assert {(parameter, one) for one in missing} <= proved


@pytest.mark.parametrize("row", OFFERED, ids=lambda row: row.operation)
async def test_an_honoured_parameter_changes_what_comes_of_the_call(row: Fidelity) -> None:
    ask = _seen_by_one if row.operation in READS else _seen_by_fresh_ones
    alsos = [{}, {}, *(also for _name, _value, also in PROOFS[row.operation])]
    bare, again, *without = await ask(row, alsos)
    assert bare == again, "the same call comes out the same"

    changed = await ask(row, [{**also, name: value} for name, value, also in PROOFS[row.operation]])
    proofs = zip(PROOFS[row.operation], without, changed, strict=True)
    assert [proof[:2] for proof, one, other in proofs if one == other] == []


@pytest.mark.parametrize("row", OFFERED, ids=lambda row: row.operation)
async def test_a_parameter_that_is_refused_or_unknown_is_refused_by_name_and_changes_nothing(
    row: Fidelity,
) -> None:
    async with calling() as caller:
        known = await made(caller, subscribed=row.operation not in WITHOUT_SUBSCRIPTION)
        before = _state(caller)
        for name in [*sorted(row.refused), "colour"]:
            parameter, _, value = name.partition("=")
            answer = await _asked(caller, row, {parameter: value or "x"}, known)
            assert answer.status == 400, f"{name}: {answer}"
            assert f"{name} is not offered here" in json.dumps(answer.shown)
        assert _state(caller) == before


@pytest.mark.parametrize("row", [row for row in OFFERED if row.listed], ids=lambda row: row.operation)
async def test_a_listed_parameter_is_taken_and_changes_nothing(row: Fidelity) -> None:
    for name in row.listed:
        bare, with_it = await _seen_by_fresh_ones(row, [{}, {name: "true" if "[]" not in name else "All"}])
        assert with_it == bare
        assert bare[0] in {200, 302}


async def test_an_operation_that_is_not_offered_says_so() -> None:
    async with calling(filled=False) as caller:
        for operation in (row.operation for row in OPERATIONS if not row.offered):
            answer = await caller.ask(operation, body={})

            assert answer.status == 400, operation
            assert f"{operation.rpartition('.')[2]} is not offered here" in json.dumps(answer.shown)


@pytest.mark.parametrize("operation", ROUTES, ids=lambda one: one.name)
def test_the_usage_plan_is_the_one_that_the_model_tells(operation: Operation) -> None:
    told = re.search(r"\|\s*([\d.]+)\s*\|\s*(\d+)\s*\|", explained(operation.api, operation.name))

    assert told is not None
    assert (operation.rate, operation.burst) == (float(told[1]), int(told[2]))


async def test_every_answer_tells_the_rate_of_its_plan_and_a_used_up_one_is_refused() -> None:
    async with calling(filled=False) as caller:
        stand = caller.stand
        stand.amazon.limits = Limits(1.0)
        headers = {"x-amz-access-token": stand.amazon.login.access(None)}
        url = f"{stand.url}/orders/2026-01-01/orders?createdAfter=2026-11-01T00:00:00Z"
        answers = []
        for _call in range(21):
            async with caller.http.get(url, headers=headers) as answer:
                answers.append((answer.status, answer.headers.get("x-amzn-RateLimit-Limit")))

    assert answers == [*[(200, "0.0056")] * 20, (429, None)]


def test_the_types_of_notification_that_are_not_sent_are_refused() -> None:
    folder = contracts() / "amazon" / "schemas" / "notifications"
    told = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")]
    types = {
        example["NotificationType"]
        for schema in told
        for example in [*schema.get("examples", []), _example(schema)]
        if "NotificationType" in example
    }
    for name in ("createSubscription", "getSubscription", "deleteSubscriptionById"):
        row = next(row for row in OPERATIONS if row.operation == f"{NOTIFICATIONS}.{name}")
        assert {f"notificationType={one}" for one in types - {"ORDER_CHANGE"}} <= row.refused


def _example(schema: dict[str, Any]) -> dict[str, str]:
    kinds = schema.get("properties", {}).get("notificationType", {}).get("enum", [])
    return {"NotificationType": kinds[0].replace("CHANGED", "CHANGE")} if kinds else {}


async def _seen_by_one(row: Fidelity, asks: Sequence[Any]) -> list[Any]:
    """What comes of each ask in one stand-in, where none of them changes anything."""
    async with calling() as caller:
        known = await made(caller, subscribed=row.operation not in WITHOUT_SUBSCRIPTION)
        return [await _seen(caller, row, changes, known) for changes in asks]


async def _seen_by_fresh_ones(row: Fidelity, asks: Sequence[Any]) -> list[Any]:
    return [(await _seen_by_one(row, [changes]))[0] for changes in asks]


async def _seen(caller: Caller, row: Fidelity, changes: Any, known: dict[str, str]) -> Any:
    """What comes of the call; what is another each time (made-up names, moments) left out."""
    answer = await _asked(caller, row, changes, known)
    seen = json.dumps(comes_of(caller, answer, writes=row.operation in WRITES), default=str)
    for name, value in known.items():
        if len(value) > len("WyI"):
            seen = seen.replace(value, f"${name}")
    return json.loads(re.sub("|".join(CHANCE), "", seen))


CHANCE = (
    r"127\.0\.0\.1:\d{2,}", r"[0-9a-f]{8}-[0-9a-f-]{27}(:[\w-]{32})?",
    r"(?<=sandbox-)[0-9a-f]{48}", r"(?<=spapi_oauth_code=)[0-9a-f]{20}", r'(?<="request_id": ")[0-9a-f]{16}',
    r'(?<=Timestamp": ")\d+',
)  # fmt: skip
"""Names, and the moments of queues, that are others each time."""


async def _asked(caller: Caller, row: Fidelity, changes: Any, known: dict[str, str]) -> Answer:
    api, _, name = row.operation.rpartition(".")
    method = "POST" if api == SQS or name == "token" else "GET" if api == LOGIN else operations(api)[name][0]
    in_body = api == SQS or name == "token"
    where = frozenset() if in_body else frozenset(PLACES) | _placed(row)
    asked = frozenset(changes) | _plain(row) if method in {"GET", "DELETE"} else _QUERIED
    base = BASES.get(row.operation, Ask())
    ask = base.with_(changes, queried=frozenset() if in_body else asked, placed=where)
    path, query, body = named(ask.path, known), named(ask.query, known), named(ask.body, known)
    return await caller.ask(row.operation, path=path, query=query, body=body)


_QUERIED = frozenset({"marketplaceIds", "includedData", "mode", "issueLocale"})


def _placed(row: Fidelity) -> frozenset[str]:
    api, _, name = row.operation.rpartition(".")
    if api in {SQS, LOGIN}:
        return frozenset()
    template = operations(api)[name][1]
    return frozenset(part[1:-1] for part in template.split("/") if part.startswith("{"))


def _state(caller: Caller) -> Any:
    return comes_of(caller, Answer(0, None), writes=True)
