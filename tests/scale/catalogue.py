"""A merchant of any size: products, listings of two channels, links, stock, and orders that are long over.

What is open (orders, jobs, parked work) is the same few, however large it is: that is what a merchant's day costs.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from core.model.products import Product
from core.model.stock import Listing, ListingKey
from core.store.links import link_all
from core.store.offered import copies_of, save_offered
from core.store.products import save_products
from core.store.stock import count_stock
from core.store.tables import deliveries, effects, facts, ledger, orders, refs
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time, settle

_AT_ONCE = 500
_WORDS = ("Red", "Blue", "Oak", "Steel", "Copper", "Linen", "Small", "Large")
ORDERS_PER_SKU = 2
POPULAR = "CHEF-8"
"""The SKU that every old order took a unit of."""


async def fill(b: Bench, skus: int) -> None:
    """Give a bench's merchant so many further SKUs, twice as many listings and as many old orders, and a few open ones."""
    for start in range(0, skus, _AT_ONCE):
        await _sell(b, range(start, min(skus, start + _AT_ONCE)))
    await _open_orders(b)
    await b.store.write(_old_orders, skus * ORDERS_PER_SKU)


async def _sell(b: Bench, numbers: range) -> None:
    now, of = b.clock.now(), (MERCHANT,)
    products = [
        Product(
            sku=f"SKU-{n:06}",
            title=f"{_WORDS[n % len(_WORDS)]} spoon No {n:06}",
            weight_g=100,
            size_mm=(100, 50, 20),
            hs="8215.99",
            origin="US",
            barcode=f"40{n:011}",
        )
        for n in numbers
    ]
    await b.store.write(save_products, *of, products)
    counts = [(product.sku, "reno", 10) for product in products]
    await b.store.write(count_stock, *of, counts, actor="person:kendra", now=now)
    for connection in ("shop", "amz"):
        offered = list(_offered(connection, products))
        _offer(b, connection, offered)
        copies = copies_of(offered)
        await b.store.write(save_offered, *of, connection, offered, copies=copies, now=now)
        # Every tenth listing is linked by nobody.
        made = {
            (connection, one.listing): {product.sku: 1}
            for n, one, product in zip(numbers, offered, products, strict=True)
            if n % 10
        }
        await b.store.write(link_all, *of, made, now=now)


def _offered(connection: str, products: Sequence[Product]) -> Iterator[Listing]:
    for product in products:
        places = ("loc-reno",) if connection == "shop" else ()
        name = product.sku if connection == "shop" else f"AMZ-{product.sku}"
        yield Listing(
            listing=name,
            sku=name,
            title=product.title,
            locations=places,
            barcode=product.barcode if connection == "shop" else None,
        )


def _offer(b: Bench, connection: str, offered: Sequence[Listing]) -> None:
    """Have the channel itself show them, at the number that the hub wants."""
    shop, wanted = b.world.shop(connection), 9 if connection == "shop" else 8
    for one in offered:
        shop.listings[one.listing] = one
        at = one.locations[0] if one.locations else None
        shop.levels[ListingKey(listing=one.listing, location=at)] = wanted


async def _open_orders(b: Bench) -> None:
    """Place five orders: two wait for units, one for a link, two go their way."""
    for number, line in enumerate(("DUTCH-6", "DUTCH-6", "CHEF-8", "SOCKS-CHEF", "SKU-000000"), start=1):
        units = 9 if line == "DUTCH-6" else 1
        cart = Cart(number=f"KK-{number}", lines=((line, units, 1000),), ship_to=home())
        place(b.world, "shop", cart)
    await pass_time(b, timedelta(minutes=1))
    await settle(b, most=600)


def _old_orders(conn: sa.Connection, number: int) -> None:
    """Store orders that are over: each with its facts, effects, a reference, a delivery and a row of the ledger."""
    [template] = _rows(conn, orders, orders.c.order_id == "shop:kk-3")
    told = _rows(conn, facts, facts.c.order_id == "shop:kk-3")
    last = conn.execute(
        sa.select(sa.func.max(ledger.c.seq)).where(ledger.c.sku == POPULAR, ledger.c.location == "reno")
    ).scalar_one()
    made: dict[sa.Table, list[Any]] = {t: [] for t in (orders, facts, effects, refs, deliveries, ledger)}
    for n in range(number):
        order_id = f"shop:old-{n:06}"
        placed = template["placed_at"] - timedelta(days=30, seconds=n)
        over = {
            "order_id": order_id,
            "external_id": f"old-{n:06}",
            "number": f"OLD-{n:06}",
            "placed_at": placed,
            "stage": "delivered",
            "holds": "",
            "due_at": None,
            "state": _over(template["state"]),
            "personal": None,
            "personal_key": None,
        }
        made[orders].append({**template, **over})
        made[facts] += [{**fact, "order_id": order_id} for fact in told]
        made[effects].append(_effect(order_id, placed))
        made[refs].append(
            {"merchant": MERCHANT, "kind": "tracking", "reference": f"1Z{n:06}", "order_id": order_id}
        )
        made[deliveries].append(_delivery(order_id, n, template["updated_at"] - timedelta(seconds=n)))
        made[ledger] += _moves(order_id, last + 2 * n, placed)
    for table, rows in made.items():
        conn.execute(sa.insert(table), rows)
    conn.exec_driver_sql(
        f"UPDATE stock SET entries = {last + 2 * number} WHERE sku = '{POPULAR}' AND location = 'reno'"
    )


def _rows(conn: sa.Connection, table: sa.Table, which: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    found = conn.execute(sa.select(table).where(table.c.merchant == MERCHANT, which)).mappings()
    return [dict(row) for row in found]


def _over(state: str) -> str:
    told: dict[str, Any] = json.loads(state)
    return json.dumps({**told, "allocations": []})


def _effect(order_id: str, at: object) -> Mapping[str, Any]:
    return {
        "merchant": MERCHANT,
        "key": f"{order_id}/buy/1",
        "order_id": order_id,
        "operation": "buy",
        "connection": "post",
        "fence": "object",
        "owner": "w1",
        "state": "done",
        "intended_at": at,
        "settled_at": at,
        "request": "{}",
        "result": "{}",
    }


def _delivery(order_id: str, number: int, at: object) -> Mapping[str, Any]:
    return {
        "merchant": MERCHANT,
        "connection": "shop",
        "event_id": f"old-{number}",
        "topic": "order",
        "kind": "fetch",
        "subject": order_id,
        "received_at": at,
        "state": "done",
    }


def _moves(order_id: str, seq: int, at: object) -> list[dict[str, Any]]:
    """Return the rows of the ledger by which an order took a unit of the popular SKU, and gave it back."""
    row = {
        "merchant": MERCHANT,
        "sku": POPULAR,
        "location": "reno",
        "at": at,
        "d_on_hand": 0,
        "order_id": order_id,
        "actor": "hub",
        "note": "",
    }
    return [
        {**row, "seq": seq + 1, "kind": "committed", "d_committed": 1},
        {**row, "seq": seq + 2, "kind": "released", "d_committed": -1},
    ]
