"""Why an order is held: the closed list, with the words people read and whether a person may overrule it."""

from typing import Self

from core.model.base import Worded


class Hold(Worded):
    """A reason that keeps an order from shipping."""

    overrulable: bool
    """Whether a person may release it although its cause stands; the others go away when it is mended."""

    def __new__(cls, value: str, words: str = "", overrulable: bool = False) -> Self:  # noqa: FBT001, FBT002 - a row
        """Make a row of the list."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words, member.overrulable = words, overrulable
        return member

    UNREADABLE = "unreadable", "cannot be read whole"
    BEFORE_GO_LIVE = "before_go_live", "placed before go-live", True
    AWAITING_CHANNEL = "awaiting_channel", "awaiting the channel"
    RISK = "risk", "risk", True
    PAYMENT_SHORT = "payment_short", "payment short", True
    PAYMENT_CURRENCY = "payment_currency", "paid in another currency", True
    PAYMENT_MISMATCH = "payment_mismatch", "shop and gateway differ", True
    AUTHORIZATION_LAPSED = "authorization_lapsed", "authorization lapsed"
    CAPTURE_DECLINED = "capture_declined", "capture declined", True
    CHANGED_AFTER_LABEL = "changed_after_label", "changed after its label"
    ADDRESS_CHANGED_AFTER_LABEL = "address_changed_after_label", "address changed after its label", True
    WITHDRAWN = "withdrawn", "withdrawn at the channel", True
    UNLINKED_SKU = "unlinked_sku", "listing not linked"
    BACKORDERED = "backordered", "backordered"
    ADDRESS_WITHHELD = "address_withheld", "no address"
    CUSTOMS_MISSING = "customs_missing", "customs data missing"
    HELD_BY_OTHER_APP = "held_by_other_app", "held by another app"
    NOT_OURS = "not_ours", "not ours to ship"
    TOTAL_MISMATCH = "total_mismatch", "total does not add up", True
    NO_RATE = "no_rate", "no rate", True
    NO_BOX = "no_box", "no box", True
