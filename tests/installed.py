"""An installation for tests of the command and of whole processes: a file, a database, bogus vendors."""

import base64
import os
import socket
from pathlib import Path

import yaml

MERCHANT = "kendra"
_CONFIG = {
    "version": 1,
    "merchant": MERCHANT,
    "connections": {
        "shop": {
            "use": "bogus",
            "with": {"plays": "shop", "webhook_secret": "${BOGUS_SECRET}"},
            "payments": {"bogus": "pay", "*": "channel"},
            "mails": "hub",
        },
        "pay": {"use": "bogus", "with": {"plays": "gateway"}},
        "post": {"use": "bogus", "with": {"plays": "carrier"}},
        "mail": {"use": "bogus", "with": {"plays": "mailer"}},
    },
    "locations": {
        "reno": {
            "name": "Kendra Reno",
            "street1": "1 Depot Way",
            "city": "Reno",
            "state": "NV",
            "zip": "89502",
            "country": "US",
            "phone": "7755550100",
            "timezone": "America/Los_Angeles",
            "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "holidays": [],
            "cutoff": "23:59",
            "labels": "auto",
            "grace": "0s",
            "tell": "label",
        }
    },
    "boxes": [{"id": "M", "inner_mm": [420, 320, 80], "tare_g": 250, "max_g": 8000}],
    "sla": {"promise": {"Standard": 5}, "hold": "48h"},
    "stock": {"default": {"buffer": {"shop": 1}, "low": 3}},
}
SECRET = "bogus-webhook-secret-17"


def installed(folder: Path, *, database: str | None = None, use: str = "bogus") -> dict[str, str]:
    """Write crossdock.yaml; return the environment of a hub that runs on it."""
    (folder / "crossdock.yaml").write_text(
        yaml.safe_dump(_CONFIG, sort_keys=False).replace("use: bogus", f"use: {use}", 1), encoding="utf-8"
    )
    ours = {
        "CROSSDOCK_CONFIG": str(folder / "crossdock.yaml"),
        "CROSSDOCK_DATABASE_URL": database or f"sqlite:///{folder / 'hub.db'}",
        "CROSSDOCK_SECRET_KEYS": base64.b64encode(bytes(range(32))).decode(),
        "BOGUS_SECRET": SECRET,
    }
    return {k: v for k, v in os.environ.items() if not k.startswith("CROSSDOCK_")} | ours


def free_port() -> int:
    """Return a loopback port that nobody uses now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
