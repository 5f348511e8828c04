"""``crossdock doctor``: what is not ready for going live."""

import argparse

from commands.arguments import add_merchant_options
from commands.output import show
from commands.running import for_merchant
from core.services.readiness import readiness_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Say what is not ready; 1 where anything is missing."""
    found = for_merchant(arguments, readiness_of)
    rows = [
        {"kind": f.kind, "where": ", ".join(f.where), "count": f.count, "what": f.what, "do": f.do}
        for f in found
    ]
    show(rows, as_json=arguments.json)
    return 1 if found else 0
