"""Forged webhooks of every connector that takes any: refused with 401, compared in constant time, not one row left."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import connectors
from connectors.bogus.webhooks import HEADER, BogusWebhooks
from connectors.easypost.webhooks import EasyPostWebhooks
from connectors.shopify.settings import ShopifySettings
from connectors.shopify.webhooks import ShopifyWebhooks
from connectors.stripe.webhooks import StripeWebhooks
from core.ports import Connection, WebhookSource
from core.store.tables import deliveries, jobs
from tests.builders import MERCHANT
from tests.web.site import Site, a_notification

Sign = Callable[[str, bytes, datetime], dict[str, str]]
"""(secret, body, when) -> the headers that the vendor sends."""
OURS, THEIRS = "whsec_ours", "whsec_of_another_shop"
PATH = f"/webhooks/{MERCHANT}/shop"


def _hex(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def bogus(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    del at
    return {HEADER: _hex(secret, body)}


def shopify(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    del at
    mac = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
    return {
        "X-Shopify-Hmac-Sha256": mac, "X-Shopify-Topic": "orders/create", "X-Shopify-Shop-Domain": "kendra.myshopify.com",
    }  # fmt: skip


def stripe(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    stamp = int(at.timestamp())
    return {"Stripe-Signature": f"t={stamp},v1={_hex(secret, f'{stamp}.'.encode() + body)}"}


def easypost(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    del at
    return {"X-Hmac-Signature": f"hmac-sha256-hex={_hex(secret, body)}"}


def easypost_v2(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    stamp = format_datetime(at)
    mac = _hex(secret, f"{stamp}POST{PATH}".encode() + body)
    return {"X-Hmac-Signature-V2": f"hmac-sha256-hex={mac}", "X-Timestamp": stamp, "X-Path": PATH}


SIGNS: Mapping[str, Sign] = {
    "bogus": bogus, "shopify": shopify, "stripe": stripe, "easypost": easypost, "easypost v2": easypost_v2,
}  # fmt: skip
TIMED = {"stripe", "easypost v2"}
"""Those that sign the time."""
BODIES: Mapping[str, bytes] = {
    "bogus": a_notification(),
    "shopify": b'{"id": 5001, "note": "caf\\u00e9"}',
    "stripe": b'{"object": "event", "id": "evt_1", "type": "charge.updated", "data": {"object": {"id": "ch_1"}}}',
    "easypost": b'{"id": "evt_1", "description": "tracker.updated", "result": {"id": "trk_1"}}',
}


def source_of(vendor: str) -> WebhookSource:
    """Return what verifies a vendor's deliveries under our secret."""
    if vendor == "stripe":
        return StripeWebhooks("shop", [OURS])
    if vendor == "easypost":
        return EasyPostWebhooks("shop", [OURS])
    if vendor == "bogus":
        return BogusWebhooks("shop", OURS)
    nothing: Any = None
    app = Connection(
        merchant=MERCHANT, name="shop", settings=ShopifySettings(store="kendra.myshopify.com"),
        app={"client_secret": OURS}, endpoints={}, tokens=nothing, quota=nothing, clock=nothing,
    )  # fmt: skip
    return ShopifyWebhooks(app)


def forgeries(scheme: str, body: bytes, now: datetime) -> dict[str, tuple[dict[str, str], bytes]]:
    """Return name -> (headers, body) of everything that must be refused."""
    sign = SIGNS[scheme]
    good = sign(OURS, body, now)
    signature = next(iter(good))
    other = json.dumps(json.loads(body) | {"id": "evt_2", "event_id": "e2"}).encode()
    found = {
        "no signature": ({name: value for name, value in good.items() if name != signature}, body),
        "empty": (good | {signature: ""}, body),
        "of another shop's secret": (sign(THEIRS, body, now), body),
        "of an empty secret": (sign("", body, now), body),
        "of another body": (good, other),
        "of a body cut short": (good, body[:-1]),
        "of no body": (good, b""),
        "of a body written anew": (good, json.dumps(json.loads(body), ensure_ascii=False, indent=1).encode()),
        "of a body with a line at its end": (good, body + b"\n"),
        "cut short": (good | {signature: good[signature][:-1]}, body),
        "with more behind it": (good | {signature: good[signature] + "0"}, body),
        "in other letters": (good | {signature: good[signature].swapcase()}, body),
    }
    if scheme in TIMED:
        found["of an hour ago"] = (sign(OURS, body, now - timedelta(hours=1)), body)
        found["of six minutes ahead"] = (sign(OURS, body, now + timedelta(minutes=6)), body)
    if scheme == "stripe":
        old = sign(OURS, body, now - timedelta(hours=1))[signature]
        found["of an hour ago under a new time"] = (
            {signature: f"t={int(now.timestamp())},{old.split(',')[1]}"},
            body,
        )
        found["of another scheme"] = (good | {signature: good[signature].replace("v1=", "v0=")}, body)
    if scheme == "easypost v2":
        found["of another time than it says"] = (
            good | {"X-Timestamp": format_datetime(now + timedelta(seconds=1))},
            body,
        )
        found["of another path"] = (good | {"X-Path": "/webhooks/rival/shop"}, body)
    return found


async def rows(site: Site) -> tuple[int, int]:
    """Return how many deliveries and jobs there are."""

    def count(conn: sa.Connection) -> tuple[int, int]:
        kept, asked = (
            conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (deliveries, jobs)
        )
        return kept, asked

    return await site.b.store.read(count)


@pytest.mark.req("R17")
@pytest.mark.parametrize("scheme", SIGNS)
async def test_every_forgery_is_401_leaves_no_row_and_is_compared_in_constant_time(
    site: Site, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    vendor = scheme.split(maxsplit=1)[0]
    body, now = BODIES[vendor], datetime.now(UTC)
    site.change(MERCHANT, "shop", webhooks=source_of(vendor))
    kept, asked = await rows(site)
    assert kept == 0
    compared: list[None] = []
    compare = hmac.compare_digest

    def noted(ours: Any, theirs: Any) -> bool:
        compared.append(None)
        return compare(ours, theirs)

    monkeypatch.setattr(hmac, "compare_digest", noted)

    for name, (headers, sent) in forgeries(scheme, body, now).items():
        before = len(compared)
        answer = await site.ask("POST", PATH, data=sent, headers=headers)
        assert answer.status == 401, name
        # What names no signature that could be compared is refused without one.
        if "signature" not in name and name != "empty" and "scheme" not in name and "letters" not in name:
            assert len(compared) > before, name
    assert await rows(site) == (0, asked)

    assert (await site.ask("POST", PATH, data=body, headers=SIGNS[scheme](OURS, body, now))).status == 200
    assert await rows(site) == (1, asked + 1)


@pytest.mark.req("R17")
def test_every_connector_that_takes_webhooks_is_tried() -> None:
    folder = Path(connectors.__file__).parent
    assert {file.parent.name for file in folder.glob("*/webhooks.py")} == {
        scheme.split()[0] for scheme in SIGNS
    }
