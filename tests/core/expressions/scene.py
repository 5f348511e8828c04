"""What the expressions of these tests see: an order such as a rule gets, and both engines."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

from core.expressions import Scope
from core.expressions.cel_cpp import CelCpp
from core.expressions.cel_python import CelPython
from core.expressions.engine import Engine

CEL_CPP, CEL_PYTHON = CelCpp(), CelPython()
ENGINES: tuple[Engine, ...] = (CEL_CPP, CEL_PYTHON)
ENGINE_NAMES = ("cel-cpp", "cel-python")


class State(StrEnum):
    HELD = "held"
    READY = "ready"


class Customer(BaseModel):
    name: str | None = None
    orders: int | None = None


class Line(BaseModel):
    sku: str
    quantity: int
    price: Decimal
    hazmat: bool = False
    tags: list[str] = []


class Parcel(BaseModel):
    order: "OrderValues | None" = None
    weight_kg: float = 0


class OrderValues(BaseModel):
    number: str
    total: Decimal
    risk: int
    currency: str = "USD"
    state: State = State.READY
    customer: Customer = Customer()
    lines: tuple[Line, ...] = ()
    tags: list[str] = []
    placed_at: datetime
    ship_on: date | None = None
    wait: timedelta = timedelta(hours=2)
    waited: timedelta | None = None
    weight_kg: float = 0
    note: str | None = None
    gift: bool | None = None
    vip: bool = False
    discount: Decimal | None = None
    places: dict[str, str] = {}
    counts: dict[str, int] = {}
    parcel: Parcel | None = None
    untold: Any = None


SCOPE = Scope.of({"order": OrderValues, "now": datetime, "event": dict[str, Any], "steps": {"label": Parcel}})
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def values() -> dict[str, Any]:
    """Return an order of two lines, 640.00 in all, whose shopper is not known."""
    order = {
        "number": "#1001",
        "total": Decimal("640.00"),
        "risk": 12,
        "currency": "USD",
        "state": State.HELD,
        "customer": {"name": None, "orders": None},
        "lines": [
            {"sku": "PAN-28", "quantity": 2, "price": Decimal("300.00"), "hazmat": False, "tags": ["iron"]},
            {"sku": "GAS", "quantity": 1, "price": Decimal("40.00"), "hazmat": True, "tags": []},
        ],
        "tags": ["first", "gift"],
        "placed_at": datetime(2026, 12, 1, 9, 30, tzinfo=UTC),
        "ship_on": date(2026, 12, 2),
        "wait": timedelta(hours=2),
        "waited": None,
        "weight_kg": 2.5,
        "note": None,
        "gift": None,
        "vip": True,
        "discount": None,
        "places": {"reno": "NV"},
        "counts": {"GAS": 3},
        "parcel": None,
        "untold": {"n": 1, "list": [1, 2, 3], "text": "a"},
    }
    steps = {"label": {"order": None, "weight_kg": 1.5}}
    return {"order": order, "now": NOON, "event": {"kind": "paid", "by": None}, "steps": steps}
