"""``crossdock promote``: puts the draft that is tried in force."""

import argparse
from functools import partial

from commands.arguments import add_merchant_options
from commands.confirm import add_confirm_options, agree
from commands.output import print_json
from commands.running import ACTOR, for_merchant
from commands.shadow import shadow_text
from core.engine.hub import Hub
from core.services.drafts import promote
from core.services.plans import Plan
from core.store.configs import ConfigVersion, list_versions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    add_confirm_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Show what it would have done, ask, and put it in force in every process."""
    version = for_merchant(arguments, partial(_promote, arguments))
    if arguments.json:
        print_json({"version": version.number})
    else:
        print(f"version {version.number} is in force, and no draft is tried any more")
    return 0


async def _promote(arguments: argparse.Namespace, hub: Hub, merchant: str) -> ConfigVersion:
    newest = (*await hub.store.read(list_versions, merchant, limit=1), None)[0]
    plan = Plan(
        title=f"For {merchant}, in every process and at once: the draft",
        does=tuple(await shadow_text(hub, merchant)),
        back="no version yet" if newest is None else f"crossdock apply --version {newest.number}",
    )
    agree(arguments, plan)
    return await promote(hub, merchant, actor=ACTOR)
