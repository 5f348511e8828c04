"""What a person may ask of an order."""

from core.model.base import Worded


class Ask(Worded):
    """Something that a person may have done with an order, by the words of its button."""

    RELEASE = "release", "Release"
    LABEL = "label", "Buy label"
    HOLD = "hold", "Hold"
    VOID = "void", "Void label"
    RETRY = "retry", "Try again"
    REJECT = "reject", "Cancel and refund"
