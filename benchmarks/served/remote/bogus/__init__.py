"""In the place of the connector of that name: the bogus vendors of the process at the endpoint ``vendors``.

They tell of changes by webhook.
"""

from dataclasses import replace
from typing import Any

import aiohttp

from benchmarks.vendors import ask, client, remote_ports
from connectors.bogus import CONNECTOR as BOGUS
from connectors.bogus.settings import BogusSettings
from connectors.bogus.webhooks import BogusWebhooks
from core.ports import Connection, Ports


class _Asking:
    """Asks the vendors over a session that is opened by the first call."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, path: str, body: bytes) -> Any:
        """Return what they answer."""
        if self._session is None:
            self._session = client(self._url)
        return await ask(self._session, path, body)

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


def build(connection: Connection) -> Ports:
    """Return what the connection can do."""
    settings = BogusSettings.model_validate(connection.settings)
    asking = _Asking(connection.endpoints["vendors"])
    webhooks = BogusWebhooks(connection.name, settings.webhook_secret.get_secret_value())
    return replace(remote_ports(asking)[connection.name], webhooks=webhooks, close=asking.close)


CONNECTOR = replace(BOGUS, build=build)
