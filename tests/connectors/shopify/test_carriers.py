"""Every carrier that EasyPost sells, as Shopify spells it."""

import pytest
import yaml

from connectors.shopify.shipment_notifier import CARRIERS, company_of
from tests.connectors.easypost_carriers import EVERY

# Of the supported tracking companies, those that EasyPost sells (shopify.dev, FulfillmentTrackingInfo).
_SUPPORTED = frozenset((
    "APC", "Amazon Logistics US", "Asendia USA", "Australia Post", "CDL Last Mile", "Canada Post", "Canpar", "Chronopost",
    "Couriers Please", "DHL", "DHL Express", "DHL Parcel", "DHL eCommerce", "DHL eCommerce Asia", "DPD", "DPD Local",
    "DPD UK", "Deutsche Post", "Evri", "Fastway", "FedEx", "GLS", "Japan Post (EN)", "LSO", "La Poste", "Lasership",
    "Loomis", "OnTrac", "Parcelforce", "Pitney Bowes", "PostNL", "Purolator", "Royal Mail", "SF Express", "Sendle",
    "TForce Final Mile", "Toll IPEC", "UPS", "USPS", "United Delivery Service", "Yamato (EN)",
))  # fmt: skip
# Sold by EasyPost, and not among them.
_OTHERS = frozenset(
    [
        "accurate",
        "bettertrucks",
        "bluestreak",
        "cirroecommerce",
        "cloudsort",
        "courierexpress",
        "cslogistics",
        "daipost",
        "deliverit",
        "doordash",
        "douglas",
        "epostglobal",
        "epostglobalv2",
        "rrdonnelley",
        "estafeta",
        "firstchoice",
        "firstmile",
        "firstmileconcise",
        "flexport",
        "gio",
        "hailify",
        "henry",
        "jet",
        "jitsu",
        "maergo",
        "maersk",
        "omniparcel",
        "sekoomniparcel",
        "optima",
        "osmworldwide",
        "pandion",
        "parcll",
        "passportglobal",
        "quick",
        "rover",
        "smartkargo",
        "sonic",
        "speedee",
        "speedx",
        "sway",
        "swyft",
        "tcc",
        "veho",
        "yanwen",
    ]
)


@pytest.mark.req("R54")
@pytest.mark.case("C14")
def test_every_carrier_that_easypost_sells_has_its_company() -> None:
    assert {c.casefold() for c in EVERY if company_of(c) not in _SUPPORTED} == _OTHERS
    table = yaml.safe_load(CARRIERS.read_text(encoding="utf-8"))
    assert {company for company in table.values() if company in _SUPPORTED} == _SUPPORTED


@pytest.mark.req("R54")
@pytest.mark.case("C14")
@pytest.mark.parametrize(
    ("carrier", "company"),
    [
        ("DHLPaket", "DHL"), ("DhlEcs", "DHL eCommerce"), ("DHLExpress", "DHL Express"), ("LaserShipV2", "Lasership"),
        ("FedExDefault", "FedEx"), ("UPSDAP", "UPS"), ("upsmailinnovations", "UPS"), ("DpdUk", "DPD UK"),
        ("RoyalMailV3", "Royal Mail"), ("ParcelForce", "Parcelforce"), ("UDS", "United Delivery Service"),
        ("Purolator", "Purolator"), ("Canada Post", "Canada Post"), ("Pony Express", "Pony Express"),
    ],
)  # fmt: skip
def test_a_carrier_is_told_as_shopify_spells_it(carrier: str, company: str) -> None:
    assert company_of(carrier) == company
