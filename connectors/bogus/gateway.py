"""The bogus gateway: payments as it keeps them itself."""

from dataclasses import dataclass

from connectors.bogus.client import Effect, World
from core.errors import RejectedError
from core.model.money import Money
from core.model.payment import GatewayPayment, Movement, MovementState, PaymentState


@dataclass(frozen=True, slots=True)
class BogusGateway:
    """The world's payment processor."""

    connection: str
    world: World

    async def fetch_payment(self, reference: str) -> GatewayPayment:
        """Return the payment."""
        return await self.world.look(self.connection, "fetch_payment", lambda _: self._found(reference))

    async def capture_payment(self, reference: str, amount: Money, *, key: str) -> Movement:
        """Take authorized money, once per key."""
        act = self.world.once(key, lambda: self._capture(reference, amount))
        return await self.world.call(self.connection, "capture_payment", act)

    async def refund_payment(self, reference: str, amount: Money, *, key: str) -> Movement:
        """Give captured money back, once per key."""
        act = self.world.once(key, lambda: self._refund(reference, amount))
        return await self.world.call(self.connection, "refund_payment", act)

    def _found(self, reference: str) -> GatewayPayment:
        found = self.world.payments.get(reference)
        if found is None:
            raise RejectedError("no such payment", connection=self.connection, code="not_found")
        return found

    def _capture(self, reference: str, amount: Money) -> Movement:
        payment = self._found(reference)
        if payment.capturable < amount:
            return Movement(state=MovementState.DECLINED, code="amount_too_large")
        self.world.payments[reference] = payment.model_copy(
            update={"captured": payment.captured + amount, "capturable": payment.capturable.zero()}
        )
        self.world.did(Effect.CAPTURE, reference)
        return Movement(state=MovementState.DONE, reference=f"{reference}-charge", amount=amount)

    def _refund(self, reference: str, amount: Money) -> Movement:
        payment = self._found(reference)
        back = payment.refunded + amount
        if payment.captured < back:
            return Movement(state=MovementState.DECLINED, code="amount_too_large")
        state = PaymentState.REFUNDED if back == payment.captured else PaymentState.PARTIALLY_REFUNDED
        self.world.payments[reference] = payment.model_copy(update={"refunded": back, "state": state})
        self.world.did(Effect.REFUND, reference)
        return Movement(state=MovementState.DONE, reference=f"{reference}-refund", amount=amount)
