"""``crossdock keys``: API keys, made (and shown once) or taken back."""

import argparse
import os
import secrets
from functools import partial

from commands.arguments import add_merchant_options
from commands.output import Rows
from commands.running import for_merchant, show_for_merchant
from core.engine.hub import Hub
from core.errors import HubError
from core.store.api_keys import delete_api_key, has_key, save_api_key


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", choices=("new", "revoke"))
    parser.add_argument("--name", default="me", help="what the timeline calls whoever uses it")


def run(arguments: argparse.Namespace) -> int:
    """Make a key, or take one back."""
    if arguments.do == "new":
        return show_for_merchant(arguments, partial(_new, arguments.name))
    for_merchant(arguments, partial(_revoke, arguments.name))
    return 0


async def _new(name: str, hub: Hub, merchant: str) -> Rows:
    key = os.environ.get("CROSSDOCK_NEW_KEY") or secrets.token_urlsafe(24)
    await hub.store.write(save_api_key, merchant, key, name=name, role="owner", now=hub.clock.now())
    return [{"merchant": merchant, "name": name, "key": key}]


async def _revoke(name: str, hub: Hub, merchant: str) -> None:
    if not await hub.store.read(has_key, merchant, name):
        raise HubError(f"{merchant} has no key of the name {name!r}")
    await hub.store.write(delete_api_key, merchant, name)
