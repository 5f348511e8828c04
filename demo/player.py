"""Plays a day: its world, its hours, its books. What it prints comes from the hub and the vendors, never from `then`."""

import asyncio
import contextlib
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from day.day import Act, Day, Event, load_day
from day.located_yaml import Json
from demo import KENDRA
from demo.actions import ActionError, Actions
from demo.books import Taken, take
from demo.checkpoints import checkpoint
from demo.checks import DOUBLES, Check, agreed, at_rest
from demo.client import Client, RefusedError
from demo.clock import NotSettledError, SharedClock
from demo.environment import Environment, open_environment
from demo.figures import Words, order_figures
from demo.generated import generated_day
from demo.incidents import incidents
from demo.page import day_page, opening
from demo.report import report

BUILT: Final = "I"
MESSAGE_ORDERS: Final[dict[str, Json]] = {"twice": {"twice": True}, "shuffle": {"shuffle_s": 60}}
"""What can happen to every message of a day."""
_FAULTS_GO_ON: Final = timedelta(minutes=20)
"""Faults by chance go on for so long after the last event; then it is quiet."""


class NotPlayedError(Exception):
    """The day could not be played to its end; it says where it stopped and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Which day is played, how far, and what goes wrong in it."""

    file: Path | None = None
    act: str | None = None
    orders: int | None = None
    """So many random orders instead of a file's day."""
    faults: str = "none"
    seed: int = 1
    kill: int = 0
    message_order: str | None = None
    sabotage: str | None = None
    json: bool = False
    serve: bool = False
    roles: Sequence[str] = ("all",)
    """Of the hub's processes, the one that answers first."""

    def day(self) -> Day:
        """Return the day that is played."""
        if self.orders is not None:
            return generated_day(self.orders, self.seed)
        return load_day(self.file or KENDRA)

    def say(self, text: str) -> None:
        """Tell people how far it is; nothing where one object is wanted."""
        if not self.json:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()


@dataclass(slots=True, kw_only=True)
class Playing:
    """A day that is being played, and what was found so far."""

    play: Play
    day: Day
    act: Act
    client: Client
    clock: SharedClock
    actions: Actions
    words: Words
    accepted: bool = False
    checkpoints: list[Json] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


async def play_day(play: Play, day: Day | None = None) -> tuple[Json, str]:
    """Play a day, by default the one that ``play`` names; return its figures as one object and as a page.

    Raises:
        DayError: the day's file is wrong.
        NotPlayedError: something in it cannot be done, or hub and stand-ins do not start or come to rest.
    """
    # The built-in day is played as far as it is built.
    built_in = day is None and play.orders is None and play.file is None
    day = day or play.day()
    act = day.act_named(play.act or (BUILT if built_in else None))
    play.say(opening(day))
    began = time.monotonic()
    try:
        async with open_environment(day, play.seed, play.roles) as environment:
            playing = _playing(play, day, act, environment)
            try:
                day.check_holds(await environment.client.hold_words())
                await _hours(playing)
                found, page = await _found(playing, time.monotonic() - began)
            except (ActionError, NotSettledError, RefusedError) as error:
                lines = environment.served.last_lines()
                raise NotPlayedError(f"{error}\nthe hub's last lines:\n{lines}") from error
            play.say(page)
            if play.serve:
                play.say(f" Log in with the key {playing.client.key}\n Ctrl-C ends it.")
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
            return found, page
    except RuntimeError as error:
        raise NotPlayedError(str(error)) from error


def _playing(play: Play, day: Day, act: Act, environment: Environment) -> Playing:
    chance = random.Random(play.seed)  # noqa: S311 - when to kill, not a secret
    events = [event.at for event in _events(day, act)] or [day.start]
    kills = [events[0] + chance.uniform(0.15, 1.0) * (events[-1] - events[0]) for _ in range(play.kill)]
    kills += [datetime.fromisoformat(f["at"]) for f in day.faults if f["kind"] == "kill"]
    clock = SharedClock(
        environment=environment,
        now=day.start,
        kills=sorted(k for k in kills if k <= act.until),
        chance=chance,
    )
    return Playing(
        play=play, day=day, act=act, client=environment.client, clock=clock, words=Words(day),
        actions=Actions(day=day, client=environment.client),
    )  # fmt: skip


def _events(day: Day, act: Act) -> list[Event]:
    return [event for event in day.events if event.at <= act.until]


async def _hours(playing: Playing) -> None:
    """Play the day's instants one after the other: events first, then the books."""
    day, act = playing.day, playing.act
    scripted = [fault for fault in day.faults if fault["kind"] != "kill"]
    await playing.client.stand("POST", "/faults/day", {"faults": scripted})
    events = _events(day, act)
    quiet_at = events[-1].at + _FAULTS_GO_ON if events else day.start
    checkpoints = [each for each in day.checkpoints if each.at <= act.until]
    instants = {
        *(e.at for e in events),
        *(each.at for each in checkpoints),
        act.until,
        min(quiet_at, act.until),
    }
    for instant in sorted(instants):
        await playing.clock.until(instant)
        await _happen(playing, [event for event in events if event.at == instant])
        for each in checkpoints:
            if each.at == instant:
                await _compare(playing, each.name)
        if instant == quiet_at:
            await playing.client.stand("POST", "/faults/quiet", {})


async def _happen(playing: Playing, events: Sequence[Event]) -> None:
    """Play the events of an instant and let each settle; shoppers of one instant do not wait for each other."""
    for number, event in enumerate(events):
        first = event.verb == "accept" and not playing.accepted
        if first:
            await _arm(playing)
        await playing.actions.play(event)
        if event.verb != "place" or [e.verb for e in events[number + 1 : number + 2]] != ["place"]:
            await playing.clock.settle()
        if first:
            playing.accepted = True
            if playing.play.sabotage:
                await playing.client.stand("POST", "/sabotage", {"kind": playing.play.sabotage})


async def _arm(playing: Playing) -> None:
    """Let go wrong what is to go wrong, from the moment on at which the merchant goes live."""
    play, client = playing.play, playing.client
    if play.message_order:
        body = MESSAGE_ORDERS[play.message_order] | {"seed": play.seed}
        await client.stand("POST", "/faults/weather", body)
    if play.faults != "none":
        await client.stand("POST", "/faults", {"spec": play.faults, "seed": play.seed})


async def _compare(playing: Playing, name: str) -> tuple[Json, Taken]:
    """Take everybody's books, and compare them."""
    taken = await take(playing.client, name, playing.clock.now)
    found = checkpoint(taken, playing.words)
    checks = agreed(taken, found, accepted=playing.accepted)
    found["effects"]["doubled"] = sum(len(c.differences) for c in checks if c.name in DOUBLES)
    prefix = f"{name} " if playing.play.orders is None else ""
    playing.checks += [Check(prefix + c.name, c.differences, c.compared) for c in checks]
    if name != END:
        playing.checkpoints.append(found)
    return found, taken


END: Final = "end"


async def _found(playing: Playing, seconds: float) -> tuple[Json, str]:
    end, last = await _compare(playing, END)
    if playing.play.orders is not None:
        playing.checks.append(at_rest(await playing.client.api("GET", "/work")))
    injected = await playing.client.stand("GET", "/faults")
    found: Json = {
        "day": playing.day.data["day"],
        "act": playing.act.name,
        "go_live": _go_live(playing.actions.shown),
        "orders": {number: order_figures(each, playing.words) for number, each in last.told.items()},
        "returns": {},
        "checkpoints": playing.checkpoints,
        "end": end,
        "effects": end["effects"],
        "ok": all(check.ok for check in playing.checks),
        "checks": [check.json() for check in playing.checks],
        "troubles": incidents(playing.day, last, injected),
        "faults": injected["injected"],
        "kills": playing.clock.killed,
        "moves": playing.clock.moves,
        "seconds": round(seconds, 1),
    }
    if playing.play.sabotage:
        found["sabotage"] = await playing.client.stand("GET", "/sabotage")
    page = day_page(playing.day, found, last, playing.client.hub if playing.play.serve else None)
    return (found if playing.play.orders is None else report(found, last.books)), page


def _go_live(shown: Json) -> Json:
    """Return what the merchant was shown before accepting the first time; empty where nothing was accepted."""
    if not shown:
        return {}
    kept = {key: shown[key] for key in ("listings", "of_which", "open_orders")}
    return {**kept, "writes_before_accept": shown["writes_so_far"]}
