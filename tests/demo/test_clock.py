"""The stand-ins on a clock that is moved by hand, and a hub that follows it: two real processes."""

import time
from datetime import datetime, timedelta

import pytest

from demo.clock import SharedClock
from demo.environment import Environment, open_environment
from demo.generated import START, generated_day
from tests.sandbox.amazon_stand import KARL


async def last_polls(environment: Environment) -> tuple[datetime | None, datetime | None]:
    found = (await environment.client.api("GET", "/connections"))["connections"]
    told = {each["connection"]: each["last_poll_at"] for each in found}
    shop, amazon = (told[name] and datetime.fromisoformat(told[name]) for name in ("shop", "amz"))
    return shop, amazon


async def every_instant(clock: SharedClock, end: datetime) -> None:
    """Stop at every instant at which anything is due, whether or not it can find anything."""
    while True:
        rest = await clock.settle()
        if clock.now == end:
            return
        await clock._move(min(end, rest.stands_until, rest.at("next_at")))


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


@pytest.mark.timeout(180)
async def test_the_hub_does_at_each_instant_what_is_due_and_stands_still_in_between() -> None:
    async with open_environment(generated_day(0, seed=1), seed=1) as environment:
        client, clock = environment.client, SharedClock(environment=environment, now=START)
        for connection in ("shop", "amz"):
            await client.authorize(connection)
        await every_instant(clock, minutes(1))
        assert await last_polls(environment) == (START, START)

        seen = []
        for count in range(1, 25):
            await every_instant(clock, minutes(2.5 * count))
            seen.append(await last_polls(environment))
        # At each full five minutes, exactly then, and never in between.
        fives = [minutes(5 * (count // 2)) for count in range(1, 25)]
        assert seen == [(five, five) for five in fives]

        # While the clock stands, an order that Amazon tells of through its queue is known at once.
        began = time.monotonic()
        await client.stand("POST", "/play", {"place": {**KARL, "channel": "amz"}})
        await clock.settle()
        orders = (await client.api("GET", "/orders"))["orders"]
        assert [order["number"] for order in orders] == [KARL["id"]]
        assert (await last_polls(environment))[1] == minutes(60)
        assert time.monotonic() - began < 5

        # As long as nothing happens, polls are passed over, and none is late when it does.
        moves, clock.now = clock.moves, minutes(60)
        await clock.until(minutes(481))
        assert clock.moves - moves <= 12
        for asked in await last_polls(environment):
            assert asked is not None
            assert minutes(476) < asked < minutes(481)

        # A jump of hours leaves everything whole: one poll, at the instant of the jump.
        await client.stand("POST", "/clock", {"to": minutes(542).isoformat()})
        await clock.settle()
        assert await last_polls(environment) == (minutes(542), minutes(542))
        log = environment.served.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "a fault of ours" not in log
