"""The bogus gateway: payments as it keeps them itself."""

from dataclasses import dataclass

from connectors.bogus.client import World
from core.errors import RejectedError
from core.model.payment import GatewayPayment


@dataclass(frozen=True, slots=True)
class BogusGateway:
    """The world's payment processor."""

    connection: str
    world: World

    async def fetch_payment(self, reference: str) -> GatewayPayment:
        """Return the payment."""
        return await self.world.look(self.connection, "fetch_payment", lambda _: self._found(reference))

    def _found(self, reference: str) -> GatewayPayment:
        found = self.world.payments.get(reference)
        if found is None:
            raise RejectedError("no such payment", connection=self.connection, code="not_found")
        return found
