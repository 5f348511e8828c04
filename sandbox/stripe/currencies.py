"""The currencies that Stripe takes, and the most it charges.

Currencies: https://docs.stripe.com/currencies (read 2026-11). The least it charges in each of them is not checked here.
"""

from typing import Final

from sandbox.stripe.refusals import Refused

_CODES: Final = """
aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf
clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr
ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur
mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr
sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xcg
xof xpf yer zar zmw
"""
CURRENCIES: Final = frozenset(_CODES.split())
MOST: Final = 99_999_999
"""`amount` "supports up to eight digits" (https://docs.stripe.com/api/payment_intents/create, read 2026-11)."""


def check_amount(amount: int, currency: str) -> None:
    """Refuse what is too much to charge."""
    if amount > MOST:
        message = f"Amount must be no more than {MOST} {currency.lower()}"
        raise Refused(400, message, code="amount_too_large", param="amount")
