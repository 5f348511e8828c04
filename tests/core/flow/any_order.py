"""News of one order, and ways to bring it to the hub in another order than it happened in.

Every event is a change in a vendor's own books, and what it notifies of. Changes happen in their own order; the notifications
arrive as a permutation says. A notification is never earlier than what happened: before one arrives, everything up to
its event has happened, and those of the others are still under way.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connectors.bogus.carrier import scan
from connectors.bogus.channel import change_order, order_of
from core.domain.state import OrderState
from core.jobs.notifications import delivery_of
from core.model.money import Money, Side
from core.model.notification import Notification, NotificationKind
from core.model.order import Order, Transaction, TransactionKind, TransactionState
from core.model.payment import GatewayPayment, PaymentState
from core.model.shipment import TrackingState
from core.store.claims import due_orders
from core.store.jobs import claim_jobs
from simulation.due import due_now
from simulation.shoppers import Cart, cancel, place
from tests.builders import MERCHANT, Bench, home

Event = Callable[[Bench, str], None]
"""Something that happens to the order of a number, in a vendor's books."""
PRICE = 9000
MINUTE = timedelta(minutes=1)


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD", side=Side.PRESENTMENT)


def created(b: Bench, number: str) -> None:
    """The shop tells of an order whose money its gateway knows nothing of yet."""
    cart = Cart(
        number=number,
        lines=(("CHEF-8", 1, PRICE),),
        ship_to=home(),
        email="kara@example.test",
        pay="later",
    )
    place(b.world, "shop", cart)
    del b.world.payments[f"pay-{number}"]


def authorized(b: Bench, number: str) -> None:
    """The gateway holds the money."""
    _at_gateway(b, f"pay-{number}", amount=PRICE, captured=0)
    b.world.notify("pay", NotificationKind.PAYMENT, f"pay-{number}")


def paid(b: Bench, number: str) -> None:
    """Somebody takes the money in the shop's own admin; the gateway's notification is lost."""
    held = known(b, number).transactions[0]
    taken = held.model_copy(
        update={
            "transaction_id": f"{number}-t2",
            "kind": TransactionKind.CAPTURE,
            "parent_id": held.transaction_id,
            "expires_at": None,
        }
    )
    _put(b, number, transactions=(*known(b, number).transactions, taken))
    _at_gateway(b, f"pay-{number}", amount=PRICE, captured=PRICE)


def edited(b: Bench, number: str) -> None:
    """A second unit is added, at the same price."""
    order = known(b, number)
    [line] = order.lines
    units = line.quantity + 1
    total = order.total.model_copy(update={"minor": line.unit_price.minor * units})
    more = line.model_copy(update={"quantity": units, "open_quantity": line.open_quantity + 1})
    works = tuple(
        w.model_copy(update={"lines": tuple((a, i, n + 1) for a, i, n in w.lines)}) for w in order.work_orders
    )
    _put(b, number, lines=(more,), total=total, total_presentment=usd(total.minor), work_orders=works)


def paid_rest(b: Bench, number: str) -> None:
    """The shopper pays what the second unit costs; the gateway's notification is lost."""
    rest = Transaction(
        transaction_id=f"{number}-t3",
        kind=TransactionKind.SALE,
        state=TransactionState.SUCCEEDED,
        gateway="bogus",
        amount=usd(PRICE),
        reference=f"rest-{number}",
    )
    _put(b, number, transactions=(*known(b, number).transactions, rest))
    _at_gateway(b, f"rest-{number}", amount=PRICE, captured=PRICE)


def moved(b: Bench, number: str) -> None:
    """The shopper moves to another street of another town."""
    shop = b.world.shop("shop")
    kept = shop.orders[number.lower()]
    new = home(street1="9 New Street", city="Bend", zip="97701")
    personal = kept.personal.model_copy(update={"ship_to": new})
    shop.orders[number.lower()] = kept.model_copy(update={"personal": personal})
    _put(b, number)


def cancelled(b: Bench, number: str) -> None:
    """The shopper cancels."""
    cancel(b.world, "shop", number.lower())


def in_transit(b: Bench, number: str) -> None:
    """The carrier takes the parcel."""
    scan(b.world, "post", shipment_of(b, number), TrackingState.IN_TRANSIT)


def delivered(b: Bench, number: str) -> None:
    """The carrier hands the parcel over."""
    scan(b.world, "post", shipment_of(b, number), TrackingState.DELIVERED)


def refunded(b: Bench, number: str) -> None:
    """Somebody gives a part of the money back in the shop's own admin."""
    paid_by = known(b, number).transactions[-1]
    back = paid_by.model_copy(
        update={
            "transaction_id": f"{number}-t9",
            "kind": TransactionKind.REFUND,
            "amount": usd(1000),
            "parent_id": paid_by.transaction_id,
        }
    )
    _put(b, number, transactions=(*known(b, number).transactions, back))


def refunded_at_gateway(b: Bench, number: str) -> None:
    """The gateway gives that part back."""
    reference = f"pay-{number}"
    kept = b.world.payments[reference]
    b.world.payments[reference] = kept.model_copy(
        update={"refunded": usd(1000), "state": PaymentState.PARTIALLY_REFUNDED}
    )
    b.world.notify("pay", NotificationKind.PAYMENT, reference)


def known(b: Bench, number: str) -> Order:
    return order_of(b.world, "shop", number.lower())


def shipment_of(b: Bench, number: str) -> str:
    return next(i for i, s in b.world.shipments.items() if s.label and s.reference.startswith(f"{number}/"))


def _put(b: Bench, number: str, **changes: Any) -> None:
    change_order(b.world, "shop", known(b, number).model_copy(update=changes))


def _at_gateway(b: Bench, reference: str, *, amount: int, captured: int) -> None:
    b.world.payments[reference] = GatewayPayment(
        reference=reference,
        state=PaymentState.VERIFIED,
        amount=usd(amount),
        captured=usd(captured),
        refunded=usd(0),
        capture_before=None,
        live=True,
    )


@dataclass(slots=True)
class News:
    """The events of one order, how many have happened, and the notifications that are under way."""

    number: str
    events: Sequence[Event]
    happened: int = 0
    requests: dict[int, list[tuple[str, Notification]]] = field(default_factory=dict)

    def arriving(self, b: Bench, index: int) -> list[tuple[str, Notification]]:
        """Return the notifications of one event, once everything up to it has happened."""
        self.happens(b, index)
        return self.requests[index]

    def happens(self, b: Bench, upto: int) -> None:
        for number in range(self.happened, upto + 1):
            others, b.world.notifications = b.world.notifications, []
            self.events[number](b, self.number)
            self.requests[number], b.world.notifications = b.world.notifications, others
            self.happened = number + 1


async def carry_all(b: Bench, notifications: Sequence[tuple[str, Notification]]) -> None:
    """Carry notifications to the hub, all of a connection in one delivery."""
    now = b.clock.now()
    for connection in dict.fromkeys(name for name, _ in notifications):
        stored = [
            delivery_of(name, one, one.model_dump_json().encode(), now)
            for name, one in notifications
            if name == connection
        ]
        await b.store.deliver(MERCHANT, connection, stored, now=now)


async def settle_all(b: Bench) -> None:
    """Carry and work until nothing is due at this instant: everything that is due at once, as a busy worker does."""
    for _ in range(400):
        told, b.world.notifications = b.world.notifications, []
        await carry_all(b, told)
        now = b.clock.now()
        if not await b.store.read(due_now, now):
            return
        claimed = await b.store.write(
            claim_jobs, owner=b.hub.owner, now=now, until=now + timedelta(seconds=90), limit=2000
        )
        await asyncio.gather(*(b.worker.run_job(job) for job in claimed))
        due = await b.store.read(due_orders, now, limit=2000, per_merchant=2000)
        await asyncio.gather(*(b.worker.run_order(m, o) for m, o, _ in due))
    raise AssertionError("the hub does not come to rest")


async def play(
    b: Bench, events: Sequence[Event], orders: Sequence[Sequence[int]], numbers: Sequence[str] = ()
) -> list[str]:
    """Play the same events once for each order of arrival, each for an order of its own; return their numbers."""
    names = numbers or [f"P-{n}" for n, _ in enumerate(orders, start=1)]
    told = [News(name, events) for name in names]
    for turn in range(max(len(order) for order in orders)):
        b.clock.move_to(b.clock.now() + MINUTE)
        now = [(news, order[turn]) for news, order in zip(told, orders, strict=True) if turn < len(order)]
        await carry_all(b, [one for news, index in now for one in news.arriving(b, index)])
        await settle_all(b)
    for news in told:
        news.happens(b, len(events) - 1)  # what happened and nobody told of
    return [news.number for news in told]


def end_of(b: Bench, state: OrderState | None, number: str) -> dict[str, Any]:
    """Return all of where an order ended that may not depend on when the hub heard of what."""
    assert state is not None
    assert state.order is not None
    checked = state.payment
    return {
        "stage": state.stage.value,
        "holds": dict(state.holds),
        "parked": state.parked,
        "open": state.open,
        "at_channel": state.order.state.value,
        "lines": [(line.quantity, line.open_quantity) for line in state.order.lines],
        "total": state.order.total.minor,
        "works": [(w.open, [n for _, _, n in w.lines]) for w in state.order.work_orders],
        "shipped": [parcel.lines for parcel in state.order.shipped],
        "transactions": [(t.kind.value, t.amount.minor) for t in state.order.transactions],
        "units": [(a.line_id, a.sku, a.location, a.units) for a in state.allocations],
        "backordered": state.backordered,
        "paid": checked and (checked.state.value, checked.paid and checked.paid.minor, len(checked.verdicts)),
        "short": checked and checked.difference and checked.difference.minor,
        "stale": state.payment_stale,
        "captured": [c.amount.minor for c in state.captured],
        "parcels": [
            (
                p.quote.parcel.lines,
                p.label and (p.label.service, p.label.price.minor),
                p.told,
                p.mailed,
                p.departed,
                p.tracking and p.tracking.value,
            )
            for p in state.parcels
        ],
        "voided": len(state.voided),
        "mails": sorted(state.messages),
        "effects": sorted(
            (kind.value, times)
            for (kind, subject), times in b.world.effects.items()
            if number.lower() in subject.lower().replace("/", " ").split()
        ),
    }


async def ends_of(b: Bench, numbers: Sequence[str]) -> list[dict[str, Any]]:
    return [end_of(b, await b.store.load(MERCHANT, f"shop:{number.lower()}"), number) for number in numbers]
