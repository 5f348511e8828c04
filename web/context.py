"""What the web process needs besides the hub."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.ports import Token
from web.door.limits import Limits
from web.signing import unsign


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the hub is reached from outside, what signs its cookies, and what follows a new authorization."""

    public_url: str
    secret: bytes
    """Signs sessions and the state of authorization round trips."""
    connected: Callable[[str, str, Token], Awaitable[None]]
    """Called with (merchant, connection, token) once a merchant has authorized a connection."""
    metrics_token: str | None = None
    """What a monitor shows to be told the figures; without one nobody is."""
    limits: Limits = field(default_factory=Limits)
    """What a stranger may take, and which addresses are proxies that speak for many."""
    older_secrets: Callable[[], Sequence[bytes]] = tuple
    """Those of the other keys: what was signed before a rotation of keys is good until its end."""

    def unsign(self, purpose: str, text: str, now: datetime) -> dict[str, Any] | None:
        """Return the value that we signed, under whichever key; None where it was forged, of another purpose, or too old."""
        for secret in (self.secret, *self.older_secrets()):
            value = unsign(secret, purpose, text, now)
            if value is not None:
                return value
        return None

    @property
    def secure(self) -> bool:
        """Whether cookies may travel over TLS only."""
        return self.public_url.startswith("https://")
