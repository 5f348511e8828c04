"""One demonstration: start everything, sell, break things, wait until it rests, compare the books."""

import asyncio
import contextlib
import random
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from demo.books import Books, read_books
from demo.checks import Check, run_checks
from demo.children import Served, environment, free_port, run_cli, start_sandbox, stop
from demo.hands import Hands, NotSettledError, register_webhooks
from demo.house import Json, config, house, plenty
from demo.report import page, report

START = "2026-11-30T15:00:00+00:00"
"""Monday, Cyber Monday, 07:00 in Reno."""
_REST_VIRTUAL_S = 400
"""The hub must rest for longer than the time between two polls (virtual seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to show."""

    orders: int
    seed: int
    faults: str
    kill: int
    sabotage: str | None
    rate: float
    json: bool
    serve: bool
    patience_s: float


@dataclass(slots=True, kw_only=True)
class Stage:
    """Everything that runs."""

    wish: Wish
    hands: Hands
    served: Served
    house: Json
    say: Callable[[str], None]


async def demonstrate(wish: Wish) -> tuple[Json, str]:
    """Run a demonstration; return its report as an object and as text."""
    began = time.monotonic()
    async with _set(wish) as stage:
        await _prepare(stage)
        await _sell(stage)
        found, books = await _finish(stage, began)
        text = page(found, books, stage.served.url if wish.serve else None)
        if wish.serve:
            sys.stdout.write(f"{text}\n Log in with the key {stage.hands.key}\n Ctrl-C ends it.\n")
            sys.stdout.flush()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return found, text


@contextlib.asynccontextmanager
async def _set(wish: Wish) -> AsyncIterator[Stage]:
    def say(text: str) -> None:
        if not wish.json:
            sys.stderr.write(f"{text}\n")

    with tempfile.TemporaryDirectory(prefix="crossdock-demo-") as name:
        folder, port = Path(name), free_port()
        child, ready = await start_sandbox(START, wish.rate, wish.seed)
        try:
            async with aiohttp.ClientSession() as http:
                stage = await _stage(wish, folder, port, ready, http, say)
                try:
                    await stage.served.start()
                    yield stage
                finally:
                    await stage.served.stop()
        finally:
            await stop(child)


async def _stage(  # noqa: PLR0917 - what was started so far, in that order
    wish: Wish, folder: Path, port: int, ready: Json, http: aiohttp.ClientSession, say: Callable[[str], None]
) -> Stage:
    async with http.get(ready["control"]) as answer:
        vendors = (await answer.json())["vendors"]
    sold = plenty(house(), wish.orders)
    (folder / "crossdock.yaml").write_text(config(sold, vendors), encoding="utf-8")
    environ = environment(folder, ready, vendors, port)
    environ["STRIPE_WEBHOOK_SECRET"] = await register_webhooks(
        http, vendors, f"http://127.0.0.1:{port}", sold["merchant"], environ["EASYPOST_WEBHOOK_SECRET"]
    )
    key = secrets.token_urlsafe(24)
    await run_cli(
        {**environ, "CROSSDOCK_NEW_KEY": key}, "keys", "new", "--merchant", sold["merchant"], "--name", "demo"
    )
    served = Served(environ=environ, port=port, log=folder / "serve.log")
    hands = Hands(http=http, hub=served.url, control=ready["control"], merchant=sold["merchant"], key=key)
    return Stage(wish=wish, hands=hands, served=served, house=sold, say=say)


async def _prepare(stage: Stage) -> None:
    hands = stage.hands
    await hands.stand("POST", "/house", stage.house)
    for connection in ("shop", "amz"):
        await hands.connect(connection)
    await hands.stock_up(stage.house)
    await hands.link(stage.house)
    stage.say("Connected and authorized; stock counted, listings linked. Nothing written yet.")
    await hands.accept()
    await _rest(stage, within_s=60, virtual_s=0)
    stage.say("Accepted: levels set and read back.")


async def _sell(stage: Stage) -> None:
    hands, wish = stage.hands, stage.wish
    if wish.sabotage:
        await hands.stand("POST", "/sabotage", {"kind": wish.sabotage})
    await hands.stand("POST", "/faults", {"spec": wish.faults, "seed": wish.seed})
    seconds = min(60.0, max(2.0, wish.orders / 5))
    await hands.stand("POST", "/shop", {"orders": wish.orders, "seed": wish.seed, "seconds": seconds})
    stage.say(f"{wish.orders} orders are being placed over {seconds:g} s ...")
    killing = asyncio.create_task(_kill(stage, seconds))
    try:
        await hands.until(lambda: _placed(hands), "all orders to be placed", seconds + 60)
    finally:
        await killing
    if wish.faults != "none":
        # Faults go on while what was sold last is shipped, then it is quiet.
        await asyncio.sleep(1200 / wish.rate)
    await hands.stand("POST", "/faults/quiet", {})


async def _placed(hands: Hands) -> bool:
    shopping = await hands.stand("GET", "/shop")
    return bool(shopping["placed"] >= shopping["of"])


async def _kill(stage: Stage, seconds: float) -> None:
    chance = random.Random(stage.wish.seed)  # noqa: S311 - when to kill, not a secret
    moments = sorted(chance.uniform(1.0, seconds + 8.0) for _ in range(stage.wish.kill))
    passed = 0.0
    for number, moment in enumerate(moments, start=1):
        await asyncio.sleep(max(0.0, moment - passed))
        passed = moment
        stage.say(f"kill -9 of the hub ({number} of {len(moments)}), and start again")
        await stage.served.kill()
        await stage.served.start()


async def _finish(stage: Stage, began: float) -> tuple[Json, Books]:
    """Wait until hub and vendors rest, and compare; what still moves then is given one more chance to settle."""
    stage.say("Quiet. Waiting until nothing moves any more ...")
    end = time.monotonic() + stage.wish.patience_s
    checks: list[Check] = []
    while True:
        settled = await _settles(stage, max(1.0, end - time.monotonic()))
        books = await read_books(stage.hands)
        checks = run_checks(books)
        if all(c.ok for c in checks) or stage.wish.sabotage or not settled:
            break
        if time.monotonic() > end:
            break
    faults = (await stage.hands.stand("GET", "/faults"))["injected"]
    placed = (await stage.hands.stand("GET", "/shop"))["placed"]
    seconds = time.monotonic() - began
    found = report(books, checks, faults=faults, placed=placed, seconds=seconds, rate=stage.wish.rate)
    if stage.wish.sabotage:
        found["sabotage"] = await stage.hands.stand("GET", "/sabotage")
    if not settled:
        found["ok"] = False
        left = await stage.hands.api("GET", "/work")
        found["checks"].append({"name": "at rest", "ok": False, "detail": f"still at work: {left}"})
    return found, books


async def _settles(stage: Stage, within_s: float) -> bool:
    try:
        await _rest(stage, within_s=within_s, virtual_s=_REST_VIRTUAL_S)
    except NotSettledError:
        return False
    return True


async def _rest(stage: Stage, *, within_s: float, virtual_s: float) -> None:
    """Wait until neither the hub nor the vendors have had anything to do for so long."""
    needed = virtual_s / stage.wish.rate + 1.0
    end = time.monotonic() + within_s
    since: float | None = None
    while since is None or time.monotonic() - since < needed:
        if time.monotonic() > end:
            raise NotSettledError(f"not at rest within {within_s:g} s")
        work = await stage.hands.api("GET", "/work")
        idle = await stage.hands.stand("GET", "/idle")
        quiet = not any(work.values()) and not idle["pending"]
        since = None if not quiet else since or time.monotonic()
        await asyncio.sleep(0.25)
