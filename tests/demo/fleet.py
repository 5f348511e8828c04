"""The Kendra day on a hub of four processes over one PostgreSQL."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from day.day import load_day
from demo import KENDRA
from demo.compare import differences
from demo.player import NotPlayedError, Play, play_day
from tests.databases import fresh_database

FLEET: Final = ("web", "worker", "worker", "scheduler")
DATABASE: Final = "CROSSDOCK_DEMO_DATABASE_URL"


async def played(play: Play) -> dict[str, Any]:
    """Play a day on a fleet with a database of its own."""
    async with fresh_database("postgres", Path()) as url:
        os.environ[DATABASE] = url
        try:
            found, _ = await play_day(play)
        finally:
            del os.environ[DATABASE]
    return found


def wrong(found: dict[str, Any], leaving: Sequence[str] = ()) -> list[str]:
    """Return where act I came out otherwise than it was worked out by hand, and where books differ."""
    checks = [f"{each['name']}: {each['detail']}" for each in found["checks"] if not each["ok"]]
    return [*differences(load_day(KENDRA), found, act="I", leaving=set(leaving)), *checks]


async def act_one(*, kill: int, seed: int, faults: str = "none") -> list[str]:
    """Play act I on four processes, each killed in its turn, and return what is wrong."""
    play = Play(file=KENDRA, act="I", json=True, kill=kill, seed=seed, faults=faults, roles=FLEET)
    try:
        found = await played(play)
    except NotPlayedError as error:
        return [str(error)]
    told = wrong(found, leaving=("label_at",) if kill else ())
    return [*told, *([] if found["kills"] == kill else [f"{found['kills']} of {kill} kills"])]
