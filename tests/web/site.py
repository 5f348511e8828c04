"""A hub that answers on loopback: two merchants over one store, bogus vendors, and a browser or a program to ask it."""

import contextlib
import html
import io
import json
import logging
import re
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from connectors.bogus import CONNECTOR
from connectors.bogus.webhooks import HEADER, signature_of
from core.config.merchant import MerchantConfig
from core.engine.hub import Connections
from core.log import JsonLines, Redactor
from core.model.notification import Notification, NotificationKind
from core.model.people import Caller
from core.model.roles import Role
from core.ports import Connector, Token
from core.services.sign_in import begin_session
from core.store.api_keys import save_api_key
from core.store.inbox import list_deliveries
from core.store.users import NewUser, add_user
from tests.builders import MERCHANT, Bench, config, connections, open_hub_of, review, world
from tests.core.store.conftest import open_store
from tests.web.described import check_answer
from web.app import build
from web.context import Settings
from web.door.limits import Limits
from web.door.server import Door, open_door

OTHER = "rival"
KEY, OTHER_KEY = "kendra-key-0123456789", "rival-key-0123456789"
SECRET = b"a secret that signs cookies only"
LIMITS = Limits()
METRICS = "a monitor's token 0123456789"
PUBLIC = "https://hub.kendra.test"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True, kw_only=True)
class Site:
    """The hub's bench, its site, and what was connected."""

    b: Bench
    app: web.Application
    door: Door
    url: str
    http: aiohttp.ClientSession
    connected: list[tuple[str, str, Token]]
    log: io.StringIO

    async def ask(
        self, method: str, path: str | URL, *, key: str | None = None, cookie: str | None = None, **more: Any
    ) -> Answer:
        """Ask as a program does (with a key), or as a browser does (with a cookie)."""
        headers: dict[str, str] = dict(more.pop("headers", {}))
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        if cookie is not None:
            headers |= {"Cookie": cookie, "Accept": "text/html"}
        url = path if isinstance(path, URL) or path.startswith("http") else f"{self.url}{path}"
        async with self.http.request(method, url, headers=headers, allow_redirects=False, **more) as answer:
            came = Answer(answer.status, dict(answer.headers), await answer.read())
        check_answer(method, answer.url.raw_path, status=came.status, headers=came.headers, body=came.body)
        return came

    async def log_in(self, key: str = KEY) -> str:
        """Log a browser in; return its cookie."""
        answer = await self.ask("POST", "/login", data={"key": key, "next": "/orders"})
        assert answer.status == 303
        return answer.headers["Set-Cookie"].partition(";")[0]

    async def sign_in_as(self, role: Role, merchant: str = MERCHANT, *, name: str = "") -> str:
        """Add somebody of a role and sign a browser in as him; return its cookie."""
        user = NewUser(
            user_id=f"id-{name or role.value}",
            login=f"{name or role.value}@example.test",
            name=name or role.value.title(),
            role=role,
            password_hash="none fits",
        )
        now = self.b.clock.now()
        await self.b.store.write(add_user, merchant, user, now)
        caller = Caller(merchant=merchant, name=user.name, role=role, user_id=user.user_id)
        token = await begin_session(self.b.hub, caller, browser="a test")
        return f"__Host-crossdock_session={merchant}.{token}"

    async def press(self, path: str, form: Mapping[str, str], *, key: str = KEY, note: str = "") -> Answer:
        """Press a button of a page in a browser, and then that of the plan that it shows."""
        cookie = await self.log_in(key)
        plan = await self.ask("POST", path, cookie=cookie, data=form)
        assert plan.status == 200, plan.text
        return await self.ask("POST", path, cookie=cookie, data=fields_of(plan.text) | {"note": note})

    async def notify(self, path: str, body: bytes, *, secret: str = "bogus", **more: Any) -> Answer:
        """Deliver a webhook, signed."""
        headers = {HEADER: signature_of(secret, body)} | dict(more.pop("headers", {}))
        return await self.ask("POST", path, data=io.BytesIO(body), headers=headers, **more)

    async def stored(self, merchant: str = MERCHANT) -> list[tuple[str, str, str, str]]:
        """Return (connection, event, topic, state) of every delivery, the newest first."""
        page = await self.b.store.read(list_deliveries, merchant, limit=200)
        return [(d.connection, d.event_id, d.topic, d.state) for d in page.items]

    def change(self, merchant: str, connection: str, **ports: Any) -> None:
        """Give a connection other ports."""
        kept = self.b.hub.merchants[merchant]
        changed = {**kept.ports, connection: replace(kept.ports[connection], **ports)}
        self.b.hub.merchants[merchant] = replace(kept, ports=changed)


def fields_of(page: str) -> dict[str, str]:
    """Return the hidden fields of the form on a page that says what will be done."""
    [form] = re.findall(r'<section class="card plan">.*?</section>', page, re.DOTALL)
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def a_notification(
    event_id: str = "e1", *, subject: str = "5001", topic: str = "order", account: str | None = None
) -> bytes:
    """Return the body of a notification of an order."""
    kind = NotificationKind.ORDER if topic == "order" else NotificationKind.OTHER
    notification = Notification(event_id=event_id, kind=kind, topic=topic, subject=subject, account=account)
    return notification.model_dump_json().encode()


@contextlib.asynccontextmanager
async def open_site(folder: Path, kind: str = "sqlite", limits: Limits = LIMITS) -> AsyncIterator[Site]:
    """Serve an open hub, and a rival of it on the same store."""
    with written_log() as log:
        async with _served(folder, kind, limits, log) as site:
            yield site


@contextlib.contextmanager
def written_log() -> Iterator[io.StringIO]:
    """Give what is logged meanwhile, as the hub's own process would write it."""
    log, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(log), root.level
    handler.setFormatter(JsonLines(Redactor()))
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield log
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@contextlib.asynccontextmanager
async def _served(folder: Path, kind: str, limits: Limits, log: io.StringIO) -> AsyncIterator[Site]:
    async with open_store(kind, folder, batched=True) as store:
        b = review(store)
        await open_hub_of(b)
        b.hub.merchants[OTHER] = _rival(b, config())
        for merchant, key, name in ((MERCHANT, KEY, "kendra"), (OTHER, OTHER_KEY, "rita")):
            await store.write(save_api_key, merchant, key, name=name, role="owner", now=b.clock.now())
        connected: list[tuple[str, str, Token]] = []

        async def note(merchant: str, connection: str, token: Token) -> None:
            connected.append((merchant, connection, token))

        settings = Settings(
            public_url=PUBLIC, secret=SECRET, connected=note, metrics_token=METRICS, limits=limits
        )
        app = build(b.hub, settings)
        async with behind_door(app, limits) as (door, url), aiohttp.ClientSession() as http:
            yield Site(b=b, app=app, door=door, url=url, http=http, connected=connected, log=log)


@contextlib.asynccontextmanager
async def behind_door(app: web.Application, limits: Limits = LIMITS) -> AsyncIterator[tuple[Door, str]]:
    """Serve an application on loopback as ``serve`` does; give its door and its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with open_door(app, listening, limits, stop_within_s=1) as door:
            yield door, f"http://127.0.0.1:{listening.getsockname()[1]}"


def _rival(b: Bench, kept: MerchantConfig) -> Connections:
    return connections(world(b.clock), replace(kept, merchant=OTHER))


def another_connector(key: str) -> Connector:
    """Return a bogus connector under another key."""
    return replace(CONNECTOR, key=key)
