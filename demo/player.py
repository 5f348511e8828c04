"""Plays a day: its world, its hours, its books. What it prints comes from the hub and the vendors, never from `then`."""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from demo.agree import agreed
from demo.books import read_books
from demo.checks import DOUBLES, Check
from demo.day import KENDRA, Act, Day, Event, load_day
from demo.day_page import day_page, opening
from demo.deeds import DeedError, Deeds
from demo.figures import Told, Words, order_figures
from demo.hands import NotSettledError, RefusedError
from demo.house import Json
from demo.looks import Taken, checkpoint
from demo.staging import Staging, staging
from demo.steps import Steps
from demo.trouble import troubles

BUILT: Final = "I"
WEATHERS: Final[dict[str, Json]] = {"twice": {"twice": True}, "shuffle": {"shuffle_s": 60}}
"""What can happen to every message of a day."""


class NotPlayedError(Exception):
    """The day could not be played to its end; it says where it stopped and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Which day is played, how far, and under which weather."""

    file: Path | None
    act: str | None
    faults: str
    seed: int
    kill: int
    weather: str | None
    json: bool
    serve: bool


@dataclass(slots=True, kw_only=True)
class Playing:
    """A day that is being played, and what was found so far."""

    play: Play
    day: Day
    act: Act
    stage: Staging
    steps: Steps
    deeds: Deeds
    words: Words
    say: Callable[[str], None]
    armed: bool = False
    accepted: bool = False
    checkpoints: list[Json] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


async def play_day(play: Play) -> tuple[Json, str]:
    """Play a day and return its figures as one object and as a page.

    Raises:
        DayError: the day's file is wrong.
        NotPlayedError: something in it cannot be done, or hub and stand-ins do not start or come to rest.
    """
    day = load_day(play.file or KENDRA)
    # The built-in day is played as far as it is built.
    act = day.act_named(play.act or (BUILT if play.file is None else None))

    def say(text: str) -> None:
        if not play.json:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    say(opening(day))
    try:
        return await _played(play, day, act, say)
    except (DeedError, NotSettledError, RuntimeError) as error:
        raise NotPlayedError(str(error)) from error


async def _played(play: Play, day: Day, act: Act, say: Callable[[str], None]) -> tuple[Json, str]:
    began = time.monotonic()
    async with staging(day, play.seed) as stage:
        playing = _playing(play, day, act, stage, say)
        try:
            await _hours(playing)
            last = await _taken(playing, "end")
        except (DeedError, NotSettledError, RefusedError) as error:
            raise NotPlayedError(f"{error}\nthe hub's last lines:\n{stage.served.last_lines()}") from error
        found = await _found(playing, last, time.monotonic() - began)
        page = day_page(day, found, last, stage.served.url if play.serve else None)
        say(page)
        if play.serve:
            say(f" Log in with the key {stage.hands.key}\n Ctrl-C ends it.")
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return found, page


def _playing(play: Play, day: Day, act: Act, stage: Staging, say: Callable[[str], None]) -> Playing:
    chance = random.Random(play.seed)  # noqa: S311 - when to kill, not a secret
    span = (act.until - day.start).total_seconds()
    kills = [day.start + timedelta(seconds=chance.uniform(0.15, 1.0) * span) for _ in range(play.kill)]
    kills += [datetime.fromisoformat(f["at"]) for f in day.faults if f["kind"] == "kill"]
    steps = Steps(stage=stage, now=day.start, kills=sorted(k for k in kills if k <= act.until), chance=chance)
    return Playing(
        play=play, day=day, act=act, stage=stage, steps=steps, words=Words(day), say=say,
        deeds=Deeds(day=day, hands=stage.hands, steps=steps),
    )  # fmt: skip


async def _hours(playing: Playing) -> None:
    """Play the day's instants one after the other: events first, then the books."""
    faults = [fault for fault in playing.day.faults if fault["kind"] != "kill"]
    await playing.stage.hands.stand("POST", "/faults/day", {"faults": faults})
    events = [e for e in playing.day.events if e.at <= playing.act.until]
    looks = [x for x in playing.day.looks if x.at <= playing.act.until]
    for instant in sorted({*(e.at for e in events), *(x.at for x in looks), playing.act.until}):
        await playing.steps.until(instant)
        for event in events:
            if event.at == instant:
                await _play(playing, event)
        for look in looks:
            if look.at == instant:
                await _look(playing, look.name)


async def _play(playing: Playing, event: Event) -> None:
    if event.verb == "accept" and not playing.accepted:
        await _weather(playing)
    await playing.deeds.play(event)
    playing.accepted = playing.accepted or event.verb == "accept"


async def _weather(playing: Playing) -> None:
    """Let it blow from the moment on at which the merchant goes live."""
    play, hands = playing.play, playing.stage.hands
    if play.weather:
        await hands.stand("POST", "/faults/weather", WEATHERS[play.weather] | {"seed": play.seed})
    if play.faults != "none":
        await hands.stand("POST", "/faults", {"spec": play.faults, "seed": play.seed})


async def _look(playing: Playing, name: str) -> None:
    """Take everybody's books, and compare them."""
    taken = await _taken(playing, name)
    found = checkpoint(taken, playing.words, doubled=0)
    checks = agreed(taken, found, accepted=playing.accepted)
    found["effects"]["doubled"] = sum(len(c.differences) for c in checks if c.name in DOUBLES)
    playing.checkpoints.append(found)
    playing.checks += [Check(f"{name} {c.name}", c.differences, c.compared) for c in checks]


async def _taken(playing: Playing, name: str) -> Taken:
    hands = playing.stage.hands
    books = await read_books(hands, writes=True)
    told: dict[str, Told] = {}
    for number, view in books.orders.items():
        facts = (await hands.api("GET", f"/orders/{view['order_id']}/facts"))["facts"]
        told[number] = Told(view, facts)
    return Taken(name=name, at=playing.steps.now, books=books, told=told)


async def _found(playing: Playing, last: Taken, seconds: float) -> Json:
    orders: dict[str, Any] = {n: order_figures(each, playing.words) for n, each in last.told.items()}
    rest = checkpoint(last, playing.words, doubled=0)
    checks = agreed(last, rest, accepted=playing.accepted)
    rest["effects"]["doubled"] = sum(len(c.differences) for c in checks if c.name in DOUBLES)
    playing.checks += [Check(f"end {c.name}", c.differences, c.compared) for c in checks]
    injected = await playing.stage.hands.stand("GET", "/faults")
    return {
        "day": playing.day.data["day"],
        "act": playing.act.name,
        "go_live": _go_live(playing.deeds.shown),
        "orders": orders,
        "returns": {},
        "checkpoints": playing.checkpoints,
        "end": rest,
        "effects": rest["effects"],
        "ok": all(check.ok for check in playing.checks),
        "checks": [check.json() for check in playing.checks],
        "troubles": troubles(playing.day, last, injected),
        "faults": injected["injected"],
        "kills": playing.steps.killed,
        "moves": playing.steps.moves,
        "seconds": round(seconds, 1),
    }


def _go_live(shown: Json) -> Json:
    """Return what the merchant was shown before accepting the first time; empty where nothing was accepted."""
    if not shown:
        return {}
    kept = {key: shown[key] for key in ("listings", "of_which", "open_orders")}
    return {**kept, "writes_before_accept": shown["writes_so_far"]}
