"""``crossdock simulate``: core and bogus vendors in memory, with faults and deaths, until the books are compared."""

import argparse
import json
import sys
from dataclasses import asdict

from commands.output import show
from core.errors import HubError
from simulation.case import Case, minimized, run_case
from simulation.faults import faults_named


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("--orders", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="all")
    parser.add_argument("--kill", type=int, default=5)
    parser.add_argument("--stop", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--merchants", type=int, default=1)
    parser.add_argument("--apart", type=int, default=40)
    parser.add_argument("--minimize", action="store_true")
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Simulate; 1 where something was lost or doubled."""
    case = _case(arguments)
    report = run_case(case)
    if arguments.minimize and not report.ok:
        case = minimized(case, lambda smaller: not run_case(smaller).ok)
        report = run_case(case)
    if arguments.trace:
        sys.stderr.write("".join(f"{line}\n" for line in report.trace))
    figures = asdict(report) | {"differences": list(report.differences), "replay": case.command}
    del figures["trace"]
    if arguments.json:
        print(json.dumps(figures))
    else:
        show([{"what": key, "figure": value} for key, value in figures.items()], as_json=False)
    return 0 if report.ok else 1


def _case(arguments: argparse.Namespace) -> Case:
    if min(arguments.orders, arguments.workers, arguments.merchants) < 1:
        raise HubError("--orders, --workers and --merchants are 1 or more")
    try:
        faults = faults_named(arguments.faults)
    except ValueError as error:
        raise HubError(f"--faults: {error}") from None
    return Case(
        seed=arguments.seed,
        orders=arguments.orders,
        faults=faults,
        kills=arguments.kill,
        stops=arguments.stop,
        workers=arguments.workers,
        merchants=arguments.merchants,
        apart_s=arguments.apart,
    )
