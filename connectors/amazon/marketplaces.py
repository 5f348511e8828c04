"""Amazon's marketplaces: where each one is, its currency, where its sellers consent, and whose midnight ends its days.

Ids: https://developer-docs.amazon.com/sp-api/docs/marketplace-ids (read 2026-11).
Consent pages: https://developer-docs.amazon.com/sp-api/docs/seller-central-urls (read 2026-11).
Instants are told in UTC, and the marketplace tells the local zone: amzn/selling-partner-api-models, issue 4782 (read
2026-11-30). That 23:59:59 there ends a ship-by and a deliver-by day was seen of the United States (07:59:59Z in winter);
of the others it is unverified. Where a country has several zones its most western stands: an end of day of any of them
is still the same day there, never the next.
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
    zone: str
    """The zone in which its days are read."""


MARKETPLACES: dict[str, Marketplace] = {
    "ATVPDKIKX0DER": Marketplace("US", "USD", "na", "sellercentral.amazon.com", "America/Los_Angeles"),
    "A2EUQ1WTGCTBG2": Marketplace("CA", "CAD", "na", "sellercentral.amazon.ca", "America/Vancouver"),
    "A1AM78C64UM0Y8": Marketplace("MX", "MXN", "na", "sellercentral.amazon.com.mx", "America/Tijuana"),
    "A2Q3Y263D00KWC": Marketplace("BR", "BRL", "na", "sellercentral.amazon.com.br", "America/Manaus"),
    "A1F83G8C2ARO7P": Marketplace("GB", "GBP", "eu", "sellercentral-europe.amazon.com", "Europe/London"),
    "A1PA6795UKMFR9": Marketplace("DE", "EUR", "eu", "sellercentral-europe.amazon.com", "Europe/Berlin"),
    "A13V1IB3VIYZZH": Marketplace("FR", "EUR", "eu", "sellercentral-europe.amazon.com", "Europe/Paris"),
    "APJ6JRA9NG5V4": Marketplace("IT", "EUR", "eu", "sellercentral-europe.amazon.com", "Europe/Rome"),
    "A1RKKUPIHCS9HS": Marketplace("ES", "EUR", "eu", "sellercentral-europe.amazon.com", "Europe/Madrid"),
    "A1805IZSGTT6HS": Marketplace("NL", "EUR", "eu", "sellercentral.amazon.nl", "Europe/Amsterdam"),
    "A2NODRKZP88ZB9": Marketplace("SE", "SEK", "eu", "sellercentral.amazon.se", "Europe/Stockholm"),
    "A1C3SOZRARQ6R3": Marketplace("PL", "PLN", "eu", "sellercentral.amazon.pl", "Europe/Warsaw"),
    "AMEN7PMS3EDWL": Marketplace("BE", "EUR", "eu", "sellercentral.amazon.com.be", "Europe/Brussels"),
    "A28R8C7NBKEWEA": Marketplace("IE", "EUR", "eu", "sellercentral.amazon.ie", "Europe/Dublin"),
    "A33AVAJ2PDY3EV": Marketplace("TR", "TRY", "eu", "sellercentral.amazon.com.tr", "Europe/Istanbul"),
    "A2VIGQ35RCS4UG": Marketplace("AE", "AED", "eu", "sellercentral.amazon.ae", "Asia/Dubai"),
    "A17E79C6D8DWNP": Marketplace("SA", "SAR", "eu", "sellercentral.amazon.sa", "Asia/Riyadh"),
    "ARBP9OOSHTCHU": Marketplace("EG", "EGP", "eu", "sellercentral.amazon.eg", "Africa/Cairo"),
    "AE08WJ6YKNBMC": Marketplace("ZA", "ZAR", "eu", "sellercentral.amazon.co.za", "Africa/Johannesburg"),
    "A21TJRUUN4KGV": Marketplace("IN", "INR", "eu", "sellercentral.amazon.in", "Asia/Kolkata"),
    "A1VC38T7YXB528": Marketplace("JP", "JPY", "fe", "sellercentral.amazon.co.jp", "Asia/Tokyo"),
    "A39IBJ37TRP1C6": Marketplace("AU", "AUD", "fe", "sellercentral.amazon.com.au", "Australia/Perth"),
    "A19VAU5U5O7RUS": Marketplace("SG", "SGD", "fe", "sellercentral.amazon.sg", "Asia/Singapore"),
}
