"""Why an order is held: the closed list, with the words people read, what they do about it, and whether they may overrule it."""

from typing import Self

from core.model.base import Worded


class Hold(Worded):
    """A reason that keeps an order from shipping."""

    do: str
    """What a person does about it, in a sentence."""
    overrulable: bool
    """Whether a person may release it although its cause stands; the others go away when it is mended."""

    def __new__(cls, value: str, words: str = "", do: str = "", overrulable: bool = False) -> Self:  # noqa: FBT001, FBT002 - a row
        """Make a row of the list."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words, member.do, member.overrulable = words, do, overrulable
        return member

    BY_PERSON = "by_person", "held by a person", "Release it when it may go.", True
    BY_RULE = "by_rule", "held by a rule", "Release it when it may go, or reject it.", True
    UNREADABLE = (
        "unreadable",
        "cannot be read whole",
        "Mend the field at the channel, then read it again; or ship it there.",
    )
    BEFORE_GO_LIVE = (
        "before_go_live",
        "placed before go-live",
        "Release it if the hub is to ship it; else ship it where it was to be shipped.",
        True,
    )
    AWAITING_CHANNEL = (
        "awaiting_channel",
        "awaiting the channel",
        "Nothing: it goes on when the channel does.",
    )
    RISK = "risk", "risk", "Look at the payment, then release the order or reject it.", True
    PAYMENT_SHORT = (
        "payment_short",
        "payment short",
        "Have the rest paid; or release it to ship it as it is, or reject it.",
        True,
    )
    PAYMENT_CURRENCY = (
        "payment_currency",
        "paid in another currency",
        "Compare the payment with the order, then release it or reject it.",
        True,
    )
    PAYMENT_MISMATCH = (
        "payment_mismatch",
        "shop and gateway differ",
        "Compare the payment at both, then release it or reject it.",
        True,
    )
    AUTHORIZATION_LAPSED = (
        "authorization_lapsed",
        "authorization lapsed",
        "Have it paid again at the channel, or reject it.",
    )
    CAPTURE_DECLINED = (
        "capture_declined",
        "capture declined",
        "Have it paid another way, then release it, or reject it.",
        True,
    )
    CHANGED_AFTER_LABEL = (
        "changed_after_label",
        "changed after its label",
        "Void the label to have it packed anew, or change the order back at the channel.",
    )
    ADDRESS_CHANGED_AFTER_LABEL = (
        "address_changed_after_label",
        "address changed after its label",
        "Void the label to ship to the new address, or release it to ship to the old one.",
        True,
    )
    WITHDRAWN = (
        "withdrawn",
        "withdrawn at the channel",
        "Void the label, or release it to tell the channel of it again.",
        True,
    )
    UNLINKED_SKU = "unlinked_sku", "listing not linked", "Link the listing on the page Links."
    BACKORDERED = "backordered", "backordered", "Receive stock, or reject it."
    ADDRESS_WITHHELD = "address_withheld", "no address", "Complete the address at the channel."
    CUSTOMS_MISSING = "customs_missing", "customs data missing", "Fill in what is named, at the product."
    HELD_BY_OTHER_APP = "held_by_other_app", "held by another app", "Release it in that app."
    NOT_OURS = (
        "not_ours",
        "not ours to ship",
        "Settle it at the channel; it goes on when the channel says so.",
    )
    TOTAL_MISMATCH = (
        "total_mismatch",
        "total does not add up",
        "Compare the order at the channel, then release it or reject it.",
        True,
    )
    NO_RATE = (
        "no_rate",
        "no rate",
        "Mend what the rates say, then release it: they are asked for again.",
        True,
    )
    NO_BOX = (
        "no_box",
        "no box",
        "Correct sizes, weights or boxes, then release it: it is packed again.",
        True,
    )
