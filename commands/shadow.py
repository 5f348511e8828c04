"""``crossdock shadow``: what the draft that is tried would have done to the orders since, and its end."""

import argparse

from commands.arguments import add_merchant_options
from commands.order_text import when
from commands.other_file import DIFFERS
from commands.output import print_json
from commands.plan import plan_lines
from commands.running import for_merchant
from core.engine.hub import Hub
from core.services.drafts import Shadow, shadow_of, stop_draft
from core.store.drafts import Draft


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", nargs="?", default="show", choices=("show", "stop"))


def run(arguments: argparse.Namespace) -> int:
    """Show what a draft would have done, 2 where anything would be otherwise; or have it tried no more."""
    if arguments.do == "stop":
        draft = for_merchant(arguments, stop_draft)
        if arguments.json:
            print_json(draft_row(draft))
        else:
            print(f"the draft since {when(draft.since)} is tried no more")
        return 0
    found = for_merchant(arguments, shadow_of)
    if arguments.json:
        print_json({**draft_row(found.draft), **found.found.model_dump(mode="json")})
    else:
        for line in shadow_lines(found):
            print(line)
    return DIFFERS if found.found.differs else 0


def draft_row(draft: Draft) -> dict[str, str]:
    """Return a draft as JSON has it."""
    return {
        "digest": draft.digest,
        "since": draft.since.isoformat(timespec="seconds"),
        "until": draft.until.isoformat(timespec="seconds"),
        "by": draft.actor,
    }


def shadow_lines(found: Shadow) -> list[str]:
    """Return what a draft would have done, line by line."""
    draft = found.draft
    return [f"tried from {when(draft.since)} to {when(draft.until)}", *plan_lines(found.found)]


async def shadow_text(hub: Hub, merchant: str) -> list[str]:
    """Return the same of a merchant."""
    return shadow_lines(await shadow_of(hub, merchant))
