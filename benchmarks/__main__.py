"""``python -m benchmarks [--seconds N] [--json]``: print every figure."""

import argparse
import asyncio
import json
import logging
import os
import platform
import sys
from dataclasses import asdict

from benchmarks.acceptance import acceptance
from benchmarks.orders import a_wire, committing, flow, memory
from benchmarks.rounds import ROUNDS, Figure
from benchmarks.steady import steady

ORDERS_A_SECOND = 8
"""Orders of a round, per second that it is to last: about what the machine of the first measurement did."""
ORDERS_KEPT = 2000


async def measure(seconds: float) -> list[Figure]:
    """Return every figure; a round lasts about so many seconds."""
    orders = max(10, round(ORDERS_A_SECOND * seconds))
    figures = [await acceptance(seconds), await steady(seconds)]
    figures.append(await flow(orders, "whole orders / their vendor calls in memory", wire=None, floor=0.35))
    async with a_wire() as wire:
        what = "whole orders / their vendor calls, each with an HTTP request"
        figures.append(await flow(orders, what, wire=wire, floor=0.35))
    figures.append(await committing(seconds))
    figures.append(memory(ORDERS_KEPT))
    return figures


def _line(figure: Figure) -> str:
    words = {None: "", True: "met", False: "NOT met"}[figure.met]
    floor = "" if figure.floor is None else f" (design: {figure.floor} or more, {words})"
    spread = "" if figure.spread is None else f" [{figure.spread[0]:.3f} to {figure.spread[1]:.3f}]"
    details = ", ".join(f"{key} {value:,.1f}" for key, value in figure.details.items())
    return f"{figure.what}: {figure.ratio:.3f}{spread}{floor}\n    {details}"


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    asked.add_argument("--seconds", type=float, default=3.0, help="how long a round lasts, about")
    asked.add_argument("--json", action="store_true")
    words = asked.parse_args()
    logging.disable(logging.WARNING)
    load = os.getloadavg()[0]
    figures = asyncio.run(measure(words.seconds))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    if words.json:
        told = [asdict(figure) | {"met": figure.met} for figure in figures]
        sys.stdout.write(
            json.dumps({"machine": machine, "load": load, "rounds": ROUNDS, "figures": told}) + "\n"
        )
        return
    lines = [f"{machine}; load before {load:.2f}; medians of {ROUNDS} rounds", *map(_line, figures)]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
