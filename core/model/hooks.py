"""What is asked of an address of the merchant's own, and what it answers."""

from typing import Any, Literal

from pydantic import Field

from core.model.base import Shape

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class HookRequest(Shape):
    """One request: below the connection's own address, with a JSON body."""

    method: Method = "POST"
    path: str = ""
    body: Any = Field(default=None, repr=False)
    """What is sent as JSON; None: nothing."""
    time_limit_s: float = 10.0


class HookAnswer(Shape):
    """The answer of a request that was done."""

    status: int
    body: Any = Field(default=None, repr=False)
    """Its JSON, with numbers that are not whole as ``Decimal``; None where it is none."""
