"""``crossdock links``: the workbench of links, its CSV file, and taking the last import back."""

import argparse
from pathlib import Path

from commands.running import in_hub, merchant_of, show
from core.domain.link_proposals import describe
from core.engine.hub import Hub
from core.errors import HubError
from core.services import links
from core.services.links import LinkReview, review_links
from core.services.readiness import readiness_of
from core.words import Rows, WordsError

_VERBS = ("list", "conflicts", "export", "preview", "import", "undo", "unlink")
_WORDS = {"preview": ("FILE",), "import": ("FILE",), "unlink": ("CONNECTION", "LISTING")}


def add_words(made: argparse.ArgumentParser) -> None:
    """Add the words of ``crossdock links``."""
    made.add_argument("do", nargs="?", default="list", choices=_VERBS)
    made.add_argument("words", nargs="*", help="preview|import FILE; unlink CONNECTION LISTING")


def run(asked: argparse.Namespace) -> int:
    """List links, or do what is asked with them."""
    check_words(asked.do, asked.words)

    async def work(hub: Hub) -> int:
        merchant = merchant_of(hub, asked)
        if asked.do == "export":
            print(await links.exported(hub, merchant), end="")
            return 0
        show(await rows_of(hub, merchant, asked.do, asked.words), as_json=asked.json)
        return 0

    return in_hub(work)


def run_doctor(asked: argparse.Namespace) -> int:
    """Say what is not ready; 1 where anything is missing."""

    async def work(hub: Hub) -> int:
        found = await finding_rows(hub, merchant_of(hub, asked))
        show(found, as_json=asked.json)
        return 1 if found else 0

    return in_hub(work)


def check_words(do: str, words: list[str]) -> None:
    """Check how many words a verb is given.

    Raises:
        WordsError: too few or too many.
    """
    wanted = _WORDS.get(do, ())
    if len(words) != len(wanted):
        raise WordsError(f"{do} wants {' '.join(wanted) or 'no more words'}")


async def rows_of(hub: Hub, merchant: str, do: str, words: list[str]) -> Rows:
    """Do what a verb says; return what is to be shown.

    Raises:
        HubError: it cannot be done; every wrong line of a file is named.
    """
    match do:
        case "preview":
            return _changes(await links.preview(hub, merchant, _read(words[0])))
        case "import":
            text = _read(words[0])
            return _changes(await links.import_file(hub, merchant, text, actor="person:command"))
        case "undo":
            return [{"taken back": f"{await links.undo(hub, merchant)} listings"}]
        case "unlink":
            await links.unlink(hub, merchant, words[0], words[1])
    review = await review_links(hub, merchant)
    if do == "conflicts":
        return [
            {"where": c.connection or "-", "names": ", ".join(c.names), "what": c.what, "do": c.do}
            for c in review.conflicts
        ]
    return _listed(review)


def _listed(review: LinkReview) -> Rows:
    open_ones = [
        {
            "connection": offer.connection,
            "listing": offer.listing,
            "of": "",
            "could be": describe(found[0].of) if found else "",
            "score": found[0].score if found else "",
            "why": found[0].detail if found else "",
        }
        for offer, found in review.unlinked
    ]
    linked = [(o.connection, o.listing, o.of) for o in review.linked]
    return open_ones + [
        {"connection": c, "listing": name, "of": describe(of), "could be": "", "score": "", "why": ""}
        for c, name, of in (*linked, *review.gone)
    ]


async def finding_rows(hub: Hub, merchant: str) -> Rows:
    """Return what is not ready for going live."""
    return [
        {"kind": f.kind, "where": ", ".join(f.where), "count": f.count, "what": f.what, "do": f.do}
        for f in await readiness_of(hub, merchant)
    ]


def _changes(changes: tuple[links.Change, ...]) -> Rows:
    return [
        {
            "connection": c.connection,
            "listing": c.listing,
            "now": describe(c.before),
            "then": describe(c.after),
        }
        for c in changes
    ]


def _read(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise HubError(f"{name}: cannot be read as text") from error
