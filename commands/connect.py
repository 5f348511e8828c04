"""``crossdock connect``: the page on which a merchant authorizes a connection."""

import argparse
import os
from functools import partial

from commands.arguments import add_merchant_options
from commands.output import Rows
from commands.running import show_for_merchant
from core.config.environ import setting
from core.engine.hub import Hub


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("connection")


def run(arguments: argparse.Namespace) -> int:
    """Print the page."""
    return show_for_merchant(arguments, partial(_page, arguments.connection))


async def _page(connection: str, hub: Hub, merchant: str) -> Rows:
    hub.connections(merchant).require(connection)
    public = (setting(os.environ, "CROSSDOCK_PUBLIC_URL") or "http://127.0.0.1:8080").rstrip("/")
    return [{"open in a browser": f"{public}/connect/{merchant}/{connection}"}]
