"""``crossdock keys``: API keys, made (and shown once), listed or taken back."""

import argparse
import os
import secrets
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.order_text import when
from commands.output import Rows, show
from commands.running import for_merchant, show_for_merchant
from core.engine.hub import Hub
from core.errors import HubError
from core.store.api_keys import ApiKey, delete_api_key, list_api_keys, save_api_key


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", choices=("new", "list", "revoke"))
    parser.add_argument("word", nargs="?", metavar="NAME", help="the same as --name")
    parser.add_argument(
        "--name", help="what the timeline calls whoever uses it; new: me where it is not given"
    )


def run(arguments: argparse.Namespace) -> int:
    """Make a key, list them, or take those of a name back."""
    do, name = arguments.do, arguments.word or arguments.name
    if arguments.word and arguments.name:
        raise UsageError("the name is given twice")
    if do == "list" and name:
        raise UsageError("list wants no name")
    if do == "revoke" and not name:
        raise UsageError("revoke wants the name of a key, as in: revoke kim; crossdock keys list shows them")
    if do == "list":
        return _list(arguments)
    return show_for_merchant(arguments, partial(_new if do == "new" else _revoke, name or "me"))


def _list(arguments: argparse.Namespace) -> int:
    keys = for_merchant(arguments, _listed)
    rows = [
        {"name": k.name, "role": k.role, "created": k.created_at.isoformat(timespec="seconds")}
        if arguments.json
        else {"name": k.name, "role": k.role, "created": when(k.created_at)}
        for k in keys
    ]
    show(rows, as_json=arguments.json, empty="no keys; make one: crossdock keys new NAME")
    return 0


async def _listed(hub: Hub, merchant: str) -> list[ApiKey]:
    return await hub.store.read(list_api_keys, merchant)


async def _new(name: str, hub: Hub, merchant: str) -> Rows:
    key = os.environ.get("CROSSDOCK_NEW_KEY") or secrets.token_urlsafe(24)
    await hub.store.write(save_api_key, merchant, key, name=name, role="owner", now=hub.clock.now())
    return [{"merchant": merchant, "name": name, "key": key}]


async def _revoke(name: str, hub: Hub, merchant: str) -> Rows:
    taken = await hub.store.write(delete_api_key, merchant, name)
    if not taken:
        raise HubError(f"{merchant} has no key of the name {name!r}; crossdock keys list shows them")
    return [{"merchant": merchant, "name": name, "keys taken back": taken}]
