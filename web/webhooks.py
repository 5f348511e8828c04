"""Webhooks: verify the raw bytes, store the delivery durably, answer. Everything else happens later."""

import asyncio
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

from core.engine.hub import Hub
from core.errors import NotFoundError, RejectedError, SignatureError
from core.failpoints import failpoint
from core.jobs.notifications import delivery_of
from core.model.notification import Notification, NotificationKind, WebhookRequest
from core.ports import WebhookSource
from core.store.tokens import account_of
from web.door.guard import body_of
from web.keys import HUB
from web.problems import problem

LOG = logging.getLogger("crossdock.webhooks")

LARGEST_BODY = 1024 * 1024
"""Bytes: larger than any webhook of the vendors; a larger one is answered 413."""

TOO_LARGE = "too_large"

VERIFIED_AT_ONCE = 64 * 1024
"""Bytes, times secrets: what is more takes longer than a twentieth of a millisecond, and is not for the event loop."""
_BESIDE = ThreadPoolExecutor(1, "webhook-verifier")
"""One thread: strangers get a share of one core, however much they send."""

Place = tuple[str, str]
"""(merchant, connection)."""

routes = web.RouteTableDef()


@routes.post("/webhooks/{merchant}/{connection}")
async def receive(request: web.Request) -> web.Response:
    """Take a webhook of one connection.

    401: not signed by the vendor; nothing is stored. 413: too large. 404: no such connection. 200: stored.
    """
    hub, merchant, connection = (
        request.app[HUB],
        request.match_info["merchant"],
        request.match_info["connection"],
    )
    if merchant not in hub.merchants or connection not in hub.merchants[merchant].ports:
        return problem(HTTPStatus.NOT_FOUND, "no such connection")
    place = (merchant, connection)
    source = _source(hub, place)
    with hub.telemetry.webhook(hub.merchants[merchant].connectors[connection].key, *place) as timed:
        body = await body_of(request, LARGEST_BODY)
        if body is None:
            timed.outcome = TOO_LARGE
            return _too_large()
        heard = await _verified(hub, {source: [place]}, request, body)
        await _require_own(hub, place, heard[place])
        await _store(hub, place, heard[place], body)
    return web.Response(status=HTTPStatus.OK)


@routes.post("/webhooks/{app}")
async def receive_app_wide(request: web.Request) -> web.Response:
    """Take a webhook that an installed app gets for all its merchants; the verified delivery names the account."""
    hub, app = request.app[HUB], request.match_info["app"]
    ours = _connections_of(hub, app)
    if not ours:
        return problem(HTTPStatus.NOT_FOUND, "no such app is installed")
    with hub.telemetry.webhook(app, "", "") as timed:
        body = await body_of(request, LARGEST_BODY)
        if body is None:
            timed.outcome = TOO_LARGE
            return _too_large()
        return await _take_app_wide(hub, app, ours, request, body)


async def _take_app_wide(
    hub: Hub, app: str, ours: list[Place], request: web.Request, body: bytes
) -> web.Response:
    heard = await _verified(hub, _by_secrets(hub, ours), request, body)
    named = [n.account for notifications in heard.values() for n in notifications if n.account]
    account = named[0] if named else None
    if account is None and len(heard) > 1:
        return problem(
            HTTPStatus.NOT_FOUND, "the delivery names no account; use the address of its connection"
        )
    to = [p for p in heard if account is None or await _account_of(hub, p) == account]
    for place in to:
        await _store(hub, place, heard[place], body)
    if not to:
        # Of a merchant that left: the vendor is told that it arrived, and nobody else sees it.
        LOG.warning("a delivery of %s is signed but belongs to no connection here", app)
    return web.Response(status=HTTPStatus.OK)


async def _account_of(hub: Hub, place: Place) -> str | None:
    """Return the vendor's account of a connection; None where no file names it and nobody has connected it yet."""
    named = hub.connections(place[0]).ports[place[1]].account
    return named or await hub.store.read(account_of, hub.store.keys, *place)


async def _require_own(hub: Hub, place: Place, told: tuple[Notification, ...]) -> None:
    """Take nothing of another account: one secret may sign for every merchant of an app.

    Raises:
        SignatureError: it is signed, and not for this connection.
    """
    named = {notification.account for notification in told if notification.account}
    if named and (own := await _account_of(hub, place)) is not None and named != {own}:
        raise SignatureError("signed for another account than this connection's", connection=place[1])


def _connections_of(hub: Hub, app: str) -> list[Place]:
    """Return every connection of an installed app that takes webhooks."""
    return [
        (merchant, name)
        for merchant, connections in hub.merchants.items()
        for name, connector in connections.connectors.items()
        if connector.key == app and connections.ports[name].webhooks is not None
    ]


def _by_secrets(hub: Hub, ours: list[Place]) -> dict[WebhookSource, list[Place]]:
    """Return one source for each set of secrets, and the connections that it verifies for."""
    first: dict[tuple[str, ...], WebhookSource] = {}
    found: dict[WebhookSource, list[Place]] = {}
    for place in ours:
        source = _source(hub, place)
        found.setdefault(first.setdefault(source.secrets, source), []).append(place)
    return found


def _source(hub: Hub, place: Place) -> WebhookSource:
    merchant, name = place
    source = hub.connections(merchant).ports[name].webhooks
    if source is None:
        raise NotFoundError(f"{name} takes no webhooks")
    return source


async def _verified(
    hub: Hub, sources: dict[WebhookSource, list[Place]], request: web.Request, body: bytes
) -> dict[Place, tuple[Notification, ...]]:
    """Return the notifications of each connection whose secret signed them: naming another's account reaches nobody.

    Whoever sends is a stranger until this returns: a large body is verified beside the event loop, which goes on.

    Raises:
        SignatureError: no connection's secret signed it.
    """
    arrived = WebhookRequest(
        method=request.method,
        path=request.path_qs,
        headers={name.lower(): _text(value) for name, value in request.headers.items()},
        body=body,
    )
    if len(body) * len(sources) <= VERIFIED_AT_ONCE:
        return _heard(hub, sources, arrived)
    return await asyncio.get_running_loop().run_in_executor(_BESIDE, _heard, hub, sources, arrived)


def _heard(
    hub: Hub, sources: dict[WebhookSource, list[Place]], arrived: WebhookRequest
) -> dict[Place, tuple[Notification, ...]]:
    found: dict[Place, tuple[Notification, ...]] = {}
    refused: SignatureError | None = None
    for source, places in sources.items():
        try:
            found[places[0]] = _notifications(source, arrived)
        except SignatureError as error:
            refused = error
            continue
        for place in places[1:]:
            found[place] = _notifications(_source(hub, place), arrived)
    if not found and refused is not None:
        raise refused
    return found


def _too_large() -> web.Response:
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LARGEST_BODY} bytes")


def _notifications(source: WebhookSource, arrived: WebhookRequest) -> tuple[Notification, ...]:
    """Return what a webhook notifies of; a signed body that cannot be read is one of its own kind, for people to see.

    Raises:
        SignatureError: not signed by the vendor.
    """
    try:
        # The machine's own clock: vendors sign with real time, however fast a demonstration's day goes by.
        return source.parse_webhook(arrived, now=datetime.now(UTC))
    except SignatureError:
        raise
    except (RejectedError, ValidationError):
        digest = hashlib.sha256(arrived.body).hexdigest()
        return (
            Notification(
                event_id=f"unreadable:{digest}",
                kind=NotificationKind.UNREADABLE,
                topic="unreadable",
                subject=digest,
            ),
        )


def _text(header: str) -> str:
    """Return a header as HTTP means it, a character per byte: what is no UTF-8 must not fail in an encoder later."""
    return header.encode("utf-8", "surrogateescape").decode("latin-1")


async def _store(hub: Hub, place: Place, told: tuple[Notification, ...], body: bytes) -> None:
    failpoint("webhooks.store.before")
    merchant, connection = place
    now = hub.clock.now()
    stored = [delivery_of(connection, notification, body, now) for notification in told]
    await hub.store.deliver(merchant, connection, stored, now=now)
    failpoint("webhooks.store.after")
