"""What ``with:`` of a bogus connection may say."""

from typing import Literal

from pydantic import SecretStr

from core.model.base import Shape


class BogusSettings(Shape):
    """The ``with:`` of a bogus connection; unknown keys are refused."""

    plays: Literal["shop", "marketplace", "gateway", "carrier", "mailer", "tool"]
    """Which vendor this connection stands for."""
    world: str = "main"
    """Connections of the same world know one another: a capture at the shop shows at the gateway."""
    queue: bool = False
    """A marketplace notifies through a queue besides."""
    webhook_secret: SecretStr = SecretStr("bogus")
    """Signs the notifications."""
    mode: Literal["test", "live"] | None = None
    """Whether the vendor stands for a test account."""
