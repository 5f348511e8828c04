"""What ``with:`` of a hooks connection may say."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, field_validator

from connectors.hooks.address import joined, parts_of
from core.model.base import Shape
from core.outgoing.headers import name_refused_for, value_refused_for

KEY, USER_AGENT = "Idempotency-Key", "User-Agent"
_SENT_BY_US = frozenset({KEY.lower(), USER_AGENT.lower()})


def _a_name(name: str) -> str:
    refused = name_refused_for(name)
    if refused is not None:
        raise ValueError(refused)
    if name.lower() in _SENT_BY_US:
        raise ValueError(f"the header {name} is sent by Crossdock itself")
    return name


def _a_value(value: SecretStr) -> SecretStr:
    wrong = value_refused_for(value.get_secret_value())
    if wrong is not None:
        raise ValueError(f"the header {wrong}")
    return value


class HooksSettings(Shape):
    """The ``with:`` of a hooks connection; unknown keys are refused, and no error shows a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: SecretStr
    """Everything is asked below it. Of many chats the address itself is the secret."""
    headers: dict[Annotated[str, AfterValidator(_a_name)], Annotated[SecretStr, AfterValidator(_a_value)]] = (
        Field(default_factory=dict)
    )
    """Sent with every request."""
    probe: str | None = None
    """The path that is read to test the connection; without one it is not tested."""

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: SecretStr) -> SecretStr:
        parts_of(value.get_secret_value())
        return value

    @field_validator("headers")
    @classmethod
    def _each_once(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if len({name.lower() for name in value}) < len(value):
            raise ValueError("a header is given twice; small and capital letters are the same in their names")
        return value

    @field_validator("probe")
    @classmethod
    def _a_path(cls, value: str | None) -> str | None:
        if value is not None:
            if not value.startswith("/"):
                raise ValueError("expected a path below url, as in /ping")
            joined("https://example.test", value)
        return value
