"""What the web process needs besides the hub."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.ports import Token


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

    @property
    def secure(self) -> bool:
        """Whether cookies may travel over TLS only."""
        return self.public_url.startswith("https://")
