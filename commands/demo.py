"""The demo command: a day, or random orders, on stand-ins of the vendors."""

import argparse
import json
from pathlib import Path

from commands.arguments import UsageError
from commands.output import show
from core.errors import HubError

USUAL_ORDERS = 20


def add_arguments(demo: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    demo.add_argument(
        "--day", type=Path, metavar="FILE", help="a day of the format day/1 (the Kendra Kookware day)"
    )
    demo.add_argument("--act", metavar="ID", help="stop after that act of the day")
    demo.add_argument(
        "--weather",
        choices=("twice", "shuffle"),
        help="every message of the day comes twice, or within 60 s of its time",
    )
    demo.add_argument("--orders", type=int, metavar="N", help="no day: N random orders for the same merchant")
    demo.add_argument("--seed", type=int, default=1, help="another seed, other orders and faults (1)")
    demo.add_argument(
        "--faults", default="none", metavar="SPEC", help="none, all, or kinds as in drop:0.2,throttle"
    )
    demo.add_argument(
        "--kill", type=int, default=0, metavar="N", help="kill -9 the hub N times and start it again"
    )
    demo.add_argument(
        "--sabotage", metavar="KIND", help="have a stand-in lose or double one effect; list names the kinds"
    )
    demo.add_argument("--json", action="store_true", help="print one JSON object")
    demo.add_argument("--serve", action="store_true", help="leave the console open afterwards")


def run(asked: argparse.Namespace) -> int:
    """Run the demonstration; 1 where the books differ."""
    if asked.sabotage == "list":
        from sandbox.sabotage import KINDS  # noqa: PLC0415 - the stand-ins load only where they are shown

        show([{"kind": kind, "what it does": words} for kind, words in KINDS.items()], as_json=asked.json)
        return 0
    random = asked.orders is not None or asked.sabotage is not None
    if random and (asked.day or asked.act or asked.weather):
        raise UsageError(
            "--day, --act and --weather are for a day; --orders and --sabotage are for random orders"
        )
    usual = USUAL_ORDERS if asked.orders is None else asked.orders
    return _play(asked, orders=usual if random else None)


def _play(asked: argparse.Namespace, *, orders: int | None) -> int:
    from day.located_yaml import DayError  # noqa: PLC0415
    from demo.children import run_told  # noqa: PLC0415
    from demo.player import NotPlayedError, Play, play_day  # noqa: PLC0415

    play = Play(
        file=asked.day, act=asked.act, orders=orders, faults=asked.faults, seed=asked.seed, kill=asked.kill,
        message_order=asked.weather, sabotage=asked.sabotage, json=asked.json, serve=asked.serve,
    )  # fmt: skip
    try:
        found, _ = run_told(play_day(play))
    except (DayError, NotPlayedError) as error:
        raise HubError(str(error)) from None
    if asked.json:
        print(json.dumps(found))
    return 0 if found["ok"] else 1
