"""``crossdock doctor``: what is not ready for going live."""

import argparse
from collections.abc import Sequence

from commands.arguments import add_merchant_options
from commands.output import show
from commands.running import for_merchant
from core.engine.hub import Hub
from core.services.readiness import Finding, readiness_of
from core.store.listing_pages import count_listings
from core.store.products import count_products


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Say what is not ready; 1 where anything is missing."""
    found, looked_at = for_merchant(arguments, _looked)
    rows = [
        {"kind": f.kind, "where": ", ".join(f.where), "count": f.count, "what": f.what, "do": f.do}
        for f in found
    ]
    show(rows, as_json=arguments.json, empty=f"all is well; looked at {looked_at}")
    return 1 if found else 0


async def _looked(hub: Hub, merchant: str) -> tuple[Sequence[Finding], str]:
    """Return what is not ready, and what was looked at."""
    config = hub.config(merchant)
    counts = {
        "product": await hub.store.read(count_products, merchant),
        "listing": await hub.store.read(count_listings, merchant),
        "location": len(config.locations),
        "box": len(config.boxes),
        "connection": len(config.connections),
    }
    said = [
        f"{count} {word}{'' if count == 1 else 'es' if word == 'box' else 's'}"
        for word, count in counts.items()
    ]
    return await readiness_of(hub, merchant), f"{', '.join(said[:-1])} and {said[-1]} of {merchant}"
