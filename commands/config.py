"""``crossdock config``: which crossdock.yaml was in force since when, and what it said."""

import argparse
from datetime import datetime
from functools import partial

from commands.arguments import UsageError, add_merchant_options, whole_number
from commands.order_text import when
from commands.output import print_json, show
from commands.running import for_merchant
from core.config.texts import texts_of
from core.engine.hub import Hub
from core.errors import NotFoundError
from core.store.configs import STARTED, ConfigVersion, list_versions, text_of_version

_LISTED = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", nargs="?", default="versions", choices=("versions", "show"))
    parser.add_argument("number", nargs="?", metavar="NUMBER", help="show: which version")


def run(arguments: argparse.Namespace) -> int:
    """List versions, or print one."""
    if arguments.do == "versions":
        if arguments.number is not None:
            raise UsageError("versions wants no number; say: show NUMBER")
        return _list(arguments)
    if arguments.number is None:
        raise UsageError("show wants a number, as in: show 2; crossdock config versions lists them")
    number = whole_number(arguments.number, "NUMBER")
    text = for_merchant(arguments, partial(_text, number))
    files = texts_of(text)
    if arguments.json:
        print_json({"number": number, "files": [{"name": name, "text": said} for name, said in files]})
    elif len(files) == 1:
        print(files[0][1], end="")
    else:
        for name, said in files:
            print(f"# {name}\n{said}", end="" if said.endswith("\n") else "\n")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    found, here = for_merchant(arguments, _listed)

    def instant(at: datetime) -> str:
        return at.isoformat(timespec="seconds") if arguments.json else when(at)

    rows = [
        {
            "number": one.number,
            "since": instant(one.since),
            "by": "a start" if one.actor == STARTED else one.actor,
            "digest": one.digest,
            "in force": "yes" if one is found[0] else "no",
            "this file": "yes" if one.digest == here else "no",
        }
        for one in found
    ]
    show(
        rows, as_json=arguments.json, empty="no version yet: the first is the file that serve is started with"
    )
    return 0


async def _listed(hub: Hub, merchant: str) -> tuple[list[ConfigVersion], str]:
    found = await hub.store.read(list_versions, merchant, limit=_LISTED)
    return found, hub.files[merchant].digest


async def _text(number: int, hub: Hub, merchant: str) -> str:
    text = await hub.store.read(text_of_version, merchant, number)
    if text is None:
        raise NotFoundError(f"no version {number}; crossdock config versions lists them")
    return text
