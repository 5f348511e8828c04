"""A shipping method that crossdock.yaml does not name goes by the default, and its merchant hears of it once (R95)."""

from datetime import datetime

from core.config.merchant import ANY, MerchantConfig
from core.model.commit import MerchantNotice
from core.model.order import Order

UNLISTED_METHOD = "unlisted_method"


def notices_of(config: MerchantConfig, order: Order, now: datetime) -> tuple[MerchantNotice, ...]:
    """Return the notice that rating an order raises: its method is promised nothing by name.

    None where the order names no method, or its channel gives the day itself (Amazon).
    """
    method = order.method
    if not method or order.deliver_by is not None or config.names(method):
        return ()
    return (MerchantNotice(kind=UNLISTED_METHOD, subject=method, text=_text(config, method), since=now),)


def _text(config: MerchantConfig, method: str) -> str:
    days = config.promise(method)
    default = (
        "its orders go without promise, by the cheapest rate"
        if days is None
        else f'its orders go by the promise of "{ANY}" ({days} working days)'
    )
    return f"Shipping method '{method}' is not in crossdock.yaml: {default}. Name it under sla.promise."
