"""The process of the four vendors: sells, carries, and answers whatever the SDKs ask at one port."""

import asyncio
import pickle  # between processes of our own, on loopback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from multiprocessing.connection import Connection as Pipe
from typing import Any

from benchmarks.answering import Answer, Request, serving
from benchmarks.canned.amazon import Amazon
from benchmarks.canned.easypost import FILES, EasyPost
from benchmarks.canned.order import PLACE, Sold, number_of
from benchmarks.canned.shopify import Points, Shopify
from benchmarks.canned.stripe import Stripe
from benchmarks.children import answer_until_told
from benchmarks.merchant import UNITS, Catalogue
from benchmarks.selling import Selling
from benchmarks.vendors import CARRIED_S, TAKE
from core.model.notification import Notification, NotificationKind

GRAPHQL = "/admin/api/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the shop's plan allows, and what its listings show at first."""

    points: float = 1e9
    rate_per_s: float = 1e9
    shows: int = UNITS


class Stub:
    """Knows every order by its number; one that nobody placed is there all the same, for who only makes the calls."""

    def __init__(self, catalogue: Catalogue, plan: Plan) -> None:
        self.selling = Selling(self._place)
        self._skus = catalogue.skus
        self._orders: dict[int, Sold] = {}
        self._events = count(1)
        levels: dict[tuple[str, str | None], int] = {
            (offer.listing, place): plan.shows if place == PLACE else UNITS
            for channel in catalogue.links
            for offer in catalogue.offered(channel)
            for place in offer.locations or (None,)
        }
        self._levels = levels
        self.points = Points(most=plan.points, rate_per_s=plan.rate_per_s)
        self._shopify = Shopify(
            catalogue, levels, points=self.points, order=self._order, changed=self._change
        )
        self._amazon = Amazon(catalogue, levels, order=self._order, changed=self._change)
        self._stripe = Stripe(self._order)
        self.easypost = EasyPost(order=self._order, labelled=self._carry, seen=self._note_seen)

    async def answer(self, request: Request) -> Answer:
        """Return what whichever vendor it is answers."""
        path = request.path
        if path == TAKE:
            return Answer(pickle.dumps((True, await self.selling.take())))
        if path.startswith(GRAPHQL):
            return Answer(self._shopify.answer(request.body))
        if path.startswith("/v1/"):
            return Answer(self._stripe.answer(path))
        if path.startswith(("/v2/", FILES)):
            return self.easypost.answer(request)
        return self._amazon.answer(request)

    def wrong(self) -> int:
        """Return how many listings do not show what is there, where nothing is sold."""
        return sum(units != UNITS for units in self._levels.values())

    def _order(self, identity: str) -> Sold:
        number = number_of(identity)
        if number not in self._orders:
            now = datetime.now(UTC)
            self._orders[number] = Sold(number, self._skus[number * 7 % len(self._skus)], now, now)
        return self._orders[number]

    def _place(self, number: int) -> None:
        order = self._order(f"{number:09}")
        sold = (order.sku, PLACE) if order.channel == "shop" else (f"PAIR-{order.sku}", None)
        self._levels[sold] -= order.units
        self._tell(order.channel, NotificationKind.ORDER, order.order_id)

    def _change(self, order: Sold) -> None:
        """Have the channel tell of an order, and the gateway of its money."""
        order.changed_at = datetime.now(UTC)
        self._tell(order.channel, NotificationKind.ORDER, order.order_id)
        if order.pays_later and order.captured and not order.shipped:
            self._tell("pay", NotificationKind.PAYMENT, f"pi_{order.number:024}")

    def _carry(self, order: Sold) -> None:
        """Have a parcel fetched a moment after its label's file was."""
        if not order.scans:
            asyncio.get_running_loop().call_later(CARRIED_S, self._scan, order, "in_transit")

    def _note_seen(self, order: Sold) -> None:
        """Have a parcel that was seen under way delivered, and hear that one is known as delivered."""
        seen = {status for status, _ in order.scans}
        if "delivered" in seen:
            self.selling.deliver(order.shipment)
        elif seen:
            asyncio.get_running_loop().call_later(CARRIED_S, self._scan, order, "delivered")

    def _scan(self, order: Sold, status: str) -> None:
        if status not in {known for known, _ in order.scans}:
            order.scans.append((status, datetime.now(UTC)))
            self._tell("post", NotificationKind.TRACKING, f"trk_{order.number:032}")

    def _tell(self, connection: str, kind: NotificationKind, subject: str) -> None:
        event = f"{connection}-{next(self._events)}"
        news = Notification(event_id=event, kind=kind, topic=kind.value, subject=subject)
        if self.selling.began:
            self.selling.tell((connection, news))


def serve_again(pipe: Pipe, catalogue: Catalogue, _recording: object) -> None:
    """In a child: answer to the same calls once more, without any order being sold."""
    serve(pipe, catalogue)


def serve(pipe: Pipe, catalogue: Catalogue, plan: Plan | None = None) -> None:
    """In a child: send the port, and answer there."""
    asyncio.run(_serve(pipe, catalogue, plan or Plan()))


async def _serve(pipe: Pipe, catalogue: Catalogue, plan: Plan) -> None:
    stub = Stub(catalogue, plan)
    async with serving(stub.answer) as port:
        stub.easypost.url = f"http://127.0.0.1:{port}"
        pipe.send(port)
        asked: Mapping[str, Callable[..., Any]] = {
            "sell": stub.selling.sell,
            "sold": stub.selling.sold,
            "wrong": stub.wrong,
            "spent": lambda: stub.points.spent,
        }
        await answer_until_told(pipe, asked)
