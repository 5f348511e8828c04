"""What ``crossdock orders`` writes on an order: a note, tags, who looks after it. Nothing is asked, for it can be undone."""

import argparse
import re

from commands.arguments import UsageError
from commands.running import ACTOR
from core.engine.hub import Hub
from core.model.annotations import NOBODY, TAG
from core.services.annotations import add_note, assign, change_tags

WANTS = {
    "note": "the text of the note, as in: note KK-1001 'gift wrap, asked by phone'",
    "tag": "tags, each with + or - in front, as in: tag KK-1001 +urgent -later",
    "assign": f"a name, or {NOBODY}, as in: assign KK-1001 kim",
}
"""What is written -> what it wants behind the order."""
_CHANGE = re.compile(rf"([+-])({TAG})")


def check_words(arguments: argparse.Namespace) -> None:
    """Refuse words that say nothing.

    Raises:
        UsageError: the note, the tags or the name is missing, or a word is no tag.
    """
    if not arguments.reason:
        raise UsageError(f"{arguments.do} wants {WANTS[arguments.do]}")
    if arguments.do == "tag":
        _changes(arguments)


def _changes(arguments: argparse.Namespace) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"+": [], "-": []}
    for word in (arguments.reason, *arguments.more):
        change = _CHANGE.fullmatch(word.strip())
        if change is None:
            raise UsageError(
                f"{word.strip()!r} is no change of tags: + or -, then a lower-case word of at most 40 letters, digits "
                "and dashes"
            )
        found[change[1]].append(change[2])
    return found


async def annotate(arguments: argparse.Namespace, hub: Hub, merchant: str, order_id: str) -> None:
    """Write on an order.

    Raises:
        NotFoundError: nobody of that name works for the merchant.
        RefusedError: the note is too long, the tags are too many, or the order's person was forgotten.
    """
    match arguments.do:
        case "note":
            await add_note(hub, merchant, order_id, arguments.reason, ACTOR)
        case "tag":
            changes = _changes(arguments)
            await change_tags(hub, merchant, [order_id], add=changes["+"], remove=changes["-"], actor=ACTOR)
        case "assign":
            to = None if arguments.reason == NOBODY else arguments.reason
            await assign(hub, merchant, order_id, to, ACTOR)
