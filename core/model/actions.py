"""What the merchant accepts and can stop, per connection."""

from core.model.base import Worded


class Action(Worded):
    """A kind of action that the merchant accepts, and can stop, per connection."""

    LABELS = "labels", "Buy labels"
    LEVELS = "levels", "Set listed quantities"
    MAILS = "mails", "Mail shoppers"
    CAPTURES = "captures", "Capture money"
