"""Eight workers share what the vendors allow: of their calls at most one in a hundred is throttled (R63).

Shopify's stand-in has the bucket of the smallest plan, Amazon's its usage plans, so many times roomier; shoppers of two
merchants buy more than that lets through at once, and everybody's books agree afterwards. `make soak ARGS=quotas`;
``CROSSDOCK_QUOTAS_S`` is how long they buy (seconds).
"""

import asyncio
import os
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack

from tests.chaos.run import Chaos, agreed, opened, own_folder

SECONDS = 60.0
WORKERS = 8
LIMITS = {"points_per_s": 100.0, "scale": 4.0}
BUYS_EVERY_S = 0.5
AGREES_WITHIN_S = 900.0
MOST_THROTTLED = 0.01
VENDORS = ("shopify", "amazon")


async def _calls(chaos: Chaos) -> Counter[tuple[str, str]]:
    """Return how often the stand-ins were called, and throttled, by vendor."""
    found: Counter[tuple[str, str]] = Counter()
    for merchant in chaos.both:
        books = await merchant.client.stand("GET", "/books")
        for vendor in VENDORS:
            for what in ("calls", "throttled"):
                found[vendor, what] += books[vendor][what]
    return found


async def _buy(chaos: Chaos, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for merchant in chaos.both:
            await merchant.buy()
        await asyncio.sleep(BUYS_EVERY_S)


async def within_limits() -> list[str]:
    """Have shoppers buy, print what was called, and return what is not as promised."""
    seconds = float(os.environ.get("CROSSDOCK_QUOTAS_S", SECONDS))
    with own_folder() as folder:
        async with AsyncExitStack() as stack:
            most = int(3 * seconds / BUYS_EVERY_S) + 40
            chaos = await opened(stack, folder, most, seed=1, workers=WORKERS, limits=LIMITS)
            for merchant in chaos.both:
                await merchant.client.stand("POST", "/faults/quiet", {})
            await _buy(chaos, seconds)
            took, _, wrong = await agreed(chaos, AGREES_WITHIN_S)
            calls = await _calls(chaos)
            orders = sum(merchant.bought for merchant in chaos.both)
    told, parts = "", list[str]()
    for vendor in VENDORS:
        of, throttled = calls[vendor, "calls"], calls[vendor, "throttled"]
        told += f"    {vendor}: {of} calls, {throttled} throttled ({throttled / of:.2%})\n"
        if throttled > MOST_THROTTLED * of:
            parts.append(f"{vendor} throttled {throttled} of {of} calls")
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    sys.stdout.write(
        f"    {orders} orders in {seconds:g} s, books agreed after {took:.0f} s more; load {load}\n{told}"
    )
    return [*wrong, *parts]
