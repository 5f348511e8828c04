"""What ``with:`` of an email connection may say."""

import re
from urllib.parse import urlsplit

from pydantic import ConfigDict, SecretStr, field_validator

from core.model.base import Shape

ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]]+@[^@\s<>,;:\"()\[\]]+")
"""A bare mail address; whether it exists is the mail server's to say."""


class EmailSettings(Shape):
    """The ``with:`` of an email connection; unknown keys are refused, and no error shows a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    smtp: SecretStr
    """``smtp://`` or ``smtps://``, user and password percent-encoded: ``smtps://user:password@mail.example:465``."""
    sender: str
    """The address that mail comes from."""

    @field_validator("smtp")
    @classmethod
    def _a_server(cls, value: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(value.get_secret_value())
            whole = parts.scheme in {"smtp", "smtps"} and parts.hostname and (parts.port or 1)
        except ValueError:
            whole = False
        if not whole:
            raise ValueError(
                "expected smtp://host:port or smtps://host:port, with user:password@ where needed"
            )
        return value

    @field_validator("sender")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if not ADDRESS.fullmatch(value):
            raise ValueError("expected a bare mail address, as in orders@example.com")
        return value
