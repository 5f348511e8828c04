"""What came of an effect: the closed list."""

from core.model.base import Worded


class Outcome(Worded):
    """What came of something that was asked of a vendor."""

    DONE = "done", "done"
    REFUSED = "refused", "refused by the vendor"
    UNDONE = "undone", "did not happen; tried again"
    UNKNOWN = "unknown", "nobody can tell whether it happened"
