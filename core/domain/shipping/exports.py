"""Goods that leave the United States: which exemption holds, and what needs a declaration in AES (its number is the ITN).

15 CFR 30.36, 30.37(a) and appendix C, https://www.law.cornell.edu/cfr/text/15/part-30/appendix-C; 30.2(d)(2):
https://mydhl.express.dhl/lu/de/shipment/foreign-trade-regulation.html (both read 2026-11-30). Nothing is exempt to the
countries of group E (15 CFR 758.1(b)): unverified. Goods that need a licence are not known here.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from core.domain.shipping.customs import paid_for, shared
from core.domain.shipping.destinations import needs_form, territory_of
from core.model.address import Region
from core.model.money import Money, exponent_of
from core.model.order import Order
from core.model.stock import Need

_UNITED_STATES = frozenset({"US", "PR"})
_UNDECLARED_TERRITORIES = frozenset({"AS", "GU", "MP"})
_NEVER_EXEMPT = frozenset(["CU", "IR", "KP", "SY"])
_LIMIT_USD = Decimal(2500)
"""Of one tariff code, from one sender to one consignee (30.37(a))."""
# No rate of exchange is known here: of other currencies so much as was never worth more than 2,500 dollars, by the most
# a unit was worth (about 4 dollars; a quarter; an eightieth; of all others 2.5).
_DEAR = frozenset(["BHD", "JOD", "KWD", "OMR"])
_CHEAP = frozenset(
    [
        "CNY",
        "CZK",
        "DKK",
        "HKD",
        "HUF",
        "INR",
        "MXN",
        "NOK",
        "PHP",
        "RUB",
        "SEK",
        "THB",
        "TRY",
        "TWD",
        "UAH",
        "ZAR",
    ]
)


def export_exemption(to: Region, home: str) -> str:
    """Return the words by which goods may leave undeclared; empty outside the United States, whose law it is."""
    if home not in _UNITED_STATES or not needs_form(to, home):
        return ""
    if to.country == "CA":
        return "NOEEI 30.36"
    return "NOEEI 30.2(d)(2)" if territory_of(to) in _UNDECLARED_TERRITORIES else "NOEEI 30.37(a)"


def lacking_itn(
    order: Order, needs: Sequence[Need], to: Region, home: str, *, codes: Mapping[str, str]
) -> list[str]:
    """Return each tariff code that no exemption holds for, with its worth in the order.

    ``codes`` are the tariff codes by SKU. Where one code begins another, both count together.
    """
    if not export_exemption(to, home).endswith("30.37(a)"):
        return []
    worth = _worth_by_code(order, needs, codes)
    found: list[str] = []
    for code in sorted(worth):
        alike = [value for other, value in worth.items() if other.startswith(code) or code.startswith(other)]
        value = sum(alike, alike[0].zero())
        if to.country in _NEVER_EXEMPT or _limit_of(value.currency) < Decimal(value.text()):
            found.append(f"{code} is worth {value.text()} {value.currency}")
    return found


def _worth_by_code(order: Order, needs: Sequence[Need], codes: Mapping[str, str]) -> dict[str, Money]:
    worth: dict[str, Money] = {}
    for line in order.lines:
        parts = [n for n in needs if n.line_id == line.line_id]
        shares = shared(paid_for(line), [n.units for n in parts]) if parts else []
        for part, share in zip(parts, shares, strict=True):
            code = codes.get(part.sku, "").replace(".", "")
            worth[code] = worth.get(code, share.zero()) + share
    return worth


def _limit_of(currency: str) -> Decimal:
    """Return the limit in major units of a currency."""
    if currency == "USD":
        return _LIMIT_USD
    if currency in _DEAR:
        return _LIMIT_USD / 5
    if currency in _CHEAP:
        return _LIMIT_USD * 4
    return _LIMIT_USD * 80 if exponent_of(currency) == 0 else _LIMIT_USD / Decimal("2.5")
