"""``crossdock simulate``: core and bogus vendors in memory, with faults and deaths, until the books are compared."""

import argparse
import asyncio
import json
from dataclasses import asdict

from commands.output import show
from core.errors import HubError
from simulation.faults import faults_named
from simulation.run import simulate
from simulation.scene import Scene


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("--orders", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="all")
    parser.add_argument("--kill", type=int, default=5)
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Simulate; 1 where something was lost or doubled."""
    try:
        scene = Scene(arguments.seed, arguments.orders, faults_named(arguments.faults))
    except ValueError as error:
        raise HubError(f"--faults: {error}") from None
    report = asyncio.run(simulate(scene, seed=arguments.seed, kills=arguments.kill))
    figures = asdict(report) | {"differences": list(report.differences)}
    if arguments.json:
        print(json.dumps(figures))
    else:
        show([{"what": key, "figure": value} for key, value in figures.items()], as_json=False)
    return 0 if report.ok else 1
