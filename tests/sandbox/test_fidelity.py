"""``crossdock sandbox --fidelity``: how far each operation of each vendor is offered, told as it is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import cli
from sandbox.fidelity_report import VENDORS
from sandbox.parameters import fields, left_out

ROOT = Path(__file__).resolve().parents[2]
ROWS = [(vendor, row) for vendor, operations in VENDORS.items() for row in operations]


def _printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert cli.main(["sandbox", "--fidelity"]) == 0
    printed: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return printed


@pytest.mark.req("R110")
def test_the_command_prints_one_row_for_each_operation(capsys: pytest.CaptureFixture[str]) -> None:
    printed = _printed(capsys)

    assert [(row["vendor"], row["operation"]) for row in printed] == [(v, row.operation) for v, row in ROWS]
    assert next(row for row in printed if row["operation"] == "orders_2026-01-01.getOrder") == {
        "vendor": "amazon",
        "operation": "orders_2026-01-01.getOrder",
        "offered": True,
        "compared_with": "schema",
        "honoured": ["includedData", "orderId"],
        "refused": [
            "includedData=EXPENSE",
            "includedData=FULFILLMENT_ORDERS",
            "includedData=PAYMENT",
            "includedData=PROMOTION",
        ],
        "listed": {},
        "checked_live": "never",
    }
    assert next(row for row in printed if row["operation"] == "reports_2021-06-30.createReport") == {
        "vendor": "amazon",
        "operation": "reports_2021-06-30.createReport",
        "offered": False,
        "compared_with": "nothing",
        "honoured": [],
        "refused": [],
        "listed": {},
        "checked_live": "never",
    }


@pytest.mark.req("R110")
def test_a_parameter_stands_in_one_of_the_three_and_a_reason_is_a_sentence() -> None:
    for vendor, row in ROWS:
        three = [*row.honoured, *row.refused, *row.listed]
        assert len(three) == len(set(three)), f"{vendor} {row.operation}"
        assert all(len(reason.split()) > 5 for reason in row.listed.values()), f"{vendor} {row.operation}"
        assert row.offered or not three, f"{vendor} {row.operation}: nothing of it is offered"

    named = [(vendor, row.operation) for vendor, row in ROWS]
    assert len(named) == len(set(named))


def test_the_fields_of_a_body_are_named_to_the_leaves() -> None:
    body = {"a": {"b": 1, "gone": None}, "items": [{"id": 1}, {"id": 2, "more": []}], "plain": "x"}

    assert list(fields(body)) == ["a.b", "items[].id", "items[].id", "plain"]
    assert list(fields(None)) == []
    assert list(fields([1])) == ["[]"]


def test_what_is_neither_honoured_nor_listed_is_left_out_of_the_offer() -> None:
    row = next(row for _vendor, row in ROWS if row.operation == "ordersV0.confirmShipment")
    named = [
        "marketplaceId",
        "packageDetail.orderItems[].quantity",
        "packageDetail.orderItems[].transparencyCodes[]",
        "packageDetail.orderItems",
        "packageDetail.carrier",
        "codCollectionMethod",
        "codCollectionMethod",
    ]

    assert left_out(row, named) == (
        "packageDetail.orderItems[].transparencyCodes[]",
        "packageDetail.carrier",
        "codCollectionMethod",
    )


CALLED = {
    "amazon": {
        "client.py": r'self\._calls\.call\(\s*"(\w+)"',
        "notifications.py": r'self\._ask\(\s*"(\w+)"',
    },
    "easypost": {"client.py": r"self\._easypost\.([a-z]\w*\.\w+)\("},
}
"""How the connectors' sources name the operations that they call."""


@pytest.mark.req("R110")
@pytest.mark.parametrize("vendor", CALLED)
def test_what_a_connector_calls_is_offered_and_compared_with_the_vendors_own(vendor: str) -> None:
    called = {
        name
        for file, pattern in CALLED[vendor].items()
        for name in re.findall(pattern, (ROOT / "connectors" / vendor / file).read_text(encoding="utf-8"))
        if not name.startswith("subscribe")
    }
    rows = {row.operation: row for other, row in ROWS if other == vendor and row.offered}
    by_name = {name.rpartition(".")[2] if vendor == "amazon" else name: row for name, row in rows.items()}

    assert len(called) == {"amazon": 16, "easypost": 7}[vendor]
    assert called <= set(by_name)
    assert {by_name[name].compared_with for name in called} <= {"schema", "recordings"}
