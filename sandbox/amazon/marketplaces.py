"""Amazon's marketplaces: name, country, currency, language, and the region whose warehouses serve it."""

from typing import Final

MARKETPLACES: Final[dict[str, tuple[str, str, str, str]]] = {
    "ATVPDKIKX0DER": ("Amazon.com", "US", "USD", "en_US"),
    "A2EUQ1WTGCTBG2": ("Amazon.ca", "CA", "CAD", "en_CA"),
    "A1AM78C64UM0Y8": ("Amazon.com.mx", "MX", "MXN", "es_MX"),
    "A2Q3Y263D00KWC": ("Amazon.com.br", "BR", "BRL", "pt_BR"),
    "A1F83G8C2ARO7P": ("Amazon.co.uk", "GB", "GBP", "en_GB"),
    "A1PA6795UKMFR9": ("Amazon.de", "DE", "EUR", "de_DE"),
    "A13V1IB3VIYZZH": ("Amazon.fr", "FR", "EUR", "fr_FR"),
    "APJ6JRA9NG5V4": ("Amazon.it", "IT", "EUR", "it_IT"),
    "A1RKKUPIHCS9HS": ("Amazon.es", "ES", "EUR", "es_ES"),
    "A1805IZSGTT6HS": ("Amazon.nl", "NL", "EUR", "nl_NL"),
    "A1VC38T7YXB528": ("Amazon.co.jp", "JP", "JPY", "ja_JP"),
    "A39IBJ37TRP1C6": ("Amazon.com.au", "AU", "AUD", "en_AU"),
}
"""https://developer-docs.amazon.com/sp-api/docs/marketplace-ids (read 2026-11)."""
AMERICAS: Final = frozenset({"US", "CA", "MX", "BR"})
REGIONS: Final = {"JP": "JP", "AU": "AU"}


def currency_of(marketplace: str) -> str:
    """What prices are in there."""
    return MARKETPLACES.get(marketplace, ("", "US", "USD", ""))[2]


def region_of(marketplace: str) -> str:
    """The region's letters in the code of Amazon's own fulfillment channel."""
    country = MARKETPLACES.get(marketplace, ("", "US", "USD", ""))[1]
    return "NA" if country in AMERICAS else REGIONS.get(country, "EU")
