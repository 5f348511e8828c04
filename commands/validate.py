"""``crossdock validate``: every mistake of crossdock.yaml, with file, line and column."""

import argparse
import json
import os
from collections.abc import Mapping
from typing import Any

from commands.output import show
from core.config.merchant import MerchantConfig
from core.errors import HubError
from server import configs, connectors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("config", nargs="?")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Check a file; 1 where it is wrong."""
    try:
        rows = [_row(config) for config in configs(os.environ, connectors())]
    except HubError as error:
        if not arguments.json:
            raise
        print(json.dumps({"ok": False, "errors": str(error).splitlines()}))
        return 1
    if arguments.json:
        print(json.dumps({"ok": True, "merchants": rows}))
    else:
        show(rows, as_json=False)
    return 0


def _row(config: MerchantConfig) -> Mapping[str, Any]:
    return {
        "merchant": config.merchant,
        "connections": len(config.connections),
        "locations": len(config.locations),
        "file": config.file,
    }
