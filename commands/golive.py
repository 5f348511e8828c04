"""``crossdock go-live`` and ``crossdock stock opening|adopt``: what would change, accepting it, opening counts, and back."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from commands.running import in_hub, merchant_of, show
from core.engine.hub import Hub
from core.errors import HubError
from core.services import actions
from core.services.golive import adopt, opening
from core.services.golive.accept import Acceptance, accept, acceptances, undo, undo_text
from core.services.golive.document import Differences, differences
from core.services.golive.opening import Loaded, Preview
from core.words import Rows, WordsError, actions_named

ACTOR = "person:command"


def add_words(made: argparse.ArgumentParser) -> None:
    """Add the words of ``crossdock go-live``."""
    made.add_argument("do", nargs="?", default="show", choices=("show", "accept", "accepted", "undo", "file"))
    made.add_argument("words", nargs="*", help="accept [ACTION ...]; undo|file ID")
    made.add_argument("--connection", action="append", metavar="NAME", help="accept: only of this one")
    made.add_argument("--id", metavar="ID", help="accept: the differences that were shown")


def run(asked: argparse.Namespace) -> int:
    """Show what would change, accept it, or take it back."""
    if asked.do in ("undo", "file") and len(asked.words) != 1:
        raise WordsError(f"{asked.do} wants the id of what was accepted, as in: {asked.do} 3f0c9a1b2d4e")
    if asked.do in ("show", "accepted") and asked.words:
        raise WordsError(f"{asked.do} wants no more words")
    kinds = actions_named(asked.words) if asked.do == "accept" else []

    async def work(hub: Hub) -> int:
        merchant = merchant_of(hub, asked)
        match asked.do:
            case "accept":
                done = await accept(
                    hub,
                    merchant,
                    kinds=kinds,
                    connections=asked.connection or "all",
                    document=asked.id,
                    actor=ACTOR,
                )
                show([_accepted_row(done)], as_json=asked.json)
            case "undo":
                show(
                    [_accepted_row(await undo(hub, merchant, asked.words[0], actor=ACTOR))],
                    as_json=asked.json,
                )
            case "file":
                found = [a for a in await acceptances(hub, merchant) if a.id == asked.words[0]]
                if not found:
                    raise HubError(f"nothing of the id {asked.words[0]!r} was accepted")
                print(undo_text(found[0]), end="")
            case "accepted":
                show([_accepted_row(a) for a in await acceptances(hub, merchant)], as_json=asked.json)
            case _:
                _print(await differences(hub, merchant), as_json=asked.json)
        return 0

    return in_hub(work)


def _print(shown: Differences, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(shown.model_dump(mode="json")))
        return
    show(
        [
            {
                "connection": r.connection,
                "listing": r.listing,
                "location": r.location or "",
                "shows": "-" if r.shows is None else r.shows,
                "wanted": "-" if r.wanted is None else r.wanted,
                "state": r.state,
                "because": r.because,
            }
            for r in shown.rows
        ],
        as_json=False,
    )
    print(f"\n{sentence(shown)}")
    print(f"id: {shown.id}; accept it: crossdock go-live accept --id {shown.id}")


def sentence(shown: Differences) -> str:
    """Return the differences in one line."""
    of, by = shown.listings, shown.of_which
    counts = (
        f"{len(shown.rows)} listings: {of['differ']} differ ({by['by_buffer_only']} by buffer only,"
        f" {by['by_count']} by count), {of['equal']} equal, {of['unlinked']} not linked,"
        f" {of['read_only']} kept by the channel, {of['not_counted']} not counted"
    )
    orders = f"{len(shown.open_orders)} open orders from before: {', '.join(shown.open_orders) or 'none'}"
    mails = f"{sum(shown.mails.values())} mails and {shown.money.at_once} captures would follow at once"
    return f"{counts}. {orders}. {mails}. Calls that changed anything so far: {shown.writes_so_far}."


def _accepted_row(accepted: Acceptance) -> Mapping[str, Any]:
    return {
        "id": accepted.id,
        "at": accepted.at.isoformat(timespec="seconds"),
        "by": accepted.actor,
        "actions": " ".join(accepted.actions),
        "connections": " ".join(accepted.connections),
        "differ": accepted.shown.listings["differ"],
        "taken back": accepted.undone_at.isoformat(timespec="seconds") if accepted.undone_at else "",
    }


def run_opening(asked: argparse.Namespace) -> int:
    """Load opening counts from a file or a channel, preview them, or take them back."""
    words: list[str] = asked.words
    wants = {"opening": "FILE, or undo [NUMBER]", "adopt": "CONNECTION [LOCATION]"}[asked.do]
    taking_back = asked.do == "opening" and words[:1] == ["undo"]
    most = 2 if asked.do == "adopt" or taking_back else 1
    if not 1 <= len(words) <= most or (taking_back and not all(w.isdecimal() for w in words[1:])):
        raise WordsError(f"{asked.do} wants {wants}")

    async def work(hub: Hub) -> int:
        merchant = merchant_of(hub, asked)
        if taking_back:
            number = int(words[1]) if len(words) == 2 else None  # noqa: PLR2004 - undo NUMBER
            show(_loaded(await opening.undo(hub, merchant, number, actor=ACTOR)), as_json=asked.json)
            return 0
        seen = await _preview(hub, merchant, asked)
        if asked.preview or seen.mistakes:
            show(_previewed(seen), as_json=asked.json)
            return 1 if seen.mistakes else 0
        show(_loaded(await _load(hub, merchant, asked)), as_json=asked.json)
        return 0

    return in_hub(work)


async def _preview(hub: Hub, merchant: str, asked: argparse.Namespace) -> Preview:
    if asked.do == "adopt":
        return await adopt.preview(hub, merchant, *asked.words)
    return await opening.preview(hub, merchant, _text(asked.words[0]))


async def _load(hub: Hub, merchant: str, asked: argparse.Namespace) -> Loaded:
    if asked.do == "adopt":
        return await adopt.adopt(hub, merchant, *asked.words, actor=ACTOR)
    return await opening.load(hub, merchant, _text(asked.words[0]), actor=ACTOR)


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(f"{name}: cannot be read as UTF-8 text") from error


def _previewed(seen: Preview) -> Rows:
    wrong = [
        {"line": m.line, "sku": "", "location": "", "before": "", "units": "", "what": m.what}
        for m in seen.mistakes
    ]
    changes = [
        {
            "line": c.line,
            "sku": c.sku,
            "location": c.location,
            "before": "never counted" if c.before is None else c.before,
            "units": c.units,
            "what": f"{c.committed} promised to open orders" if c.committed else "",
        }
        for c in seen.lines
    ]
    over = [
        {"line": "", "sku": "", "location": "", "before": "", "units": "", "what": why}
        for why in seen.passed_over
    ]
    return [*wrong, *changes, *over]


def _loaded(loaded: Loaded) -> Rows:
    return [{"opening": loaded.number, **line, "taken back": loaded.undone_at or ""} for line in loaded.lines]


async def release_all(hub: Hub, merchant: str, reason: str) -> Rows:
    """Release one hold of every order that has it."""
    released = await actions.release_all(hub, merchant, reason, "all", ACTOR)
    return [{"released": order_id, "hold": reason} for order_id in released]


async def switch_on(hub: Hub, merchant: str, connection: str, words: list[str]) -> None:
    """Accept kinds of action of one connection; what would change is written down with it."""
    await accept(hub, merchant, kinds=actions_named(words), connections=[connection], actor=ACTOR)


async def answer_push_guard(hub: Hub, merchant: str, connection: str, words: list[str]) -> None:
    """Answer a brake."""
    await actions.answer_push_guard(hub, merchant, connection, go=words == ["go"], actor=ACTOR)
