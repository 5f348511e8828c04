"""The bogus shop's books of money: captures and cancellations go through it and show at the gateway."""

from collections.abc import Callable
from dataclasses import dataclass

from connectors.bogus.channel import change_order, order_of
from connectors.bogus.client import Effect, World
from core.errors import RejectedError
from core.model.money import Money
from core.model.notification import NotificationKind
from core.model.order import ChannelState, Order, Transaction, TransactionKind, TransactionState
from core.model.payment import GatewayPayment, Movement, MovementState, PaymentState
from core.model.stock import ListingKey


@dataclass(frozen=True, slots=True)
class BogusChannelPayments:
    """Money of a shop of the world."""

    connection: str
    world: World

    async def capture(self, order_id: str, authorization: str, amount: Money, *, key: str) -> Movement:
        """Take authorized money, once per key."""
        act = self.world.once(key, lambda: self._capture(order_id, authorization, amount))
        return await self.world.call(self.connection, "capture", act)

    async def cancel_order(self, order_id: str, *, refund: bool, restock: bool, key: str) -> None:
        """Cancel the whole order; one that is cancelled already is refused."""
        del key  # fenced by object: the order
        await self.world.call(
            self.connection, "cancel_order", lambda: self._cancel(order_id, refund=refund, restock=restock)
        )

    def _capture(self, order_id: str, authorization: str, amount: Money) -> Movement:
        order = order_of(self.world, self.connection, order_id)
        held = next((t for t in order.transactions if t.transaction_id == authorization), None)
        if held is None or held.kind is not TransactionKind.AUTHORIZATION:
            raise RejectedError("no such authorization", connection=self.connection, code="not_found")
        taken = Transaction(
            transaction_id=f"{authorization}-c{len(order.transactions)}",
            kind=TransactionKind.CAPTURE,
            state=TransactionState.SUCCEEDED,
            gateway=held.gateway,
            amount=amount,
            parent_id=authorization,
            reference=held.reference,
        )
        self._move(order, taken)
        self._at_gateway(held.reference, lambda payment: _captured(payment, amount))
        self.world.did(Effect.CAPTURE, f"{order_id}/{authorization}")
        return Movement(state=MovementState.DONE, reference=taken.transaction_id, amount=amount)

    def _refund(self, order_id: str, amount: Money) -> None:
        order = order_of(self.world, self.connection, order_id)
        paid = next(t for t in order.transactions if t.kind is TransactionKind.SALE)
        back = paid.model_copy(
            update={
                "transaction_id": f"{paid.transaction_id}-r{len(order.transactions)}",
                "kind": TransactionKind.REFUND,
                "amount": amount,
                "parent_id": paid.transaction_id,
            }
        )
        self._move(order, back)
        self._at_gateway(paid.reference, lambda payment: _refunded(payment, amount))
        self.world.did(Effect.REFUND, f"{order_id}/{paid.transaction_id}")

    def _cancel(self, order_id: str, *, refund: bool, restock: bool) -> None:
        order = order_of(self.world, self.connection, order_id)
        if order.state is ChannelState.CANCELLED:
            raise RejectedError("cancelled already", connection=self.connection, code="cancelled")
        for paid in order.transactions:
            if refund and paid.kind is TransactionKind.SALE:
                self._refund(order_id, paid.amount)
        order = order_of(self.world, self.connection, order_id)
        if restock:
            return_units(self.world, self.connection, order)
        cancelled = order.model_copy(update={"state": ChannelState.CANCELLED, "work_orders": ()})
        change_order(self.world, self.connection, cancelled)
        self.world.did(Effect.CANCEL, order_id)

    def _move(self, order: Order, transaction: Transaction) -> None:
        moved = order.model_copy(update={"transactions": (*order.transactions, transaction)})
        change_order(self.world, self.connection, moved)

    def _at_gateway(self, reference: str | None, change: Callable[[GatewayPayment], GatewayPayment]) -> None:
        known = self.world.payments.get(reference or "")
        if known is None:
            return
        self.world.payments[known.reference] = change(known)
        if self.world.gateway is not None:
            self.world.notify(self.world.gateway, NotificationKind.PAYMENT, known.reference)


def _captured(payment: GatewayPayment, amount: Money) -> GatewayPayment:
    return payment.model_copy(
        update={
            "captured": payment.captured + amount,
            "capture_before": None,
        }
    )


def _refunded(payment: GatewayPayment, amount: Money) -> GatewayPayment:
    back = payment.refunded + amount
    state = PaymentState.REFUNDED if back == payment.amount else PaymentState.PARTIALLY_REFUNDED
    return payment.model_copy(update={"refunded": back, "state": state})


def return_units(world: World, connection: str, order: Order) -> None:
    """Give the units of an order back to what the channel itself shows."""
    shop = world.shop(connection)
    for line in order.lines:
        place = next((w.location for w in order.work_orders if w.location), None)
        key = ListingKey(listing=line.listing or "", location=place)
        if key in shop.levels:
            shop.levels[key] += line.open_quantity
