"""What the merchant accepts and can stop, per connection."""

from enum import StrEnum


class Action(StrEnum):
    """A kind of action that the merchant accepts, and can stop, per connection."""

    LABELS = "labels"
    LEVELS = "levels"
    MAILS = "mails"
    CAPTURES = "captures"
