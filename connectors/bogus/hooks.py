"""A tool of the merchant's own: it keeps what it was asked, and answers what its world says."""

from dataclasses import dataclass

from connectors.bogus.client import Effect, World
from core.errors import RejectedError
from core.model.hooks import HookAnswer, HookRequest

_OK, _REFUSED = 200, 400


@dataclass(frozen=True, slots=True)
class BogusHooks:
    """The world's tool; under one key it does something once."""

    connection: str
    world: World

    async def call(self, request: HookRequest, *, key: str) -> HookAnswer:
        """Take the request."""
        return await self.world.call(self.connection, "call", lambda: self._take(request, key))

    def _take(self, request: HookRequest, key: str) -> HookAnswer:
        status, body = self.world.answers.get(request.path, (_OK, {}))
        if status >= _REFUSED:
            raise RejectedError(f"call: answered {status}", connection=self.connection, code=str(status))
        if key not in self.world.asked:
            self.world.asked[key] = request
            self.world.did(Effect.HOOK, f"{request.method} {request.path}")
        return HookAnswer(status=status, body=body)
