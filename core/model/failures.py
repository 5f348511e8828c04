"""Where a failure lies: the closed list, with the words people read and what happens next."""

from typing import Self

from core.model.base import Worded


class Failure(Worded):
    """At whom a piece of work failed; docs/reference/errors.md shows this list."""

    then: str
    """What happens next, in a sentence."""

    def __new__(cls, value: str, words: str = "", then: str = "") -> Self:
        """Make a row of the list."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words, member.then = words, then
        return member

    VENDOR = (
        "vendor",
        "the vendor's",
        (
            "Tried again by itself, later each time. What is served to nobody is paused and counts as no attempt; "
            "while others are answered, the work is parked after fourteen attempts."
        ),
    )
    OBJECT = (
        "object",
        "this object's",
        "Parked at once: it is refused, or does not fit. Mend it where it is kept, then have it tried again.",
    )
    CODE = (
        "code",
        "our code's",
        (
            "Parked at once; the log of the hub has the traceback. Report it; "
            "with the mended hub, have it tried again."
        ),
    )
    INFRASTRUCTURE = (
        "infrastructure",
        "our infrastructure's",
        (
            "Tried again every few seconds for as long as it lasts. It counts as no attempt, nothing is parked, "
            "and all goes on by itself."
        ),
    )
