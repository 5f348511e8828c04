"""The file that a verb compares with the one in force."""

import argparse
import os
from pathlib import Path

from assembly import connectors
from commands.arguments import UsageError
from core.config import load
from core.config.merchant import MerchantConfig

DIFFERS = 2
"""The exit code where the two files differ."""


def add_other_file(parser: argparse.ArgumentParser) -> None:
    """Add what such a verb takes; the file in force is that of CROSSDOCK_CONFIG."""
    parser.add_argument(
        "--config",
        dest="other",
        metavar="FILE",
        help="another crossdock.yaml, or a folder of them, to compare with",
    )
    parser.add_argument("--merchant", help="which merchant; not needed where the file names one")
    parser.add_argument("--json", action="store_true")


def other_file(arguments: argparse.Namespace) -> MerchantConfig | None:
    """Return the configuration of the other file; None where none is named. It needs no secrets.

    Raises:
        UsageError: it has several merchants, and none is named.
        ConfigFileError: with every problem of the file.
    """
    if arguments.other is None:
        return None
    known = {key: connector.settings for key, connector in connectors().items()}
    found = load(Path(arguments.other), os.environ, known, without_secrets=True)
    right = [one for one in found if arguments.merchant in (None, one.merchant)]
    if len(right) != 1:
        raise UsageError(f"which merchant? --merchant is one of: {', '.join(one.merchant for one in found)}")
    return right[0]
