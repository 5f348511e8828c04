"""``crossdock stock opening|adopt``: opening counts from a file or a channel, previewed, loaded, and taken back."""

import argparse
from functools import partial

from commands.arguments import UsageError
from commands.output import Rows, show
from commands.running import ACTOR, csv_of, for_merchant, show_for_merchant
from core.engine.hub import Hub
from core.services.golive import adopt, opening
from core.services.golive.opening import Loaded, Preview

_WANTED = {"opening": "FILE, or undo [NUMBER]", "adopt": "CONNECTION [LOCATION]"}


def run(arguments: argparse.Namespace) -> int:
    """Load opening counts, preview them, or take them back; 1 where a line is wrong."""
    do, words = arguments.do, arguments.words
    undone = do == "opening" and words[:1] == ["undo"]
    most = 2 if do == "adopt" or undone else 1
    if not 1 <= len(words) <= most or (undone and not all(word.isdecimal() for word in words[1:])):
        raise UsageError(f"{do} wants {_WANTED[do]}")
    if undone:
        return show_for_merchant(arguments, partial(_undo, number=int(words[1]) if words[1:] else None))
    rows, wrong = for_merchant(arguments, partial(_load, arguments))
    show(rows, as_json=arguments.json)
    return 1 if wrong else 0


async def _undo(hub: Hub, merchant: str, *, number: int | None) -> Rows:
    return _loaded(await opening.undo(hub, merchant, number, actor=ACTOR))


async def _load(arguments: argparse.Namespace, hub: Hub, merchant: str) -> tuple[Rows, bool]:
    """Return what was loaded, or what would be, and whether anything is wrong with it."""
    adopting = arguments.do == "adopt"
    given = arguments.words if adopting else [csv_of(arguments.words[0])]
    seen = await (adopt.preview if adopting else opening.preview)(hub, merchant, *given)
    if arguments.preview or seen.mistakes:
        return _previewed(seen), bool(seen.mistakes)
    load = adopt.adopt if adopting else opening.load
    return _loaded(await load(hub, merchant, *given, actor=ACTOR)), False


def _previewed(seen: Preview) -> Rows:
    empty = {"line": "", "sku": "", "location": "", "before": "", "units": "", "what": ""}
    wrong = [empty | {"line": mistake.line, "what": mistake.what} for mistake in seen.mistakes]
    changes = [
        {
            "line": line.line,
            "sku": line.sku,
            "location": line.location,
            "before": "never counted" if line.before is None else line.before,
            "units": line.units,
            "what": f"{line.committed} promised to open orders" if line.committed else "",
        }
        for line in seen.lines
    ]
    return [*wrong, *changes, *(empty | {"what": why} for why in seen.passed_over)]


def _loaded(loaded: Loaded) -> Rows:
    return [{"opening": loaded.number, **line, "taken back": loaded.undone_at or ""} for line in loaded.lines]
