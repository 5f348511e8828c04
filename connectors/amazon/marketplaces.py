"""Amazon's marketplaces: where each one is, its currency, and where its sellers consent.

Ids: https://developer-docs.amazon.com/sp-api/docs/marketplace-ids (read 2026-11).
Consent pages: https://developer-docs.amazon.com/sp-api/docs/seller-central-urls (read 2026-11).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One country's shop."""

    country: str
    currency: str
    region: str
    consent: str
    """Host of the Seller Central of this marketplace."""


MARKETPLACES: dict[str, Marketplace] = {
    "ATVPDKIKX0DER": Marketplace("US", "USD", "na", "sellercentral.amazon.com"),
    "A2EUQ1WTGCTBG2": Marketplace("CA", "CAD", "na", "sellercentral.amazon.ca"),
    "A1AM78C64UM0Y8": Marketplace("MX", "MXN", "na", "sellercentral.amazon.com.mx"),
    "A2Q3Y263D00KWC": Marketplace("BR", "BRL", "na", "sellercentral.amazon.com.br"),
    "A1F83G8C2ARO7P": Marketplace("GB", "GBP", "eu", "sellercentral-europe.amazon.com"),
    "A1PA6795UKMFR9": Marketplace("DE", "EUR", "eu", "sellercentral-europe.amazon.com"),
    "A13V1IB3VIYZZH": Marketplace("FR", "EUR", "eu", "sellercentral-europe.amazon.com"),
    "APJ6JRA9NG5V4": Marketplace("IT", "EUR", "eu", "sellercentral-europe.amazon.com"),
    "A1RKKUPIHCS9HS": Marketplace("ES", "EUR", "eu", "sellercentral-europe.amazon.com"),
    "A1805IZSGTT6HS": Marketplace("NL", "EUR", "eu", "sellercentral.amazon.nl"),
    "A2NODRKZP88ZB9": Marketplace("SE", "SEK", "eu", "sellercentral.amazon.se"),
    "A1C3SOZRARQ6R3": Marketplace("PL", "PLN", "eu", "sellercentral.amazon.pl"),
    "AMEN7PMS3EDWL": Marketplace("BE", "EUR", "eu", "sellercentral.amazon.com.be"),
    "A28R8C7NBKEWEA": Marketplace("IE", "EUR", "eu", "sellercentral.amazon.ie"),
    "A33AVAJ2PDY3EV": Marketplace("TR", "TRY", "eu", "sellercentral.amazon.com.tr"),
    "A2VIGQ35RCS4UG": Marketplace("AE", "AED", "eu", "sellercentral.amazon.ae"),
    "A17E79C6D8DWNP": Marketplace("SA", "SAR", "eu", "sellercentral.amazon.sa"),
    "ARBP9OOSHTCHU": Marketplace("EG", "EGP", "eu", "sellercentral.amazon.eg"),
    "AE08WJ6YKNBMC": Marketplace("ZA", "ZAR", "eu", "sellercentral.amazon.co.za"),
    "A21TJRUUN4KGV": Marketplace("IN", "INR", "eu", "sellercentral.amazon.in"),
    "A1VC38T7YXB528": Marketplace("JP", "JPY", "fe", "sellercentral.amazon.co.jp"),
    "A39IBJ37TRP1C6": Marketplace("AU", "AUD", "fe", "sellercentral.amazon.com.au"),
    "A19VAU5U5O7RUS": Marketplace("SG", "SGD", "fe", "sellercentral.amazon.sg"),
}
