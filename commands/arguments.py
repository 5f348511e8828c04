"""What the verbs share in taking arguments."""

import argparse
import re

from core.errors import HubError
from core.model.base import plain
from core.model.stock import MOST_UNITS


class UsageError(HubError):
    """Arguments of a command are missing or wrong; the message says which are wanted."""


def add_merchant_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a verb that works on one merchant."""
    parser.add_argument("--config", help="crossdock.yaml, or a folder of them")
    parser.add_argument("--merchant", help="which merchant; not needed where the file names one")
    parser.add_argument("--json", action="store_true")


def with_tags_as_words(words: list[str]) -> list[str]:
    """Return the words of the command; what ``orders tag`` takes off (``-later``) begins with a blank, so that argparse takes it for no option."""
    if words[:1] != ["orders"] or "tag" not in words:
        return words
    return [f" {word}" if re.fullmatch("-(?!h$)[a-z0-9][a-z0-9-]*", word) else word for word in words]


def plain_note(text: str) -> str:
    """Return a note as it is kept.

    Raises:
        argparse.ArgumentTypeError: it is no plain text.
    """
    try:
        return plain(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"the note has {error}") from error


def whole_number(text: str, what: str) -> int:
    """Return the number that a text is.

    Raises:
        UsageError: it is none, or larger than anything that is counted here.
    """
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"{what}: {text!r} is no whole number")
    if len(text.lstrip("0")) >= len(str(MOST_UNITS)) and text.lstrip("0") != str(MOST_UNITS):
        raise UsageError(f"{what}: more than {MOST_UNITS} is too much")
    return int(text)
