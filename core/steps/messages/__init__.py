"""What shoppers are told: the order is known, a parcel is on its way, the order was cancelled.

The words stand in ``templates/``, once as text and once as HTML; ``render`` is pure.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.errors import MappingError
from core.model.base import Shape
from core.model.message import Message
from core.model.money import Money
from core.model.order import Order, Personal, TaxMode

SUBJECTS = {
    "confirmation": "Your order {number}",
    "shipping": "Your order {number} is on its way",
    "cancellation": "Your order {number} was cancelled",
}
"""Every kind of message, and its subject line."""


class Sent(Shape):
    """A parcel that left, as the shopper is told of it."""

    carrier: str
    service: str
    tracking: str


def render(
    kind: str, *, order: Order, personal: Personal, shop_name: str, parcels: Sequence[Sent] = ()
) -> Message:
    """Return the message of one kind (a key of ``SUBJECTS``) about an order.

    ``subject_id`` is the order's number, as people and the shop call it.

    Raises:
        MappingError: the channel gave no mail address.
    """
    if personal.email is None:
        raise MappingError("personal.email", "the channel gave no mail address")
    words = {
        "order": order,
        "name": personal.customer_name or (personal.ship_to.name if personal.ship_to else ""),
        "ship_to": personal.ship_to,
        "shop_name": shop_name,
        "parcels": tuple(parcels),
        "sums": _sums(order),
    }
    return Message(
        kind=kind,
        subject_id=order.number,
        to=personal.email,
        subject=SUBJECTS[kind].format(number=order.number),
        text=_templates().get_template(f"{kind}.txt").render(words),
        html=_templates().get_template(f"{kind}.html").render(words),
    )


def _sums(order: Order) -> tuple[tuple[str, Money], ...]:
    """Return what leads from the lines to the total, as (words, amount); what is nothing is left out."""
    shown = [
        ("Shipping", order.shipping - order.shipping_discount),
        ("Duties", order.duties),
        ("Tip", order.tips),
        ("Rounding", order.rounding),
    ]
    if order.tax_mode is TaxMode.EXCLUDED:
        shown.append(("Tax", sum((line.tax for line in order.lines), order.shipping_tax)))
    return tuple((words, amount) for words, amount in shown if amount.minor)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
