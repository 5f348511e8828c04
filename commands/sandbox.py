"""``crossdock sandbox``: the stand-ins of the four vendors and of a merchant's own tool, served on loopback."""

import argparse
import json
from datetime import datetime

from sandbox.app import run as serve
from sandbox.fidelity_report import rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("--port", type=int, default=8090, help="the control port; 0 takes any free one")
    parser.add_argument("--json", action="store_true", help="print one line of JSON when ready")
    parser.add_argument("--start", type=datetime.fromisoformat, help="the instant at which its clock starts")
    parser.add_argument(
        "--stepped",
        action="store_true",
        help="its clock stands still until POST /clock of the control port moves it",
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--fidelity",
        action="store_true",
        help="print how far each operation of each vendor is offered, as JSON, and serve nothing",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve the stand-ins until interrupted, or tell how far they go."""
    if arguments.fidelity:
        print(json.dumps(rows(), indent=1))
        return 0
    serve(
        arguments.port,
        json=arguments.json,
        start_at=arguments.start,
        seed=arguments.seed,
        stepped=arguments.stepped,
    )
    return 0
