"""Idempotency keys, as Stripe keeps them."""

import hashlib
from dataclasses import dataclass

from sandbox.stripe.refusals import Refused
from sandbox.values import Json


@dataclass
class Kept:
    """The first request under a key, and its answer once there is one."""

    fingerprint: str
    answer: tuple[int, Json, str] | None = None


class Keys:
    """Every key that was used."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def begin(self, key: str, *, method: str, path: str, body: bytes) -> tuple[int, Json, str] | None:
        """The answer to replay (status, body, original request id), or none when the request must act now."""
        fingerprint = hashlib.sha256(b"%s %s %s" % (method.encode(), path.encode(), body)).hexdigest()
        kept = self._kept.get(key)
        if kept is None:
            self._kept[key] = Kept(fingerprint)
            return None
        if kept.fingerprint != fingerprint:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise Refused(400, message, kind="idempotency_error")
        if kept.answer is None:
            message = "There is currently another in-progress request using this idempotency key."
            raise Refused(409, message, kind="idempotency_error", code="idempotency_key_in_use")
        return kept.answer

    def finish(self, key: str, status: int, body: Json, *, request_id: str) -> None:
        """Keep the answer for every repeat."""
        self._kept[key].answer = (status, body, request_id)

    def forget(self, key: str) -> None:
        """The request was refused before it did anything; the key is free again."""
        self._kept.pop(key, None)
