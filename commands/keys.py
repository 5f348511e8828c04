"""``crossdock keys``: API keys, made (and shown once), listed or taken back."""

import argparse
import os
from datetime import datetime
from functools import partial

from commands.arguments import UsageError, add_merchant_options
from commands.order_text import when
from commands.output import Rows, show
from commands.running import for_merchant, show_for_merchant
from core.engine.hub import Hub
from core.model.roles import Role
from core.services.api_keys import new_key, revoke_key
from core.store.api_keys import ApiKey, list_api_keys

_LONGEST_DAYS = 3650


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", choices=("new", "list", "revoke"))
    parser.add_argument("word", nargs="?", metavar="NAME", help="the same as --name")
    parser.add_argument(
        "--name", help="what the timeline calls whoever uses it; new: me where it is not given"
    )
    parser.add_argument(
        "--role", choices=[role.value for role in Role], help="new: owner where none is given"
    )
    parser.add_argument("--days", type=int, metavar="N", help="new: it ends after so many days")


def run(arguments: argparse.Namespace) -> int:
    """Make a key, list them, or take those of a name back."""
    do, name = arguments.do, arguments.word or arguments.name
    if arguments.word and arguments.name:
        raise UsageError("the name is given twice")
    if do == "list" and name:
        raise UsageError("list wants no name")
    if do == "revoke" and not name:
        raise UsageError("revoke wants the name of a key, as in: revoke kim; crossdock keys list shows them")
    if do != "new" and (arguments.role or arguments.days is not None):
        raise UsageError("--role and --days are said to new")
    if arguments.days is not None and not 1 <= arguments.days <= _LONGEST_DAYS:
        raise UsageError(f"--days: a number from 1 to {_LONGEST_DAYS} is wanted")
    if do == "list":
        return _list(arguments)
    if do == "new":
        return show_for_merchant(arguments, partial(_new, name or "me", arguments))
    return show_for_merchant(arguments, partial(_revoke, name))


def _list(arguments: argparse.Namespace) -> int:
    keys = for_merchant(arguments, _listed)
    rows = [
        {
            "name": key.name,
            "role": key.role.value,
            "created": _instant(arguments, key.created_at),
            "ends": _instant(arguments, key.expires_at),
            "last used": _instant(arguments, key.last_used_at),
        }
        for key in keys
    ]
    show(rows, as_json=arguments.json, empty="no keys; make one: crossdock keys new NAME")
    return 0


def _instant(arguments: argparse.Namespace, at: datetime | None) -> str | None:
    if arguments.json:
        return at.isoformat(timespec="seconds") if at else None
    return when(at) if at else "-"


async def _listed(hub: Hub, merchant: str) -> list[ApiKey]:
    return await hub.store.read(list_api_keys, merchant)


async def _new(name: str, arguments: argparse.Namespace, hub: Hub, merchant: str) -> Rows:
    role = Role(arguments.role or Role.OWNER)
    given = os.environ.get("CROSSDOCK_NEW_KEY") or None
    key, until = await new_key(hub, merchant, name, role, days=arguments.days, given=given)
    ends = {"ends": until.isoformat(timespec="seconds")} if until else {}
    return [{"merchant": merchant, "name": name, "role": role.value, **ends, "key": key}]


async def _revoke(name: str, hub: Hub, merchant: str) -> Rows:
    taken = await revoke_key(hub, merchant, name)
    return [{"merchant": merchant, "name": name, "keys taken back": taken}]
