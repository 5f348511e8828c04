"""``crossdock capture``: an order as a day of the format day/1, to attach to a report; nobody is asked, nothing personal is in it."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from commands.arguments import add_merchant_options
from commands.output import print_json
from commands.running import for_merchant
from core.engine.hub import Hub
from core.errors import HubError
from core.services import actions
from core.services.order_days import CapturedOrder, captured_order

_HEAD = """\
# An order as a day, written by crossdock capture. Names, addresses, mail, phones, texts and ids are made up; SKUs, codes,
# amounts, instants, countries and states are the order's own. Play it: crossdock demo --day FILE
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("order", help="its number, or connection:id")
    parser.add_argument("--to", type=Path, metavar="FILE", help="write it there, and not over another file")


def run(arguments: argparse.Namespace) -> int:
    """Print an order as a day, or write it into a new file."""
    found = for_merchant(arguments, partial(_captured, arguments))
    if arguments.to is not None:
        _write(arguments.to, _file(found))
        sys.stderr.write("".join(f"not shown: {what}\n" for what in found.not_shown))
    elif arguments.json:
        print_json(found.model_dump(mode="json"))
    else:
        print(_file(found), end="")
    return 0


def _file(found: CapturedOrder) -> str:
    """Return the day's file; what it cannot show stands at its head."""
    missed = "".join(f"# not shown: {what}\n" for what in found.not_shown)
    said: str = yaml.dump(found.day, Dumper=_Unshared, sort_keys=False, allow_unicode=True, width=120)
    return f"{_HEAD}{missed}{said}"


class _Unshared(yaml.SafeDumper):
    """Writes what stands twice twice: a file that people read has no anchors."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Return that nothing is referred to."""
        return True


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise HubError(f"{path}: there is such a file already; name another") from error
    except OSError as error:
        raise HubError(
            f"{path}: cannot be written ({error.strerror}); check the path and its rights"
        ) from error


async def _captured(arguments: argparse.Namespace, hub: Hub, merchant: str) -> CapturedOrder:
    order_id = await actions.order_named(hub, merchant, arguments.order)
    return await captured_order(hub, merchant, order_id)
