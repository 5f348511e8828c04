"""``python -m benchmarks [--only NAME,...] [--seconds N] [--rounds N] [--size N] [--json] [--statements]``: print every figure.

A figure is printed as soon as it is measured. Ends with 1 where one could not be measured; what needs PostgreSQL is
left out where none answers.
"""

import argparse
import asyncio
import json
import logging
import os
import platform
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from benchmarks import (
    console_pages,
    flow,
    full_push,
    growth,
    intake,
    mapping,
    memory,
    plans,
    reservation,
    rules,
)
from benchmarks.databases import NoPostgresError
from benchmarks.rounds import Figure, Scale

BENCHMARKS: Mapping[str, Callable[[Scale], Coroutine[Any, Any, Figure]]] = {
    "webhook_intake_sqlite": intake.webhook_intake_sqlite,
    "webhook_intake_postgres": intake.webhook_intake_postgres,
    "order_flow_sdk": flow.order_flow_sdk,
    "order_flow_stub_sqlite": flow.order_flow_stub_sqlite,
    "order_flow_stub_postgres": flow.order_flow_stub_postgres,
    "reservation": reservation.reservation,
    "mapping": mapping.mapping,
    "rules_validate": rules.rules_validate,
    "rules_order": rules.rules_order,
    "order_flow_rules": rules.order_flow_rules,
    "plan": plans.plan,
    "full_push": full_push.full_push,
    "growth_catalogue": growth.growth_catalogue,
    "growth_million": growth.growth_million,
    "memory": memory.memory,
    "console_pages": console_pages.console_pages,
}
"""In the order in which they are measured."""


def main() -> None:
    """Measure and print."""
    words = _words()
    scale = Scale(seconds=words.seconds, rounds=words.rounds, size=words.size)
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # databases and processes go with us
    if not words.json:
        _say(f"{_machine()}; medians of {scale.rounds} rounds of about {scale.seconds:g} s")
    failed = [name for name in words.only or BENCHMARKS if not _measured(name, scale, words)]
    sys.exit(1 if failed else 0)


def _words() -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    asked.add_argument("--only", type=_names, help="measure these alone, with commas between")
    asked.add_argument("--seconds", type=float, default=3.0, help="how long one measurement lasts, about")
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--size", type=float, default=1.0, help="the part of all rows and orders to make")
    asked.add_argument("--json", action="store_true", help="one object a line")
    asked.add_argument(
        "--statements", action="store_true", help="each statement, and how often an order sends it"
    )
    return asked.parse_args()


def _names(text: str) -> list[str]:
    unknown = [name for name in text.split(",") if name not in BENCHMARKS]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no such figure: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}"
        )
    return text.split(",")


def _measured(name: str, scale: Scale, words: argparse.Namespace) -> bool:
    """Print a figure; return whether it could be measured, or needs a server that is not there."""
    try:
        figure = asyncio.run(BENCHMARKS[name](scale))
    except NoPostgresError as error:
        _say(json.dumps({"name": name, "left_out": str(error)}) if words.json else f"{name}: {error}")
        return True
    except Exception as error:  # noqa: BLE001 - the others are measured all the same
        told = f"{type(error).__name__}: {error}"
        _say(json.dumps({"name": name, "failed": told}) if words.json else f"{name}: failed: {told}")
        return False
    if words.json:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        run = {"at": at, "machine": _machine(), **asdict(scale)}
        _say(json.dumps(figure.told(statements=words.statements) | run))
    else:
        _say(_text(figure, statements=words.statements))
    return True


def _text(figure: Figure, *, statements: bool) -> str:
    lines = [f"{figure.name}: {figure.value:,.4g} {figure.unit}"]
    if figure.ratio is not None:
        spread = "" if figure.spread is None else " [{:.3f} to {:.3f}]".format(*figure.spread)
        lines[0] += f", ratio {figure.ratio:.3f}{spread}"
    if figure.floor is not None:
        word = {"higher": "at least", "lower": "at most"}[figure.better]
        lines[0] += f" ({figure.judged} {word} {figure.floor:g}: {'met' if figure.met else 'NOT met'})"
    lines.append(f"    load before {figure.load:.2f}")
    lines += [f"    {key} {value:,.4g}" for key, value in figure.details.items()]
    if statements:
        lines += [f"    {times:8.2f}  {text}" for text, times in figure.statements.items()]
    return "\n".join(lines)


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
