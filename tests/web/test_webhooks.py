"""Webhooks over real HTTP: who is let in, what is stored, and when 200 is said."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from connectors.bogus.webhooks import HEADER, BogusWebhooks, signature_of
from connectors.stripe.webhooks import StripeWebhooks
from core.errors import SignatureError
from core.failpoints import listening
from core.model.notification import Notification, WebhookRequest
from core.ports import Token
from core.store.jobs import list_jobs
from core.store.personal import body_of
from core.store.tables import deliveries
from core.store.tokens import TokenRow
from tests.builders import MERCHANT
from tests.stored import jobs_of_kind
from tests.web.site import OTHER, Site, a_notification
from web.webhooks import LARGEST_BODY

SHOP = f"/webhooks/{MERCHANT}/shop"


async def nothing_is_stored(site: Site) -> bool:
    """Say whether neither a delivery nor a job was left at any merchant."""
    kept = [await site.stored(m) for m in (MERCHANT, OTHER)]
    jobs = [e for m in (MERCHANT, OTHER) for e in await site.b.store.read(list_jobs, m) if e.kind == "fetch"]
    return not any(kept) and not jobs


@pytest.mark.req("R17", "R04")
async def test_a_signed_delivery_is_stored_before_it_is_answered(site: Site) -> None:
    answer = await site.notify(SHOP, a_notification())

    assert (answer.status, answer.body) == (200, b"")
    assert await site.stored() == [("shop", "e1", "order", "pending")]
    [job] = await site.b.store.read(jobs_of_kind, MERCHANT, "fetch")
    assert (job.subject, job.connection) == ("shop:5001", "shop")


@pytest.mark.req("R17", "R04")
async def test_a_delivery_that_cannot_be_stored_is_not_acknowledged(site: Site) -> None:
    await site.b.store.write(lambda conn: conn.execute(sa.text("ALTER TABLE deliveries RENAME TO gone")))

    answer = await site.notify(SHOP, a_notification())

    assert answer.status == 500
    await site.b.store.write(lambda conn: conn.execute(sa.text("ALTER TABLE gone RENAME TO deliveries")))
    assert await nothing_is_stored(site)


@pytest.mark.req("R17")
@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "nonsense",
        "0" * 64,
        signature_of("another secret", a_notification()),
        signature_of("bogus", a_notification("e2")),
        "\u00fcnl\u00e4ut",
        "\udcff\udcfe",
    ],
    ids=["missing", "empty", "malformed", "zeros", "other-secret", "other-body", "umlauts", "raw-bytes"],
)
async def test_what_is_not_signed_is_401_and_leaves_nothing(site: Site, signature: str | None) -> None:
    headers = {} if signature is None else {HEADER: signature}

    answer = await site.ask("POST", SHOP, data=a_notification(), headers=headers)

    assert answer.status == 401
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert await nothing_is_stored(site)


@pytest.mark.req("R17")
@pytest.mark.parametrize("connection", ["stripe", "easypost", "shopify"])
async def test_a_header_of_raw_bytes_is_401_for_every_vendor(site: Site, connection: str) -> None:
    from connectors.easypost.webhooks import EasyPostWebhooks
    from connectors.shopify.settings import ShopifySettings
    from connectors.shopify.webhooks import ShopifyWebhooks
    from core.ports import Connection

    app = Connection(
        merchant=MERCHANT, name="shop", settings=ShopifySettings(store="kendra.myshopify.com"),
        app={"client_secret": "s3"}, endpoints={},
        tokens=None, quota=None, clock=site.b.clock,  # type: ignore[arg-type]
    )  # fmt: skip
    sources = {
        "stripe": (StripeWebhooks("shop", ["whsec_1"]), "Stripe-Signature"),
        "easypost": (EasyPostWebhooks("shop", ["s3"]), "X-Hmac-Signature"),
        "shopify": (ShopifyWebhooks(app), "X-Shopify-Hmac-Sha256"),
    }
    source, header = sources[connection]
    site.change(MERCHANT, "shop", webhooks=source)

    answers = [
        await site.ask("POST", SHOP, data=b"{}", headers={header: value})
        for value in ("\udcff\udcfe", "t=1,v1=\udcff", "\u00fc")
    ]

    assert [a.status for a in answers] == [401, 401, 401]
    assert await nothing_is_stored(site)


@pytest.mark.req("R17")
async def test_during_rotation_either_secret_signs(site: Site) -> None:
    body = json.dumps({
        "object": "event", "id": "evt_1", "type": "charge.updated", "data": {"object": {"id": "ch_1"}},
    }).encode()  # fmt: skip
    site.change(MERCHANT, "pay", webhooks=StripeWebhooks("pay", ["whsec_new", "whsec_old"]))
    at = int(datetime.now(UTC).timestamp())

    async def deliver(secret: str) -> int:
        mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"Stripe-Signature": f"t={at},v1={mac}"}
        return (await site.ask("POST", f"/webhooks/{MERCHANT}/pay", data=body, headers=headers)).status

    assert [await deliver(s) for s in ("whsec_old", "whsec_new", "whsec_gone")] == [200, 200, 401]
    assert await site.stored() == [("pay", "evt_1", "charge.updated", "pending")]


@pytest.mark.req("R17")
async def test_a_body_over_the_cap_is_413_however_it_is_sent(site: Site) -> None:
    body = b"x" * (LARGEST_BODY + 1)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    whole = await site.notify(SHOP, body)
    chunked = await site.ask("POST", SHOP, data=chunks(), headers={HEADER: signature_of("bogus", body)})

    assert (whole.status, chunked.status) == (413, 413)
    assert await nothing_is_stored(site)


@pytest.mark.req("R17")
async def test_a_body_of_exactly_the_cap_is_taken(site: Site) -> None:
    assert (await site.notify(SHOP, b"x" * LARGEST_BODY)).status == 200


@pytest.mark.parametrize(
    "path",
    ["/webhooks/nobody/shop", f"/webhooks/{MERCHANT}/nothing", f"/webhooks/{MERCHANT}/mail", "/webhooks/x"],
)
async def test_an_unknown_merchant_connection_or_app_is_404(site: Site, path: str) -> None:
    assert (await site.notify(path, a_notification())).status == 404
    assert await nothing_is_stored(site)


@pytest.mark.req("R04")
async def test_signed_garbage_is_kept_sealed_and_visible(site: Site) -> None:
    garbage = b'{"order": \xff not json'

    answer = await site.notify(SHOP, garbage)

    assert answer.status == 200
    event = f"unreadable:{hashlib.sha256(garbage).hexdigest()}"
    assert await site.stored() == [("shop", event, "unreadable", "pending")]
    assert await site.b.store.read(body_of, site.b.store.keys, MERCHANT, "shop", event) == garbage
    [body] = await site.b.store.read(lambda conn: list(conn.execute(sa.select(deliveries.c.body)).scalars()))
    assert garbage not in body
    assert "unreadable" in (await site.ask("GET", "/deliveries", cookie=await site.log_in())).text


@pytest.mark.req("R04")
async def test_a_topic_that_means_nothing_is_kept_as_done_and_asks_for_no_job(site: Site) -> None:
    answer = await site.notify(SHOP, a_notification("e9", topic="themes/publish"))

    assert answer.status == 200
    assert await site.stored() == [("shop", "e9", "themes/publish", "done")]
    assert await site.b.store.read(jobs_of_kind, MERCHANT, "fetch") == []


@pytest.mark.req("R01")
async def test_fifty_repeats_from_eight_clients_make_one_row_and_one_job(site: Site) -> None:
    left = list(range(50))

    async def client() -> list[int]:
        found = []
        while left:
            left.pop()
            found.append((await site.notify(SHOP, a_notification())).status)
        return found

    answers = await asyncio.gather(*(client() for _ in range(8)))

    assert sorted(status for one in answers for status in one) == [200] * 50
    assert await site.stored() == [("shop", "e1", "order", "pending")]
    [job] = await site.b.store.read(jobs_of_kind, MERCHANT, "fetch")
    assert job.requests == 1


@pytest.mark.req("R04", "R11")
async def test_a_crash_between_storing_and_answering_loses_nothing_when_the_vendor_repeats(
    site: Site,
) -> None:
    def crash(name: str) -> None:
        if name == "webhooks.store.after":
            raise ConnectionResetError

    with listening(crash):
        assert (await site.notify(SHOP, a_notification())).status == 503
    assert (await site.notify(SHOP, a_notification())).status == 200

    assert await site.stored() == [("shop", "e1", "order", "pending")]


# --- one address for every merchant of an app ---


async def of_account(site: Site, merchant: str, account: str) -> None:
    row = TokenRow(keyring=site.b.store.keys, merchant=merchant, connection="shop")
    await site.b.store.write(row.put, Token(access="a", account=account), site.b.clock.now())


async def test_an_app_wide_delivery_reaches_the_merchant_of_its_account_and_nobody_else(site: Site) -> None:
    await of_account(site, MERCHANT, "kendra.test")
    await of_account(site, OTHER, "rival.test")

    answer = await site.notify("/webhooks/bogus", a_notification(account="rival.test"))

    assert answer.status == 200
    assert await site.stored(OTHER) == [("shop", "e1", "order", "pending")]
    assert await site.stored(MERCHANT) == []


async def test_an_app_wide_delivery_of_an_account_that_left_is_answered_and_shown_to_nobody(
    site: Site,
) -> None:
    await of_account(site, MERCHANT, "kendra.test")

    assert (await site.notify("/webhooks/bogus", a_notification(account="gone.test"))).status == 200
    assert await nothing_is_stored(site)


async def test_an_app_wide_delivery_that_names_no_account_is_given_to_none_of_several(site: Site) -> None:
    assert (await site.notify("/webhooks/bogus", a_notification())).status == 404
    assert await nothing_is_stored(site)


@pytest.mark.req("R17")
async def test_an_app_wide_delivery_needs_a_signature(site: Site) -> None:
    await of_account(site, MERCHANT, "kendra.test")

    answer = await site.notify("/webhooks/bogus", a_notification(account="kendra.test"), secret="other")

    assert answer.status == 401
    assert await nothing_is_stored(site)


@pytest.mark.case("F8")
async def test_a_delivery_signed_for_another_account_is_refused_at_a_connections_own_address(
    site: Site,
) -> None:
    await of_account(site, MERCHANT, "kendra.test")

    answer = await site.notify(SHOP, a_notification(account="rival.test"))

    assert answer.status == 401
    assert await nothing_is_stored(site)
    assert (await site.notify(SHOP, a_notification(account="kendra.test"))).status == 200


@dataclass(frozen=True, slots=True)
class Own:
    """Webhooks signed with a merchant's own secret."""

    inner: BogusWebhooks

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.inner.secrets

    def parse_webhook(self, request: WebhookRequest, *, now: datetime) -> tuple[Notification, ...]:
        return self.inner.parse_webhook(request, now=now)


async def test_a_merchant_cannot_notify_another_by_naming_his_account(site: Site) -> None:
    await of_account(site, MERCHANT, "kendra.test")
    for connection in ("shop", "amz", "pay", "post"):
        own = BogusWebhooks(connection, "rita's own secret")
        site.change(OTHER, connection, webhooks=Own(own))
        with pytest.raises(SignatureError):
            own.parse_webhook(
                WebhookRequest(method="POST", path="/", headers={}, body=b""), now=datetime.now(UTC)
            )

    answer = await site.notify(
        "/webhooks/bogus", a_notification(account="kendra.test"), secret="rita's own secret"
    )

    assert answer.status == 200
    assert await nothing_is_stored(site)


@pytest.mark.req("R17")
async def test_a_burst_is_acknowledged_within_a_second(site: Site) -> None:
    loop = asyncio.get_running_loop()
    took: list[float] = []

    async def one(number: int) -> None:
        await asyncio.sleep(number / 200)
        began = loop.time()
        assert (await site.notify(SHOP, a_notification(f"e{number}", subject=str(number)))).status == 200
        took.append(loop.time() - began)

    await asyncio.gather(*(one(n) for n in range(200)))

    assert len(await site.stored()) == 200
    assert sorted(took)[198] < 1.0
