"""While a connection, or one kind of its calls, answers nobody: one pause, work waits, and goes on by itself (R106)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from connectors.bogus.carrier import BogusCarrier
from connectors.bogus.client import Effect, Fault, Outage
from core.engine.answers import Answers
from core.engine.snapshot import Snapshots
from core.engine.worker import Worker
from core.errors import UnavailableError
from core.failpoints import listening
from core.jobs import JOBS
from core.model.shipment import Label, LabelRefused
from core.services.health import health_of
from core.steps import STEPS
from core.store.jobs import list_jobs
from core.store.pauses import VendorPause, list_pauses
from core.store.stock import count_stock
from simulation.books import differences
from simulation.shoppers import Cart, Pay, cancel, place
from tests.builders import MARKET_LINKS, MERCHANT, MONDAY_8, SHOP_LINKS, Bench, home
from tests.core.flow.play import pass_time

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LINKS = {"shop": SHOP_LINKS, "amz": MARKET_LINKS}
SHOP = tuple(f"KK-{n}" for n in range(1, 8))
MARKET = ("112-1", "112-2", "112-3")
TEN = (*(f"shop:{n.lower()}" for n in SHOP), *(f"amz:{n}" for n in MARKET))


async def ten_orders(b: Bench) -> None:
    """Seven of the shop, of which one is to be captured, and three of the marketplace."""
    await b.store.write(
        count_stock, MERCHANT, [("SOCKS-CHEF", "reno", 100)], actor="person:kendra", now=b.clock.now()
    )
    for number in SHOP:
        pay: Pay = "later" if number == "KK-1" else "now"
        lines, email = (("SOCKS-CHEF", 1, 1400),), "kara@example.test"
        place(b.world, "shop", Cart(number=number, lines=lines, ship_to=home(), email=email, pay=pay))
    for number in MARKET:
        market_lines = (("KK-SOCKS-2PK", 1, 1400),)
        place(b.world, "amz", Cart(number=number, lines=market_lines, ship_to=home(), pay="marketplace"))


async def play(
    b: Bench, *outages: Outage, cancelled_at: datetime = MONDAY_8 + 30 * MINUTE
) -> list[VendorPause]:
    """Play six hours of ten orders, of which KK-6 is cancelled; return the pauses that the connections' health showed."""
    b.world.outages = outages
    await ten_orders(b)
    seen: dict[tuple[str, str, datetime], VendorPause] = {}
    while b.clock.now() < MONDAY_8 + HOUR + 10 * MINUTE:
        await pass_time(b, 10 * MINUTE)
        for health in await health_of(b.hub, MERCHANT):
            seen.update({(*pause.key, pause.since): pause for pause in health.paused})
        if b.clock.now() == cancelled_at:
            cancel(b.world, "shop", "kk-6")
    await pass_time(b, MONDAY_8 + 6 * HOUR - b.clock.now())
    return list(seen.values())


def silent(connection: str, *operations: str, how: Fault = Fault.BEFORE) -> Outage:
    """The first hour of the day."""
    until = MONDAY_8 + HOUR
    return Outage(
        connection=connection, operations=frozenset(operations), since=MONDAY_8, until=until, how=how
    )


async def counted_or_parked(b: Bench) -> list[str]:
    jobs = await b.store.read(list_jobs, MERCHANT)
    found = [f"{j.kind} {j.subject}: {j.error}" for j in jobs if j.parked_at is not None or j.attempts]
    for order_id in TEN:
        state = await b.store.load(MERCHANT, order_id)
        if state is None or state.parked is not None:
            found.append(f"{order_id}: {'not known' if state is None else state.parked}")
    return found


@pytest.mark.req("R106", "R64", "R87", "R107")
@pytest.mark.case("C16")
@pytest.mark.parametrize(
    "outages",
    [
        [(silent("pay", "fetch_payment", how=Fault.LOST), "payments", 6)],
        [(silent("post", "buy", how=Fault.LOST), "labels", 9)],
        [(silent("shop", "fetch_order"), "orders", 7)],
        [
            (silent("mail", "send"), "mails", 6),
            (silent("post", "quote", how=Fault.REFUSED), "rates", 9),
        ],
        [
            (silent("amz", "tell_shipped", how=Fault.LOST), "shipments", 3),
            (silent("amz", "set_levels"), "levels", 1),
            (silent("shop", "capture", how=Fault.LOST), "captures", 1),
            (silent("post", "fetch_file", how=Fault.REFUSED), "label files", 10),
        ],
        [
            (silent("shop", "tell_shipped"), "shipments", 6),
            (silent("post", "void", how=Fault.LOST), "voids", 1),
        ],
    ],
    ids=["payments", "labels", "orders", "mails and rates", "what follows a label", "voids"],
)
async def test_what_is_silent_for_an_hour_is_paused_once_and_all_goes_on_by_itself(
    b: Bench, outages: list[tuple[Outage, str, int]]
) -> None:
    """(outage, what is paused, how many wait for it)."""
    seen = await play(b, *(outage for outage, _, _ in outages))
    assert await counted_or_parked(b) == []
    assert await differences(b.hub, MERCHANT, b.world, LINKS) == []
    shown = {(p.connection, p.action, p.waiting) for p in seen}
    assert shown == {(outage.connection, paused, waiting) for outage, paused, waiting in outages}
    assert len(seen) == len(outages)
    assert await b.store.read(list_pauses, MERCHANT, b.clock.now()) == ()


@dataclass(frozen=True, slots=True)
class FailsForOne(BogusCarrier):
    """Fails whenever the label of one order is bought; all others are served."""

    number: str

    async def buy(self, shipment_id: str, rate_id: str, *, label_format: str) -> Label | LabelRefused:
        if self.world.shipments[shipment_id].reference.startswith(self.number):
            self.world.calls["post", f"buy {self.number}"] += 1
            raise UnavailableError("answered 503", connection="post")
        return await BogusCarrier.buy(self, shipment_id, rate_id, label_format=label_format)


def poison(b: Bench, number: str) -> None:
    known = b.hub.merchants[MERCHANT]
    carrier = replace(known.ports["post"], carrier=FailsForOne("post", b.world, number))
    b.hub.merchants[MERCHANT] = replace(known, ports={**known.ports, "post": carrier})


async def an_order(b: Bench, number: str) -> None:
    place(b.world, "shop", Cart(number=number, lines=(("SOCKS-CHEF", 1, 1400),), ship_to=home()))


@pytest.mark.req("R10", "R19", "R106")
async def test_an_order_that_alone_fails_is_parked_after_fourteen_attempts_and_keeps_nobody(b: Bench) -> None:
    await b.store.write(
        count_stock, MERCHANT, [("SOCKS-CHEF", "reno", 100)], actor="person:kendra", now=b.clock.now()
    )
    poison(b, "BAD-1")
    await an_order(b, "BAD-1")
    for number in range(30):
        await an_order(b, f"KK-{number}")
        await pass_time(b, 2 * MINUTE + MINUTE / 2)
    bad = await b.store.load(MERCHANT, "shop:bad-1")
    assert bad is not None
    assert bad.parked is not None
    assert (bad.parked.step, bad.parked.message) == ("buy", "post: answered 503")
    late = [n for n in range(22) if b.world.effects[Effect.LABEL, f"KK-{n}/reno-1"] != 1]
    assert (
        late == []
    )  # the last eight were placed in the last twenty minutes: their grace, and five more for a turn
    await pass_time(b, 20 * MINUTE)
    assert sum(kind is Effect.LABEL for kind, _ in b.world.effects) == 30
    assert await b.store.read(list_pauses, MERCHANT, b.clock.now()) == ()


class DiedError(BaseException):
    """The process ended here."""


@contextmanager
def death_at(place: str) -> Iterator[list[str]]:
    """Have the process die the first time that it passes a place."""
    died: list[str] = []

    def die(name: str) -> None:
        if name == place and not died:
            died.append(name)
            raise DiedError

    with listening(die):
        yield died


async def until_death(b: Bench, length: timedelta) -> None:
    """Let time pass; whoever dies is followed by another worker, once the claim has run out."""
    end = b.clock.now() + length
    try:
        await pass_time(b, length)
    except DiedError:
        b.hub.owner, b.hub.answers, b.hub.snapshots = "w2", Answers(), Snapshots()
        b.worker = Worker(hub=b.hub, steps=STEPS, jobs=JOBS)
        await pass_time(b, end - b.clock.now())


@pytest.mark.req("R106", "R42")
async def test_a_turn_that_was_not_used_is_anothers_at_once_whoever_dies(b: Bench) -> None:
    """The first in line finds its order changed at the channel and asks nothing; the wallet is full by then."""
    b.world.paused = {"buy"}
    await b.store.write(
        count_stock, MERCHANT, [("SOCKS-CHEF", "reno", 100)], actor="person:kendra", now=b.clock.now()
    )
    for number in ("KK-1", "KK-2"):
        await an_order(b, number)
    await pass_time(b, 16 * MINUTE)
    b.world.paused = set()
    cancel(b.world, "shop", "kk-2")
    b.world.notifications.clear()
    with death_at("pauses.back.before") as died:
        await until_death(b, 20 * MINUTE)
    assert died == ["pauses.back.before"]
    assert [str(key) for key in b.world.effects if key[0] is Effect.LABEL] == [
        str((Effect.LABEL, "KK-1/reno-1"))
    ]
    assert await b.store.read(list_pauses, MERCHANT, b.clock.now()) == ()
