"""``crossdock shoppers``: what is known of a person, that it be forgotten, and the proof that it is."""

import argparse
import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from commands.arguments import UsageError, add_merchant_options
from commands.confirm import add_confirm_options, agree, lines_of
from commands.output import print_json, show
from commands.running import ACTOR, for_merchant
from core.engine.forgetting import Forgot
from core.engine.hub import Hub
from core.errors import HubError
from core.services.actions import order_named
from core.services.shoppers import (
    Finding,
    ForgetPlan,
    Person,
    export_person,
    forget_person,
    forget_plan,
    openable_until,
    prove,
)

_OF = {"dry_run": "forget", "yes": "forget", "out": "export", "also": "prove"}
"""Option -> the word that it belongs to."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", choices=("forget", "export", "prove"))
    parser.add_argument("--order", metavar="N", help="the person of this order: its number, or connection:id")
    parser.add_argument(
        "--email", metavar="E", help="the person of this address: all orders; prove: look for it besides"
    )
    parser.add_argument("--dry-run", action="store_true", help="forget: say what would go, and do nothing")
    add_confirm_options(parser)
    parser.add_argument("--out", metavar="FILE", help="export: write it there, readable by nobody else")
    parser.add_argument(
        "--also", metavar="FILE", action="append", default=[], help="prove: look there too (a backup, a log)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Forget, export or prove; 1 where something was found that should not be there."""
    for option, word in _OF.items():
        if getattr(arguments, option) and arguments.do != word:
            raise UsageError(f"--{option.replace('_', '-')} is for {word}")
    if arguments.do == "prove":
        return _prove(arguments)
    if (arguments.order is None) == (arguments.email is None):
        raise UsageError(f"{arguments.do} wants either --order N or --email E")
    return _forget(arguments) if arguments.do == "forget" else _export(arguments)


def _forget(arguments: argparse.Namespace) -> int:
    done = for_merchant(arguments, partial(_forgotten, arguments))
    if isinstance(done, ForgetPlan):
        if arguments.json:
            print_json(
                {"would": list(done.does), "orders": list(done.order_ids), "refused": done.refused or None}
            )
        else:
            print("\n".join([*lines_of(done), *([f"  Refused: {done.refused}"] if done.refused else [])]))
        return 0
    until = openable_until(done.at).isoformat(timespec="seconds")
    rows = [{"forgotten": order_id, "backups open until": until} for order_id in done.order_ids]
    show(rows, as_json=arguments.json)
    if not done.overwritten and not arguments.json:
        print("others are reading: what was deleted is overwritten within the hour")
    if arguments.email is not None:
        _tell_of_later(done, as_json=arguments.json)
    return 0


def _tell_of_later(done: Forgot, *, as_json: bool) -> None:
    """Say what a mail address is forgotten for besides the orders that are known; beside JSON on standard error."""
    later = f"orders of this address placed until {done.at.isoformat(timespec='seconds')} that come to light later"
    now = "" if done.order_ids else "no order of this address is known now; "
    print(f"{now}{later} are forgotten as well", file=sys.stderr if as_json else sys.stdout)


async def _forgotten(arguments: argparse.Namespace, hub: Hub, merchant: str) -> Forgot | ForgetPlan:
    person = Person(order=arguments.order, email=arguments.email)
    planned = await forget_plan(hub, merchant, person)
    if arguments.dry_run:
        return planned
    agree(arguments, planned)
    return await forget_person(hub, merchant, person, actor=ACTOR)


def _export(arguments: argparse.Namespace) -> int:
    found = for_merchant(arguments, partial(_exported, Person(order=arguments.order, email=arguments.email)))
    if arguments.out is None:
        print_json(found)
    else:
        _write(Path(arguments.out), found)
        print(f"{len(found['orders'])} orders written to {arguments.out}")
    return 0


async def _exported(person: Person, hub: Hub, merchant: str) -> dict[str, Any]:
    return await export_person(hub, merchant, person)


def _write(path: Path, found: dict[str, Any]) -> None:
    """Write a file that only its owner may read; one that is there already stays.

    Raises:
        HubError: it is there already, or cannot be written.
    """
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise HubError(f"{path}: cannot be written ({error.strerror}); name a new file") from error
    with os.fdopen(made, "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
        file.write("\n")


def _prove(arguments: argparse.Namespace) -> int:
    if arguments.order is None:
        raise UsageError("prove wants --order N: of a person who is forgotten nothing else is known")
    rows = for_merchant(arguments, partial(_proven, arguments))
    show(
        [{"place": f.place, "looked for": f.what, "found": "FOUND" if f.found else "nothing"} for f in rows],
        as_json=arguments.json,
    )
    return 1 if any(finding.found for finding in rows) else 0


async def _proven(arguments: argparse.Namespace, hub: Hub, merchant: str) -> list[Finding]:
    order_id = await order_named(hub, merchant, arguments.order)
    words = [arguments.email] if arguments.email else []
    return await prove(hub, merchant, order_id, words=words, files=[Path(name) for name in arguments.also])
