"""The merchant's hands: register webhooks at the vendors, authorize in a browser, count, link, accept."""

import asyncio
import base64
import json
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from demo.house import Json

CONNECTIONS = ("shop", "amz", "pay", "post", "mail")


class NotSettledError(Exception):
    """Something that was waited for did not come."""


class RefusedError(RuntimeError):
    """The hub or the stand-ins said no."""

    def __init__(self, asked: str, status: int, said: object) -> None:
        super().__init__(f"{asked}: {status} {said}")
        self.status = status
        self.said = str(said)


@dataclass(slots=True)
class Hands:
    """What the merchant can do: call the hub with a key, and the stand-ins' control port."""

    http: aiohttp.ClientSession
    hub: str
    control: str
    merchant: str
    key: str

    async def api(self, method: str, path: str, body: Any = None) -> Any:
        """Call the hub's API."""
        url, headers = f"{self.hub}/api/v1{path}", {"Authorization": f"Bearer {self.key}"}
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            said = await _said(answer)
            if not answer.ok:
                raise RefusedError(f"{method} {path}", answer.status, said)
            return said

    async def stand(self, method: str, path: str, body: Any = None) -> Any:
        """Call the stand-ins' control port."""
        async with self.http.request(method, f"{self.control}{path}", json=body) as answer:
            said = await _said(answer)
            if not answer.ok:
                raise RefusedError(f"{method} {path}", answer.status, said)
            return said

    async def connect(self, connection: str) -> None:
        """Authorize a connection as a browser would: follow every redirect, there and back."""
        headers = {"Authorization": f"Bearer {self.key}"}
        jar = aiohttp.CookieJar(unsafe=True)  # the hub is at an address, not at a name
        async with (
            aiohttp.ClientSession(cookie_jar=jar) as browser,
            browser.get(
                f"{self.hub}/connect/{self.merchant}/{connection}", headers=headers, allow_redirects=False
            ) as first,
        ):
            consent = first.headers["Location"]
            async with browser.get(consent, allow_redirects=False) as there:
                back = there.headers["Location"]
            async with browser.get(back, allow_redirects=False) as done:
                if done.status != 303:  # noqa: PLR2004 - See Other: the connections page
                    raise RuntimeError(
                        f"{connection}: the round trip ended with {done.status}: {await done.text()}"
                    )

    async def stock_up(self, house: Json) -> None:
        """Tell the hub the products, what was counted, and the zones of each location where the house has any."""
        products = [
            {"sku": sku, **{k: p.get(k) for k in ("title", "weight_g", "size_mm", "hs", "origin")}}
            for sku, p in house["products"].items()
        ]
        await self.api("PUT", "/products", {"products": products})
        lines = [
            {"sku": sku, "location": at, "units": units}
            for at, counts in house["counts"].items()
            for sku, units in counts.items()
        ]
        await self.api("POST", "/stock/count", {"lines": lines})
        if house.get("zones"):
            await self.api("PUT", "/zones", {"zones": house["zones"]})

    async def link(self, house: Json) -> None:
        """Wait until the hub has read the channels' listings, and say what each is made of."""
        wanted = {
            (channel, row["listing"]): row["of"]
            for channel, rows in house["listings"].items()
            for row in rows
            if row["of"]
        }
        await self.until(lambda: self._listed(set(wanted)), "the channels' listings", 60)
        for (channel, listing), of in wanted.items():
            await self.api("PUT", f"/listings/{channel}/{listing}/link", {"of": of})

    async def _listed(self, wanted: set[tuple[str, str]]) -> bool:
        listings = (await self.api("GET", "/listings"))["listings"]
        return wanted <= {(row["connection"], row["listing"]) for row in listings}

    async def accept(self) -> None:
        """Accept every kind of action of every connection."""
        for connection in CONNECTIONS:
            await self.api("POST", f"/connections/{connection}/accept", {})

    async def until(self, done: Any, what: str, within_s: float) -> None:
        """Wait until something is so."""
        end = time.monotonic() + within_s
        while not await done():
            if time.monotonic() > end:
                raise NotSettledError(f"waited {within_s:g} s for {what}")
            await asyncio.sleep(0.2)


async def _said(answer: aiohttp.ClientResponse) -> Any:
    """Return what an answer says: its JSON, or its text."""
    text = await answer.text()
    try:
        return json.loads(text) if text else None
    except json.JSONDecodeError:
        return text


async def register_webhooks(
    http: aiohttp.ClientSession,
    vendors: Json,
    hub: str,
    merchant: str,
    secret: str,
    *,
    gateway: str | None = "pay",
    carrier: str | None = "post",
) -> str:
    """Register the hub's addresses at Stripe and EasyPost, through their own APIs; return Stripe's signing secret.

    ``gateway`` and ``carrier`` name their connections; without one nothing is registered there.
    """
    stripe, easypost = vendors["stripe"], vendors["easypost"]
    signing = ""
    if gateway:
        form = {"url": f"{hub}/webhooks/{merchant}/{gateway}", "enabled_events[0]": "*"}
        headers = {"Authorization": f"Bearer {stripe['key']}"}
        async with http.post(f"{stripe['url']}/v1/webhook_endpoints", data=form, headers=headers) as answer:
            signing = (await answer.json())["secret"]
    if carrier:
        basic = base64.b64encode(f"{easypost['key']}:".encode()).decode()
        body = {"webhook": {"url": f"{hub}/webhooks/{merchant}/{carrier}", "webhook_secret": secret}}
        async with http.post(
            f"{easypost['url']}/webhooks", json=body, headers={"Authorization": f"Basic {basic}"}
        ) as answer:
            answer.raise_for_status()
    return signing
