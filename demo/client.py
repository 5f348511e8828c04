"""What the merchant's own programs ask: the hub's API with a key, the stand-ins' control port, a browser's round trip."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from day.day import Day
from day.located_yaml import Json


class RefusedError(RuntimeError):
    """The hub or the stand-ins said no."""

    def __init__(self, asked: str, status: int, answer: object) -> None:
        super().__init__(f"{asked}: {status} {answer}")
        self.status = status
        self.answer = str(answer)


@dataclass(slots=True, kw_only=True)
class Client:
    """Calls the hub with a merchant's key, and the stand-ins' control port."""

    http: aiohttp.ClientSession
    hub: str
    control: str
    merchant: str
    key: str

    async def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call the hub's API."""
        return await self._ask(method, f"{self.hub}/api/v1{path}", body, Authorization=f"Bearer {self.key}")

    async def listed(self, path: str, of: str) -> list[Json]:
        """Return every row of a list of the hub's API, read page by page; ``of`` is the answer's field."""
        found: list[Json] = []
        after: str | None = ""
        while after is not None:
            page = await self.api("GET", f"{path}?limit=1000{after and f'&after={quote(after)}'}")
            found += page[of]
            after = page["after"]
        return found

    async def stand(self, method: str, path: str, body: Any = None) -> Any:
        """Call the stand-ins' control port."""
        return await self._ask(method, f"{self.control}{path}", body)

    async def _ask(self, method: str, url: str, body: Any, **headers: str) -> Any:
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            found = _json_or_text(await answer.text())
            if not answer.ok:
                raise RefusedError(f"{method} {answer.url.path}", answer.status, found)
            return found

    async def hold_words(self) -> list[str]:
        """Return every word by which the hub says why it holds an order."""
        schemas = (await self.api("GET", "/openapi.json"))["components"]["schemas"]
        found: list[str] = schemas["Hold"]["enum"]
        return found

    async def authorize(self, connection: str) -> None:
        """Authorize a connection as a browser would: follow every redirect, there and back."""
        headers = {"Authorization": f"Bearer {self.key}"}
        jar = aiohttp.CookieJar(unsafe=True)  # the hub is at an address, not at a name
        place = f"{self.hub}/connect/{self.merchant}/{connection}"
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            for _redirect in range(3):
                async with browser.get(place, headers=headers, allow_redirects=False) as answer:
                    headers = {}
                    if "Location" not in answer.headers:
                        raise RuntimeError(
                            f"{connection}: the round trip ended with {answer.status}: {await answer.text()}"
                        )
                    place = answer.headers["Location"]


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except json.JSONDecodeError:
        return text


async def register_webhooks(
    http: aiohttp.ClientSession, vendors: Json, day: Day, *, hub: str, secret: str
) -> str:
    """Register the hub's addresses at Stripe and EasyPost through their own APIs; return Stripe's signing secret."""
    place, signing = f"{hub}/webhooks/{day.config['merchant']}", ""
    if gateway := day.connection("stripe"):
        stripe = vendors["stripe"]
        form = {"url": f"{place}/{gateway}", "enabled_events[0]": "*"}
        headers = {"Authorization": f"Bearer {stripe['key']}"}
        async with http.post(f"{stripe['url']}/v1/webhook_endpoints", data=form, headers=headers) as answer:
            signing = (await answer.json())["secret"]
    if carrier := day.connection("easypost"):
        easypost = vendors["easypost"]
        basic = base64.b64encode(f"{easypost['key']}:".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        body = {"webhook": {"url": f"{place}/{carrier}", "webhook_secret": secret}}
        async with http.post(f"{easypost['url']}/webhooks", json=body, headers=headers) as answer:
            answer.raise_for_status()
    return signing
