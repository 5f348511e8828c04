"""The demo command: a day, or random orders, on stand-ins of the vendors."""

import argparse
import json
from pathlib import Path

from commands.arguments import UsageError
from commands.output import show
from core.errors import HubError

USUAL_ORDERS = 20


def add_arguments(demo: argparse.ArgumentParser) -> None:
    """Add the words of the command."""
    demo.add_argument(
        "--day", type=Path, metavar="FILE", help="a day of the format day/1 (the Kendra Kookware day)"
    )
    demo.add_argument("--act", metavar="ID", help="stop after that act of the day")
    demo.add_argument(
        "--weather",
        choices=("twice", "shuffle"),
        help="every message of the day comes twice, or within 60 s of its time",
    )
    demo.add_argument("--orders", type=int, metavar="N", help="no day: N random orders on the same house")
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
    demo.add_argument(
        "--rate",
        type=float,
        default=60.0,
        help="random orders: how much faster than real time they come (60)",
    )
    demo.add_argument(
        "--patience", type=float, default=240.0, metavar="S", help="longest wait for rest at the end (240)"
    )
    demo.add_argument("--json", action="store_true", help="print one JSON object")
    demo.add_argument("--serve", action="store_true", help="leave the console open afterwards")


def run(asked: argparse.Namespace) -> int:
    """Run the demonstration; 1 where the books differ."""
    if asked.sabotage == "list":
        from sandbox.sabotage import KINDS  # noqa: PLC0415 - the stand-ins load only where they are shown

        show([{"kind": kind, "what it does": words} for kind, words in KINDS.items()], as_json=asked.json)
        return 0
    if asked.orders is None and asked.sabotage is None:
        return play(asked)
    if asked.day or asked.act or asked.weather:
        raise UsageError(
            "--day, --act and --weather are for a day; --orders and --sabotage are for random orders"
        )
    return sell(asked)


def play(asked: argparse.Namespace) -> int:
    """Play a day."""
    from demo.children import run_told  # noqa: PLC0415
    from demo.marked import DayError  # noqa: PLC0415
    from demo.player import NotPlayedError, Play, play_day  # noqa: PLC0415

    wish = Play(
        file=asked.day,
        act=asked.act,
        faults=asked.faults,
        seed=asked.seed,
        kill=asked.kill,
        weather=asked.weather,
        json=asked.json,
        serve=asked.serve,
    )
    try:
        found, _ = run_told(play_day(wish))
    except (DayError, NotPlayedError) as error:
        raise HubError(str(error)) from None
    if asked.json:
        print(json.dumps(found))
    return 0 if found["ok"] else 1


def sell(asked: argparse.Namespace) -> int:
    """Have random orders placed."""
    from demo.children import run_told  # noqa: PLC0415
    from demo.run import Wish, demonstrate  # noqa: PLC0415

    wish = Wish(
        orders=USUAL_ORDERS if asked.orders is None else asked.orders,
        seed=asked.seed,
        faults=asked.faults,
        kill=asked.kill,
        sabotage=asked.sabotage,
        rate=asked.rate,
        json=asked.json,
        serve=asked.serve,
        patience_s=asked.patience,
    )
    found, text = run_told(demonstrate(wish))
    if asked.json:
        print(json.dumps(found))
    elif not asked.serve:
        print(text)
    return 0 if found["ok"] else 1
