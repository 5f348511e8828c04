"""``crossdock serve``: the hub."""

import argparse
import asyncio
import logging

from commands.running import database_told, log_from
from server import serve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("--config", help="crossdock.yaml, or a folder of them")
    parser.add_argument("--role", choices=("all", "web", "worker", "scheduler"), default="all")
    parser.add_argument("--port", type=int, default=8080, help="of all and web (8080)")
    parser.add_argument(
        "--monitor-port",
        type=int,
        metavar="N",
        help="of worker and scheduler: answer /healthz, /readyz and /metrics there",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    with database_told():
        asyncio.run(
            serve(
                role=arguments.role,
                port=arguments.port,
                monitor_port=arguments.monitor_port,
                redactor=log_from(logging.INFO),
            )
        )
    return 0
