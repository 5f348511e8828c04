"""Idempotency keys, as Stripe keeps them.

https://docs.stripe.com/api/idempotent_requests (read 2026-11): status and body of the first request are saved "after
endpoint execution begins", and "retries with the same key return the saved response, including `500` errors"; keys
have up to 255 characters and may be removed after 24 hours; where parameters fail validation, or a request under the
same key is still executing, nothing is saved.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sandbox.stripe.refusals import Refused
from sandbox.values import Json

LONGEST: Final = 255
KEPT_FOR: Final = timedelta(hours=24)


@dataclass
class Kept:
    """The first request under a key, and its answer once there is one."""

    fingerprint: str
    since: datetime
    answer: tuple[int, Json, str] | None = None


class Keys:
    """Every key that was used."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def begin(
        self, key: str, *, method: str, path: str, body: bytes, now: datetime
    ) -> tuple[int, Json, str] | None:
        """The answer to replay (status, body, original request id), or none when the request must act now."""
        if len(key) > LONGEST:
            message = f"Keys for idempotent requests can have up to {LONGEST} characters."
            raise Refused(400, message, kind="idempotency_error")
        fingerprint = hashlib.sha256(b"%s %s %s" % (method.encode(), path.encode(), body)).hexdigest()
        kept = self._kept.get(key)
        if kept is None or (kept.answer is not None and now - kept.since >= KEPT_FOR):
            self._kept[key] = Kept(fingerprint, now)
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
