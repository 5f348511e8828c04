"""Why nothing personal of an order is kept any more."""

from core.model.base import Worded


class Why(Worded):
    """Why a person was forgotten, in words."""

    REQUEST = "request", "the person asked for it"
    VENDOR = "vendor", "the channel asked for it"
    SHOP_LEFT = "shop_left", "the shop left"
    RETENTION = "retention", "the channel lets nobody keep it longer"
    BEFORE = "before", "it was forgotten earlier, by a version or in a time that nothing is kept of"
