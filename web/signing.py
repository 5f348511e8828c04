"""Small signed values that travel through a browser: sessions, and the state of an authorization."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any


def sign(secret: bytes, purpose: str, value: dict[str, Any], expires_at: datetime) -> str:
    """Return a value as URL-safe text, readable but not forgeable, and good until an instant."""
    body = json.dumps({**value, "exp": int(expires_at.timestamp())}, separators=(",", ":"), sort_keys=True)
    packed = base64.urlsafe_b64encode(body.encode()).rstrip(b"=").decode()
    return f"{packed}.{_mac(secret, purpose, packed)}"


def unsign(secret: bytes, purpose: str, text: str, now: datetime) -> dict[str, Any] | None:
    """Return the signed value; None where it was forged, made for another purpose, or is too old."""
    if not text.isascii():
        return None
    packed, _, mac = text.partition(".")
    if not hmac.compare_digest(_mac(secret, purpose, packed), mac):
        return None
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    return value if value.pop("exp") > now.timestamp() else None


def _mac(secret: bytes, purpose: str, packed: str) -> str:
    return hmac.new(secret, f"{purpose}:{packed}".encode(), hashlib.sha256).hexdigest()
