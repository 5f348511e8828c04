"""One address of the merchant's own, over HTTP."""

from typing import Literal
from urllib.parse import quote, urlsplit

from connectors.hooks.address import joined
from connectors.hooks.settings import KEY, USER_AGENT, HooksSettings
from core.errors import RateLimitError, RejectedError
from core.outgoing.addresses import AllowedHosts
from core.outgoing.answer import Answer
from core.outgoing.call import call
from core.outgoing.request import OutgoingRequest

NAMES_US = "Crossdock"
LONGEST_PAUSE_S = 86_400.0
"""A day: nothing waits longer on a word of a tool that may have been meant otherwise."""
REFUSED = "path_refused"

_AS_THEY_ARE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Tool:
    """Whoever answers at the address. Errors name its host and nothing else of it."""

    def __init__(self, connection: str, settings: HooksSettings, *, allowed: AllowedHosts) -> None:
        self.connection = connection
        self._settings = settings
        self._allowed = allowed

    @property
    def host(self) -> str:
        """Who is asked, as people read it."""
        return urlsplit(self._settings.url.get_secret_value()).hostname or ""

    async def ask(
        self, method: Method, path: str, *, limit_s: float, body: str | None = None, key: str | None = None
    ) -> Answer:
        """Ask it once; only a GET is taken to change nothing.

        Raises:
            RejectedError: ``path_refused``: the path might lead elsewhere; nothing was sent.
        """
        headers = {name: value.get_secret_value() for name, value in self._settings.headers.items()}
        headers[USER_AGENT] = NAMES_US
        if key is not None:
            headers[KEY] = quote(key, safe=_AS_THEY_ARE)
        request = OutgoingRequest(
            method=method, url=self._below(path), headers=headers, body=body, limit_s=limit_s
        )
        try:
            return await call(
                request, connection=self.connection, may_act=method != "GET", allowed=self._allowed
            )
        except RateLimitError as error:
            error.retry_after_s = min(error.retry_after_s, LONGEST_PAUSE_S)
            raise

    def _below(self, path: str) -> str:
        try:
            return joined(self._settings.url.get_secret_value(), path)
        except ValueError as error:
            raise RejectedError(str(error), connection=self.connection, code=REFUSED) from None
