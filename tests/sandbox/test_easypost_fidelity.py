"""EasyPost's stand-in honours each parameter that is recorded or documented, refuses it aloud, or lists it with its reason (R110)."""

import inspect
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import easypost
import pytest
from easypost.requestor import Requestor

from sandbox.easypost.fidelity import ADDRESSES, ECHOED_OPTIONS, NOT_OFFERED, OPERATIONS, RATE_FIELDS, ROWS
from sandbox.easypost.objects import ADDRESS_FIELDS, CUSTOMS_FIELDS, ITEM_FIELDS
from sandbox.fidelity import Fidelity
from tests.contracts_easypost import named_in_requests
from tests.sandbox.amazon_proofs import put
from tests.sandbox.easypost_calls import ABROAD, FEDEX, PLACES, SHIPMENT, UPS, Caller, calling
from tests.sandbox.easypost_stand import PORTLAND, RENO
from tests.sandbox.stand import MONDAY_NOON, Subscriber, until

pytestmark = pytest.mark.req("R110")

OFFERED = [row for row in OPERATIONS if row.offered]
LOCAL = frozenset({"get_next_page", "get_next_page_of_children"})
"""Methods of the library that only call another one again."""


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as made:
        yield made


class _AskedError(Exception):
    """The library asked."""


def test_every_operation_of_the_vendor_s_library_has_its_row_at_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str]] = []

    def ask(_self: Any, method: Any, url: str, **more: Any) -> None:
        asked.append((method.value.upper(), ("/beta" if more.get("beta") else "/v2") + url))
        raise _AskedError

    monkeypatch.setattr(Requestor, "request", ask)
    library = easypost.EasyPostClient("EZTKnone")
    named = [
        (f"{service}.{name}", getattr(one, name))
        for service, one in vars(library).items()
        if type(one).__module__.startswith("easypost.services")
        for name, _method in inspect.getmembers(type(one), inspect.isfunction)
        if not name.startswith("_") and name not in LOCAL
    ]

    assert {name for name, _method in named} == set(ROWS)
    for name, method in named:
        words = [
            word for word, one in inspect.signature(method).parameters.items() if one.default is one.empty
        ]
        filled: dict[str, Any] = dict.fromkeys(
            {*words, "id"} & set(inspect.signature(method).parameters), "x"
        )
        filled.pop("params", None)
        with pytest.raises(_AskedError):
            method(**filled, **({"type": "x"} if "params" in words else {}))
        verb, path = asked.pop()
        template = re.sub(r"\{\w+\}", "x", PLACES[name][1])
        assert (verb, path) == (PLACES[name][0], template), name


@pytest.mark.parametrize("row", OFFERED, ids=lambda row: row.operation)
def test_the_row_names_everything_that_a_recorded_request_named(row: Fidelity) -> None:
    known = {*row.honoured, *row.refused, *row.listed}

    assert named_in_requests()[row.operation] - known == set()


async def test_what_is_refused_is_refused_by_name_and_makes_nothing(caller: Caller) -> None:
    bought = await caller.bought()
    before = _kept(caller)
    for row in OFFERED:
        for name in [*sorted(row.refused), "colour", "shipment.colour", "rate.colour"]:
            answer = await _asked(caller, row, name, "x", bought)

            assert (answer.status, answer.shown["error"]["code"]) == (422, "UNPROCESSABLE_ENTITY"), name
            assert f"{name} is not offered here" in answer.shown["error"]["message"]
    assert _kept(caller) == before
    assert caller.stand.state.hooks.known == {}


def _kept(caller: Caller) -> dict[str, Any]:
    books = caller.stand.state.books()
    return {name: books[name] for name in ("labels", "postage", "shipments", "writes")}


async def test_an_operation_that_is_not_offered_says_so(caller: Caller) -> None:
    for operation in NOT_OFFERED:
        answer = await caller.ask(operation, body={} if NOT_OFFERED[operation][0] != "GET" else None)

        assert (answer.status, answer.shown["error"]["code"]) == (422, "UNPROCESSABLE_ENTITY"), operation
        assert operation in answer.shown["error"]["message"]
        assert "is not offered here" in answer.shown["error"]["message"]


async def _asked(caller: Caller, row: Fidelity, name: str, value: Any, bought: Mapping[str, Any]) -> Any:
    """Ask an offered operation as it is taken, with one more parameter."""
    if PLACES[row.operation][0] == "GET":
        name_of = bought["tracker"]["id"] if row.operation.startswith("tracker") else bought["id"]
        return await caller.ask(row.operation, name=name_of, query={name: value})
    bodies: dict[str, Any] = {
        "shipment.create": {"shipment": ABROAD},
        "shipment.buy": {"rate": {"id": bought["rates"][0]["id"]}},
        "webhook.create": {"webhook": {"url": "http://127.0.0.1:1/in"}},
    }
    return await caller.ask(
        row.operation, name=bought["id"], body=put(bodies.get(row.operation, {}), name, value)
    )


ECHOED: dict[str, Any] = {
    **{f"{kind}.{part}": f"{part} of {kind}" for kind in ADDRESSES for part in ADDRESS_FIELDS},
    **{f"{kind}.residential": True for kind in ADDRESSES},
    **{f"customs_info.{part}": f"the {part}" for part in CUSTOMS_FIELDS},
    "customs_info.customs_certify": True,
    **{f"customs_info.customs_items[].{part}": f"the {part}" for part in ITEM_FIELDS},
    "customs_info.customs_items[].quantity": 3,
    "customs_info.customs_items[].value": "12.5",
    "customs_info.customs_items[].weight": 4.25,
    **{f"options.{part}": f"the {part}" for part in ECHOED_OPTIONS},
    "options.label_format": "ZPL",
    **{
        f"parcel.{part}": size
        for part, size in (("length", 3.5), ("width", 2.5), ("height", 1.5), ("weight", 9.5))
    },
    **{f"tax_identifiers[].{part}": f"the {part}" for part in ("entity", "tax_id_type", "issuing_country")},
    "reference": "KK-1",
    "is_return": True,
}
"""Everything of a shipment that its answer shows again, each with a value that nothing else has."""
ACTING = frozenset({"carrier_accounts[]", "carrier", "service", "insurance"})
"""What makes a difference without being shown; each has a test of its own."""


async def test_what_a_shipment_is_made_of_is_shown_again(caller: Caller) -> None:
    whole: dict[str, Any] = {"shipment": {}}
    for name, value in ECHOED.items():
        whole = put(whole, f"shipment.{name}", value)
    answer = await caller.ask("shipment.create", body=whole)

    assert answer.status == 201, answer.shown
    assert {f"shipment.{name}" for name in {*ECHOED, *ACTING}} == ROWS["shipment.create"].honoured
    shown = {name: _at(answer.shown, name) for name in ECHOED}
    assert shown == ECHOED
    assert answer.shown["options"]["print_custom"] == [{"value": f"the print_custom_{n}"} for n in (1, 2, 3)]


def _at(shown: Any, name: str) -> Any:
    for part in name.split("."):
        shown = shown[part.removesuffix("[]")]
        shown = shown[0] if part.endswith("[]") else shown
    return shown


async def test_what_is_listed_changes_nothing(caller: Caller) -> None:
    bare = await caller.ask("shipment.create", body={"shipment": ABROAD})
    lines = [{"total_line_value": "10.00", "item_description": "Knife"}]
    with_lines = await caller.ask("shipment.create", body={"shipment": {**ABROAD, "line_items": lines}})
    assert _without_names(with_lines.shown) == _without_names(bare.shown)

    taxed = await caller.made(tax_identifiers=[{"entity": "SENDER", "tax_id": "GB123456789"}])
    assert taxed["tax_identifiers"][0]["tax_id"] == "HIDDEN"
    assert "GB123456789" not in json.dumps(taxed)

    rate = bare.shown["rates"][0]
    assert set(rate) - {"id"} == set(RATE_FIELDS)
    other = {**rate, "carrier": "Other", "rate": "0.01", "service": "Cheapest"}
    done = await caller.ask("shipment.buy", name=bare.shown["id"], body={"rate": other})
    assert done.shown["selected_rate"] == rate

    every = await caller.ask("shipment.all", query={"include_children": "true"})
    assert every.shown == (await caller.ask("shipment.all")).shown


def _without_names(shown: Any) -> Any:
    return re.sub(r"[a-z]+_[0-9a-f]{32}", "", json.dumps(shown))


# -- what acts


async def test_only_the_carriers_of_the_accounts_that_are_named_are_rated(caller: Caller) -> None:
    both = await caller.made(carrier_accounts=[FEDEX, {"id": UPS}])
    one = await caller.made(carrier="UPS")

    assert {each["carrier"] for each in both["rates"]} == {"FedEx", "UPS"}
    assert {each["carrier"] for each in one["rates"]} == {"UPS"}
    answer = await caller.ask(
        "shipment.create", body={"shipment": {**SHIPMENT, "carrier_accounts": ["ca_0"]}}
    )
    assert (answer.status, answer.shown["error"]["code"]) == (422, "SHIPMENT.RATE.CARRIER_ACCOUNT_INVALID")
    assert caller.stand.state.books()["shipments"] == 2


async def test_one_call_buys_the_service_of_the_account_and_its_insurance(caller: Caller) -> None:
    made = await caller.made(
        carrier_accounts=[FEDEX], service="FEDEX_GROUND", insurance="250.00", reference="KK-7"
    )

    assert (made["selected_rate"]["service"], made["selected_rate"]["rate"]) == ("FEDEX_GROUND", "9.70")
    assert made["tracking_code"] == made["tracker"]["tracking_code"] != None  # noqa: E711
    assert made["postage_label"]["label_url"].endswith(f"{made['id']}.png")
    # 1.0% of 250.00 is 2.50.
    assert (made["insurance"], [fee["amount"] for fee in made["fees"]]) == (
        "250.00",
        ["0.00000", "9.70000", "2.50000"],
    )
    books = caller.stand.state.books()
    (label,) = books["labels"]
    assert (label["price"], label["insurance"], label["reference"]) == (970, 250, "KK-7")
    assert books["writes_by_operation"] == {"shipment.create": 1}


@pytest.mark.parametrize(("value", "fee"), [("100", "1.00000"), ("20.00", "1.00000"), (99999, "999.99000")])
async def test_insurance_costs_one_percent_and_a_dollar_at_least(
    caller: Caller, value: Any, fee: str
) -> None:
    made = await caller.made()
    done = await caller.ask(
        "shipment.buy", name=made["id"], body={"rate": {"id": made["rates"][0]["id"]}, "insurance": value}
    )

    assert done.shown["fees"][2] == {
        "object": "Fee", "type": "InsuranceFee", "amount": fee, "charged": True, "refunded": False,
    }  # fmt: skip


async def test_no_insurance_is_bought_with_nought_as_recorded(caller: Caller) -> None:
    made = await caller.bought(insurance="0")

    assert (made["insurance"], len(made["fees"])) == (None, 2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"service": "Overnight"}, "SHIPMENT.RATES.UNAVAILABLE"),
        ({"service": "FEDEX_GROUND", "carrier_accounts": [UPS]}, "SHIPMENT.RATES.UNAVAILABLE"),
        (
            {"service": "FEDEX_GROUND", "to_address": {**PORTLAND, "street1": "PO Box 7"}},
            "SHIPMENT.POSTAGE.FAILURE",
        ),
        ({"insurance": "100.00"}, "UNPROCESSABLE_ENTITY"),
        ({"options": {"label_format": "GIF"}}, "SHIPMENT.OPTIONS.INVALID"),
        ({"service": "FEDEX_GROUND", "insurance": "much"}, "UNPROCESSABLE_ENTITY"),
        ({"service": "FEDEX_GROUND", "insurance": "-1"}, "UNPROCESSABLE_ENTITY"),
    ],
)
async def test_what_cannot_be_bought_in_one_call_makes_nothing(
    caller: Caller, changes: dict[str, Any], code: str
) -> None:
    answer = await caller.ask("shipment.create", body={"shipment": {**SHIPMENT, **changes}})

    assert (answer.status, answer.shown["error"]["code"]) == (422, code)
    books = caller.stand.state.books()
    assert (books["shipments"], books["labels"], caller.stand.state.trackers) == (0, [], {})


async def test_a_return_goes_from_the_buyer_to_the_warehouse(caller: Caller) -> None:
    made = await caller.bought(to_address=PORTLAND, from_address=RENO, is_return=True)

    assert (made["is_return"], made["tracker"]["is_return"]) == (True, True)
    (label,) = caller.stand.state.books()["labels"]
    assert (label["from"], label["to"]) == (None, "US-NV")


async def test_a_shipment_is_found_by_its_reference_too(caller: Caller) -> None:
    await caller.made(reference="KK-1")
    second = await caller.made(reference="KK-1")

    assert (await caller.ask("shipment.retrieve", name="KK-1")).shown["id"] == second["id"]
    assert (await caller.ask("shipment.retrieve", name="KK-2")).status == 404


# -- lists


async def test_a_list_is_newest_first_and_pages_before_and_after_an_id(caller: Caller) -> None:
    made = [(await caller.bought())["id"] for _each in range(4)]
    bare = (await caller.made())["id"]

    async def ids(**query: str) -> tuple[list[str], bool]:
        shown = (await caller.ask("shipment.all", query=query)).shown
        return [each["id"] for each in shown["shipments"]], shown["has_more"]

    assert await ids() == ([made[3], made[2], made[1], made[0]], False)
    assert await ids(purchased="false") == ([bare, made[3], made[2], made[1], made[0]], False)
    assert await ids(page_size="2") == ([made[3], made[2]], True)
    assert await ids(page_size="2", before_id=made[2]) == ([made[1], made[0]], False)
    assert await ids(after_id=made[1]) == ([made[3], made[2]], False)
    assert await ids(after_id=bare) == ([], False)
    assert await ids(before_id=bare, page_size="1") == ([made[3]], True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"start_datetime": MONDAY_NOON.isoformat()}, 1),
        ({"start_datetime": "2026-12-01"}, 0),
        ({"end_datetime": "2026-12-01T00:00:00Z"}, 1),
        ({"end_datetime": "2026-11-30"}, 0),
    ],
)
async def test_a_list_keeps_to_its_times(caller: Caller, query: dict[str, str], found: int) -> None:
    await caller.bought()

    assert len((await caller.ask("shipment.all", query=query)).shown["shipments"]) == found


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"page_size": "0"}, 422), ({"page_size": "101"}, 422), ({"page_size": "many"}, 422),
        ({"purchased": "perhaps"}, 422), ({"start_datetime": "yesterday"}, 422),
        ({"before_id": "shp_none"}, 404), ({"before_id": "a", "after_id": "b"}, 422),
    ],
)  # fmt: skip
async def test_a_list_with_wrong_words_is_refused(caller: Caller, query: dict[str, str], status: int) -> None:
    assert (await caller.ask("shipment.all", query=query)).status == status


# -- the other operations


async def test_what_is_asked_by_id_is_the_one_of_that_id(caller: Caller) -> None:
    bought = await caller.bought(options={"label_format": "PNG"})
    for operation in ("shipment.retrieve", "shipment.refund", "shipment.label", "tracker.retrieve"):
        query = {"file_format": "PDF"} if operation == "shipment.label" else None
        name = bought["tracker"]["id"] if operation == "tracker.retrieve" else bought["id"]
        body: Any = {} if operation == "shipment.refund" else None
        found = await caller.ask(operation, name=name, query=query, body=body)
        missing = await caller.ask(operation, name="trk_none", query=query, body=body)

        assert (found.status, found.shown["id"], missing.status) == (200, name, 404), operation
    converted = await caller.ask("shipment.label", name=bought["id"], query={"file_format": "ZPL"})
    assert converted.shown["postage_label"]["label_zpl_url"].endswith(".zpl")
    assert (await caller.ask("shipment.label", name=bought["id"], query={"file_format": "GIF"})).status == 422
    assert (await caller.ask("shipment.buy", name="shp_none", body={"rate": {"id": "x"}})).status == 404


async def test_a_rate_is_bought_by_its_id(caller: Caller) -> None:
    made = await caller.made()
    wrongs: list[Any] = [{}, {"rate": {"id": "rate_none"}}, {"rate": "rate_none"}]
    for wrong in wrongs:
        assert (await caller.ask("shipment.buy", name=made["id"], body=wrong)).status in {404, 422}
    assert caller.stand.state.books()["labels"] == []

    done = await caller.ask("shipment.buy", name=made["id"], body={"rate": {"id": made["rates"][2]["id"]}})
    assert done.shown["selected_rate"] == made["rates"][2]


async def test_a_webhook_is_sent_with_its_headers_and_signed_with_its_secret(caller: Caller) -> None:
    async with Subscriber().listening() as subscriber:
        wanted = {
            "url": subscriber.url, "webhook_secret": "s", "custom_headers": [{"name": "X-Shop", "value": "kendra"}],
        }  # fmt: skip
        made = await caller.ask("webhook.create", body={"webhook": wanted})
        await caller.bought()
        await until(lambda: subscriber.got)

    headers, body = subscriber.got[0]
    assert (made.shown["url"], made.shown["custom_headers"]) == (wanted["url"], wanted["custom_headers"])
    assert (headers["X-Shop"], json.loads(body)["description"]) == ("kendra", "tracker.created")
    assert headers["X-Hmac-Signature"].startswith("hmac-sha256-hex=")
    assert "webhook_secret" not in made.shown


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("to_address.name", {"first": "Kara"}, "to_address.name"),
        ("to_address.name", ["Kara"], "to_address.name"),
        ("to_address.residential", "perhaps", "to_address.residential"),
        ("parcel.weight", "heavy", "parcel.weight"),
        ("parcel.length", -1, "parcel.length"),
        ("parcel.weight", 1e300, "parcel.weight"),
        ("is_return", "perhaps", "is_return"),
        ("carrier_accounts", FEDEX, "carrier_accounts"),
        ("customs_info", [1], "customs_info"),
        ("customs_info.customs_items", [1], "customs_info.customs_items.0"),
        ("customs_info.customs_items[].quantity", 1.5, "customs_info.customs_items.0.quantity"),
    ],
)
async def test_a_field_of_another_kind_is_named(caller: Caller, name: str, value: Any, field: str) -> None:
    answer = await caller.ask("shipment.create", body=put({"shipment": ABROAD}, f"shipment.{name}", value))

    assert answer.status == 422
    told = answer.shown["error"]["errors"] or [{"field": ""}]
    assert told[0]["field"] == field or "not offered" in told[0]["message"]
    assert caller.stand.state.books()["shipments"] == 0
