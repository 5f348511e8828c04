"""The carrier codes that Amazon takes in a shipment confirmation."""

from typing import Final

OTHER: Final = "Other"
"""The code of a carrier that is not listed; its name must then be given."""

CODES: Final = frozenset({
    "USPS", "UPS", "UPSMI", "UPS Mail Innovations", "FedEx", "FedEx SmartPost", "DHL", "DHL Global Mail",
    "DHL eCommerce", "OnTrac", "Lasership", "OSM", "Streamlite", "Newgistics", "Blue Package", "Target", "Smartmail",
    "Amazon Shipping", "Canada Post", "Royal Mail", "Parcelforce", "Parcelnet", "City Link", "Yodel", "Hermes",
    "Hermes Logistik Gruppe", "Deutsche Post", "DPD", "GLS", "GO!", "TNT", "Fastway", "Chronopost", "La Poste",
    "Poste Italiane", "SDA", "Seur", "Correos", "MRW", "Nacex", "SagawaExpress", "NipponExpress", "YamatoTransport",
    "BlueDart", "Aramex", "India Post", "DTDC", "Delhivery", "Australia Post", "China Post", "Yun Express", "4PX",
    "YANWEN", "SF Express", OTHER,
})  # fmt: skip
"""Of the order fulfillment feed's schema (amzn-base.xsd) and Seller Central's list; compared letter by letter."""
