"""What happens in a day: a shopper's or a channel's verb goes to the stand-ins, the merchant's to the hub."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from day.day import Day, Event
from day.format import MERCHANT
from day.located_yaml import Json
from demo.client import Client, RefusedError


class ActionError(Exception):
    """A verb cannot be played: it says when, which, and why."""


@dataclass(slots=True)
class Actions:
    """Plays the events of a day."""

    day: Day
    client: Client
    shown: Json = field(default_factory=dict)
    """The differences that the merchant was shown before accepting the first time."""
    stocked: bool = False

    async def play(self, event: Event) -> None:
        """Play one event.

        Raises:
            ActionError: it cannot be played.
        """
        try:
            if event.verb in MERCHANT:
                await _AT_HUB[event.verb](self, event.what)
            else:
                await self.client.stand("POST", "/play", {event.verb: event.what})
        except RefusedError as refused:
            raise ActionError(
                f"{event.at.isoformat()}: {event.verb}: {self._why(event.verb, refused)}"
            ) from refused

    def _why(self, verb: str, refused: RefusedError) -> str:
        missing = verb in MERCHANT and refused.status in (404, 405) and "no such" in refused.answer.casefold()
        return f"this hub cannot do that yet ({refused})" if missing else str(refused)

    # ---- connections

    async def connect(self, names: list[str]) -> None:
        """Load products, counts and links as a merchant prepares them; then authorize where a vendor wants it."""
        if not self.stocked:
            await self._stock_up(self.day.given)
            self.stocked = True
        rows = {channel: self.day.given["listings"].get(channel, []) for channel in names}
        for what in (row | {"channel": channel} for channel, of in rows.items() for row in of):
            if what["of"]:
                await self.link(what)
        for name in names:
            if self.day.use(name) in ("shopify", "amazon"):
                await self.client.authorize(name)

    async def _stock_up(self, given: Json) -> None:
        """Tell the hub the products, what was counted, and the zones of each location where there are any."""
        products = [
            {"sku": sku, **{k: p.get(k) for k in ("title", "weight_g", "size_mm", "hs", "origin")}}
            for sku, p in given["products"].items()
        ]
        await self.client.api("PUT", "/products", {"products": products})
        lines = [
            {"sku": sku, "location": at, "units": units}
            for at, counts in given["counts"].items()
            for sku, units in counts.items()
        ]
        await self.client.api("POST", "/stock/count", {"lines": lines})
        if given.get("zones"):
            await self.client.api("PUT", "/zones", {"zones": given["zones"]})

    async def reconnect(self, names: list[str]) -> None:
        """Authorize again."""
        for name in names:
            await self.client.authorize(name)

    async def accept(self, what: Any) -> None:
        """Look at the written differences, and accept them."""
        if not self.shown:
            self.shown = await self.client.api("GET", "/go-live")
        everything = {"actions": "all", "connections": "all"}
        await self.client.api("POST", "/go-live/accept", everything if what == "all" else everything | what)

    # ---- orders

    async def release(self, what: Json) -> None:
        """Release the hold that is named, or whatever a person may overrule; what nothing holds any more is left alone.

        Where nothing holds it and a warehouse asks before it labels, this is the word that it waits for.
        """
        order = await self.client.api("GET", _order(what))
        asks = any(at.get("labels", "ask") == "ask" for at in self.day.config["locations"].values())
        if order["stage"] == "ready" and asks and "hold" not in what:
            await self.client.api("POST", f"{_order(what)}/label", {})
            return
        refusals = []
        for reason in [what["hold"]] if "hold" in what else order["holds"]:
            try:
                await self.client.api("POST", f"{_order(what)}/release", {"reason": reason})
            except RefusedError as refused:
                refusals.append(refused)
        if refusals and ("hold" in what or len(refusals) == len(order["holds"])):
            raise refusals[0]

    async def hold(self, what: Json) -> None:
        """Hold the order."""
        await self.client.api("POST", f"{_order(what)}/hold", {})

    async def void(self, what: Json) -> None:
        """Have a parcel's label taken back."""
        await self.client.api("POST", f"{_order(what)}/void", {"parcel": what["parcel"]})

    async def retry(self, what: Json) -> None:
        """Send the order on where it needs attention."""
        await self.client.api("POST", f"{_order(what)}/retry", {})

    async def reject(self, what: Json) -> None:
        """Cancel the order and give all money back."""
        why = {"why": what["why"]} if "why" in what else {}
        await self.client.api("POST", f"{_order(what)}/reject", why)

    async def choose(self, what: Json) -> None:
        """Say what is to be done about a hold that leaves a choice."""
        await self.client.api("POST", f"{_order(what)}/choose", {"hold": what["hold"], "do": what["do"]})

    async def return_request(self, what: Json) -> None:
        """Ask for a return."""
        body = {key: value for key, value in what.items() if key != "order"}
        await self.client.api("POST", f"{_order(what)}/returns", body)

    async def return_received(self, what: Json) -> None:
        """Unpack a return."""
        body = {key: value for key, value in what.items() if key != "order"}
        await self.client.api("POST", f"{_order(what)}/returns/received", body)

    # ---- stock

    async def link(self, what: Json) -> None:
        """Say what a listing is made of."""
        path = f"/listings/{what['channel']}/{quote(what['listing'], safe='')}/link"
        await self.client.api("PUT", path, {"of": what["of"]})

    async def product(self, what: Json) -> None:
        """Change what is known of a product."""
        known = await self.client.listed("/products", "products")
        kept: Json = next((p for p in known if p["sku"] == what["sku"]), {})
        await self.client.api("PUT", "/products", {"products": [kept | what]})

    async def count(self, what: Json) -> None:
        """Say what was counted."""
        await self.client.api("POST", "/stock/count", _lines(what))

    async def receive(self, what: Json) -> None:
        """Say what came in."""
        await self.client.api("POST", "/stock/receive", _lines(what))


def _order(what: Json) -> str:
    return f"/orders/{quote(what['order'], safe='')}"


def _lines(what: Json) -> Json:
    units = what["units"].items()
    return {"lines": [{"sku": sku, "location": what["at"], "units": n} for sku, n in units]}


_AT_HUB: dict[str, Callable[[Actions, Any], Awaitable[None]]] = {
    "connect": Actions.connect,
    "reconnect": Actions.reconnect,
    "accept": Actions.accept,
    "release": Actions.release,
    "hold": Actions.hold,
    "void": Actions.void,
    "retry": Actions.retry,
    "reject": Actions.reject,
    "link": Actions.link,
    "product": Actions.product,
    "choose": Actions.choose,
    "receive": Actions.receive,
    "count": Actions.count,
    "return_request": Actions.return_request,
    "return_received": Actions.return_received,
}
