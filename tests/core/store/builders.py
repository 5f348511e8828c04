"""Builders: only what a test is about is said there, the rest is filled in here."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core.domain.commit import Intent, NewOrder, OrderCommit, Reserve
from core.model.address import Region
from core.model.facts import Noted, Received
from core.model.money import Money, Side
from core.model.order import ChannelState, Order, TaxMode
from core.model.stock import Allocation, Need

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
SOON = NOON + timedelta(minutes=1)
LATER = NOON + timedelta(hours=1)


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def an_order(number: str, *, placed_at: datetime = NOON, total: int = 1000) -> Order:
    nothing = usd(0)
    return Order(
        connection="shop",
        order_id=number,
        number=f"KK-{number}",
        placed_at=placed_at,
        updated_at=placed_at,
        state=ChannelState.OPEN,
        tax_mode=TaxMode.EXCLUDED,
        lines=(),
        shipping=nothing,
        shipping_discount=nothing,
        shipping_tax=nothing,
        duties=nothing,
        tips=nothing,
        rounding=nothing,
        total=usd(total),
        total_presentment=Money(minor=total, currency="USD", side=Side.PRESENTMENT),
        marketplace_tax=nothing,
        ship_to=Region(country="US"),
    )


def received(number: str = "1", *, placed_at: datetime = NOON) -> Received:
    return Received(at=NOON, actor="channel", order=an_order(number, placed_at=placed_at), needs=())


def noted(text: str) -> Noted:
    return Noted(at=NOON, text=text)


def a_new_order(number: str = "1", *, merchant: str = "kendra", **more: Any) -> OrderCommit:
    """Return the commit that makes order ``shop:<number>`` known."""
    placed_at = more.pop("placed_at", NOON)
    create = NewOrder(connection="shop", external_id=number, number=f"KK-{number}", placed_at=placed_at)
    told = {"happened": (received(number, placed_at=placed_at),), "expect": 0, **more}
    return OrderCommit(merchant=merchant, order_id=f"shop:{number}", at=NOON, create=create, **told)


def a_commit(number: str = "1", *, merchant: str = "kendra", **more: Any) -> OrderCommit:
    return OrderCommit(merchant=merchant, order_id=f"shop:{number}", **{"at": NOON, **more})


def an_intent(key: str, *, owner: str = "w1") -> Intent:
    return Intent(key=key, operation="buy", connection="easypost", fence="object", owner=owner)


def a_need(units: int, *, sku: str = "MUG", line: str = "1") -> Need:
    return Need(line_id=line, sku=sku, units=units)


def an_allocation(units: int, *, sku: str = "MUG", line: str = "1", location: str = "reno") -> Allocation:
    return Allocation(line_id=line, sku=sku, location=location, units=units)


def a_reserve(*needs: Need, **more: Any) -> Reserve:
    return Reserve(needs=needs, **{"locations": ("reno", "easton"), **more})
