# ruff: noqa: RUF001  the multiplication sign is meant
"""What shoppers read, word for word."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import MappingError
from core.model.address import Address, region_of
from core.model.money import Money, Side
from core.model.order import ChannelState, Order, OrderLine, Personal, TaxMode
from core.steps.messages import SUBJECTS, Sent, render

NOON = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
PORTLAND = Address(
    name="Kara Kline", street1="100 Test Kitchen Way", city="Portland", state="OR", zip="97205", country="US"
)
KARA = Personal(ship_to=PORTLAND, email="kara@example.test", customer_name="Kara Kline")
FEDEX = Sent(carrier="FedEx", service="FEDEX_GROUND", tracking="794600000001")


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def a_line(title: str, price: int, *, quantity: int = 1, discount: int = 0, tax: int = 0) -> OrderLine:
    return OrderLine(
        line_id=title, listing=None, sku=None, title=title, quantity=quantity, open_quantity=quantity,
        unit_price=usd(price), discount=usd(discount), tax=usd(tax),
    )  # fmt: skip


def an_order(**changed: Any) -> Order:
    whole = {
        "connection": "shop", "order_id": "1001", "number": "KK-1001", "placed_at": NOON, "updated_at": NOON,
        "state": ChannelState.OPEN, "tax_mode": TaxMode.EXCLUDED,
        "lines": (a_line("Chef's knife & board", 12900, discount=1290), a_line("Gift wrap", 0)),
        "shipping": usd(690), "shipping_discount": usd(690), "shipping_tax": usd(0), "duties": usd(0), "tips": usd(0),
        "rounding": usd(0), "total": usd(11610),
        "total_presentment": Money(minor=11610, currency="USD", side=Side.PRESENTMENT),
        "marketplace_tax": usd(0), "ship_to": region_of(PORTLAND),
    }  # fmt: skip
    return Order.model_validate(whole | changed)


def test_a_confirmation_says_what_was_ordered_what_it_costs_and_where_it_goes() -> None:
    notice = render("confirmation", order=an_order(), personal=KARA, shop_name="Kendra Kookware")
    assert (notice.kind, notice.subject_id, notice.to, notice.subject) == (
        "confirmation",
        "KK-1001",
        "kara@example.test",
        "Your order KK-1001",
    )
    assert (
        notice.text
        == """\
Hello Kara Kline,

thank you for your order KK-1001. This is what we have noted:

  1 x Chef's knife & board: 116.10 USD
  1 x Gift wrap: 0.00 USD
  Total: 116.10 USD

It goes to:

  Kara Kline
  100 Test Kitchen Way
  Portland, OR 97205
  US

We write again as soon as it leaves us.

Kendra Kookware
"""
    )
    assert (
        notice.html
        == """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Your order KK-1001</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 36em; margin: 2em auto; padding: 0 1em">
<p>Hello Kara Kline,</p>
<p>thank you for your order <strong>KK-1001</strong>. This is what we have noted:</p>
<table style="border-spacing: 1em 0.2em">
<tr><td>1 × Chef&#39;s knife &amp; board</td><td align="right">116.10 USD</td></tr>
<tr><td>1 × Gift wrap</td><td align="right">0.00 USD</td></tr>
<tr><td><strong>Total</strong></td><td align="right"><strong>116.10 USD</strong></td></tr>
</table>
<p>It goes to:<br>
Kara Kline<br>
100 Test Kitchen Way<br>
Portland, OR 97205<br>
US</p>
<p>We write again as soon as it leaves us.</p>
<p>Kendra Kookware</p>
</body>
</html>
"""
    )


@pytest.mark.req("R22")
def test_every_part_of_the_total_is_shown_and_adds_up() -> None:
    order = an_order(
        lines=(a_line("Knife", 4500, quantity=2, tax=720), a_line("Gone", 900, quantity=0)),
        shipping=usd(690), shipping_discount=usd(90), shipping_tax=usd(48), duties=usd(500), tips=usd(200),
        rounding=usd(-3), total=usd(11065), total_presentment=Money(minor=15150, currency="CAD", side=Side.PRESENTMENT),
    )  # fmt: skip
    text = render("confirmation", order=order, personal=KARA, shop_name="Kendra").text
    assert (
        text[text.index("  2 x") : text.index("\n\nIt goes")]
        == """\
  2 x Knife: 90.00 USD
  Shipping: 6.00 USD
  Duties: 5.00 USD
  Tip: 2.00 USD
  Rounding: -0.03 USD
  Tax: 7.68 USD
  Total: 110.65 USD
  You pay: 151.50 CAD"""
    )
    assert 9000 + 600 + 500 + 200 - 3 + 768 == 11065


def test_tax_inside_the_prices_is_not_counted_again() -> None:
    order = an_order(tax_mode=TaxMode.INCLUDED, lines=(a_line("Knife", 11610, tax=1000),))
    assert "Tax" not in render("confirmation", order=order, personal=KARA, shop_name="Kendra").text


def test_a_shipping_mail_names_each_parcel_s_carrier_and_number() -> None:
    notice = render("shipping", order=an_order(), personal=KARA, shop_name="Kendra Kookware", parcels=[FEDEX])
    assert notice.subject == "Your order KK-1001 is on its way"
    assert (
        notice.text
        == """\
Hello Kara Kline,

good news: your order KK-1001 is on its way.

  FedEx FEDEX_GROUND, tracking number 794600000001

Kendra Kookware
"""
    )
    assert "<li>FedEx FEDEX_GROUND, tracking number <strong>794600000001</strong></li>" in notice.html


def test_a_cancellation_says_what_becomes_of_the_money() -> None:
    nameless = Personal(email="kara@example.test")
    notice = render("cancellation", order=an_order(), personal=nameless, shop_name="Kendra Kookware")
    assert notice.subject == "Your order KK-1001 was cancelled"
    assert (
        notice.text
        == """\
Hello,

your order KK-1001 was cancelled. Nothing more will be sent.

If you have paid, the money goes back the way it came; your bank may take a few days to show it.

Kendra Kookware
"""
    )


@pytest.mark.parametrize("kind", SUBJECTS)
def test_no_mail_loads_anything_and_every_name_is_escaped(kind: str) -> None:
    evil = "<script src=//evil.test>"
    personal = Personal(
        ship_to=PORTLAND.model_copy(update={"name": evil, "company": evil, "street2": evil}),
        email="k@example.test",
        customer_name=evil,
    )
    parcel = Sent(carrier=evil, service=evil, tracking=evil)
    order = an_order(lines=(a_line(evil, 1),))
    html = render(kind, order=order, personal=personal, shop_name=evil, parcels=[parcel]).html
    assert "<script" not in html
    assert "&lt;script" in html
    assert not any(part in html for part in ("<img", "<link", "<a ", "url("))


@pytest.mark.req("R65")
def test_without_a_mail_address_there_is_no_notice() -> None:
    with pytest.raises(MappingError, match=r"personal\.email"):
        render("shipping", order=an_order(), personal=Personal(), shop_name="Kendra")
