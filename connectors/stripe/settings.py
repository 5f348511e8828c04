"""What ``with:`` of a Stripe connection may say."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, SecretStr, field_validator

from core.model.base import Shape

_KEYS = ("sk_test_", "sk_live_", "rk_test_", "rk_live_")
_TEST = ("sk_test_", "rk_test_")
_SECRET = "whsec_"  # noqa: S105  how every signing secret begins
ENABLED_EVENTS = (
    "payment_intent.succeeded", "payment_intent.canceled", "payment_intent.payment_failed",
    "payment_intent.amount_capturable_updated", "payment_intent.partially_funded",
    "charge.succeeded", "charge.captured", "charge.updated", "charge.expired", "charge.failed", "charge.refunded",
    "charge.dispute.created", "charge.dispute.closed", "charge.dispute.funds_reinstated",
    "refund.created", "refund.updated", "refund.failed", "review.opened", "review.closed",
    "radar.early_fraud_warning.created",
)  # fmt: skip
"""What the endpoint is to be subscribed to (README, set-up)."""


class StripeSettings(Shape):
    """The ``with:`` of a Stripe connection; unknown keys are refused, and no error shows a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: SecretStr
    """A secret key or, better, a restricted one (README, scopes)."""
    webhook_secret: SecretStr | Annotated[tuple[SecretStr, ...], Field(min_length=1, max_length=2)] | None = (
        None
    )
    """The endpoint's signing secret; two while it is being rolled. Without one, no webhook is taken."""

    @field_validator("key")
    @classmethod
    def _a_secret_key(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(_KEYS):
            raise ValueError(f"a secret key of Stripe begins with one of {', '.join(_KEYS)}")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _signing_secrets(
        cls, value: SecretStr | tuple[SecretStr, ...] | None
    ) -> SecretStr | tuple[SecretStr, ...] | None:
        each = value if isinstance(value, tuple) else (value,)
        if any(s is not None and not s.get_secret_value().startswith(_SECRET) for s in each):
            raise ValueError(f"a signing secret of Stripe begins with {_SECRET}")
        return value

    @property
    def mode(self) -> Literal["test", "live"]:
        """Test or live, as the key begins."""
        return "test" if self.key.get_secret_value().startswith(_TEST) else "live"

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The signing secrets in force, none to two."""
        each = self.webhook_secret if isinstance(self.webhook_secret, tuple) else (self.webhook_secret,)
        return tuple(s.get_secret_value() for s in each if s is not None)
