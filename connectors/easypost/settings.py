"""What ``with:`` of an EasyPost connection may say."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, SecretStr

from core.model.base import Shape

TOPICS = ("tracker.created", "tracker.updated")
"""What we act on; every other event is known and means nothing to us: a void is asked after, not waited for."""


class EasyPostSettings(Shape):
    """The ``with:`` of an EasyPost connection; unknown keys are refused, and no error shows a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: SecretStr = Field(min_length=1)
    """An API key: one that begins with EZTK buys test labels, one that begins with EZAK real ones."""
    webhook_secret: SecretStr | Annotated[tuple[SecretStr, ...], Field(min_length=1, max_length=2)] | None = (
        None
    )
    """What the webhook was made with; two while it is being changed. Without one, no webhook is taken."""
    customs_signer: str = ""
    """Who signs customs forms; the sender's name where it is not given."""
    threads: int = Field(default=16, ge=1, le=64)
    """Calls in flight at most: a rating takes seconds, and the SDK waits in a thread."""

    @property
    def mode(self) -> Literal["test", "live"] | None:
        """Test or live, as the key begins; None where it begins like neither."""
        key = self.key.get_secret_value()
        return "test" if key.startswith("EZTK") else "live" if key.startswith("EZAK") else None

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets in force, none to two."""
        each = self.webhook_secret if isinstance(self.webhook_secret, tuple) else (self.webhook_secret,)
        return tuple(s.get_secret_value() for s in each if s is not None)
