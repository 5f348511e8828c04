"""The carriers that EasyPost sells, as it names them: its recorded metadata and types, and other spellings of rates."""

import json
from typing import Any

from tests.contracts import contracts

# Of node/CarrierMetadataService__retrieves-all-carrier-metadata.json.
METADATA = frozenset(
    [
        "accurate",
        "amazonmws",
        "apc",
        "asendiausa",
        "australiapost",
        "bettertrucks",
        "bluestreak",
        "canadapost",
        "canpar",
        "cdllastmilesolutions",
        "chronopost",
        "cirroecommerce",
        "cloudsort",
        "courierexpress",
        "couriersplease",
        "cslogistics",
        "daipost",
        "deliverit",
        "deutschepost",
        "deutschepostuk",
        "dhlecommercesolutions",
        "dhlexpress",
        "dhlpaket",
        "doordash",
        "dpd",
        "dpdnl",
        "dpduk",
        "epostglobal",
        "epostglobalv2",
        "estafeta",
        "evri",
        "fastway",
        "fedex",
        "fedexcrossborder",
        "fedexgroundeconomy",
        "fedexsmartpost",
        "firstchoice",
        "firstmile",
        "flexport",
        "gio",
        "gls",
        "gso",
        "hailify",
        "henry",
        "interlinkexpress",
        "jet",
        "jitsu",
        "jppost",
        "kuronekoyamato",
        "laposte",
        "lasershipv2",
        "loomisexpress",
        "lso",
        "maergo",
        "newgistics",
        "ontrac",
        "optima",
        "osmworldwide",
        "pandion",
        "parcelforce",
        "parcll",
        "passportglobal",
        "postnl",
        "purolator",
        "quick",
        "royalmail",
        "sekoomniparcel",
        "sendle",
        "sfexpress",
        "smartkargo",
        "sonic",
        "speedee",
        "swyft",
        "tcc",
        "tforce",
        "toll",
        "uds",
        "ups",
        "upsiparcel",
        "upsmailinnovations",
        "usps",
        "veho",
        "yanwen",
    ]
)
# Of python/test_carrier_account_type.json, without "Account".
TYPES = frozenset(
    [
        "Accurate",
        "AmazonShipping",
        "Apc",
        "AsendiaUsa",
        "AustraliaPost",
        "BetterTrucks",
        "Bluestreak",
        "CSLogistics",
        "CanadaPost",
        "Canpar",
        "ColumbusLastMile",
        "CourierExpress",
        "CouriersPlease",
        "DaiPost",
        "DeliverIt",
        "DeutschePostUK",
        "DhlEcs",
        "DhlExpress",
        "DhlPaket",
        "DhlParcel",
        "DoorDash",
        "Douglas",
        "Dpd",
        "DpdNl",
        "DpdUk",
        "Estafeta",
        "Fedex",
        "FedexCrossBorder",
        "FedexMailview",
        "FedexSmartpost",
        "FirstChoice",
        "FirstMileConcise",
        "Flexport",
        "Gio",
        "Gso",
        "Hailify",
        "Henry",
        "Hermes",
        "InterlinkExpress",
        "Jet",
        "Jitsu",
        "LasershipV2",
        "LoomisExpress",
        "Lso",
        "Maersk",
        "OmniParcel",
        "Ontrac",
        "OntracV3",
        "Optima",
        "OsmWorldwide",
        "ParcelForce",
        "Parcll",
        "PassportGlobal",
        "Purolator",
        "Quick",
        "RRDonnelley",
        "Rover",
        "RoyalMailV3",
        "Sendle",
        "SfExpress",
        "SmartKargo",
        "Sonic",
        "SpeedX",
        "Speedee",
        "Sway",
        "Swyft",
        "Tcc",
        "TforceConcise",
        "Uds",
        "Ups",
        "UpsMailInnovations",
        "Usps",
        "Veho",
    ]
)
RATES = frozenset(("UPSDAP", "FedExDefault", "DHLPaket", "DhlEcs", "LaserShip"))
EVERY = METADATA | TYPES | RATES


def recorded() -> frozenset[str]:
    """Return the names of the recorded metadata."""
    folder = contracts() / "easypost" / "exchanges" / "node"
    text = (folder / "CarrierMetadataService__retrieves-all-carrier-metadata.json").read_text(
        encoding="utf-8"
    )
    return frozenset(name for part in _walk(json.loads(text)) for name in part)


def _walk(value: Any) -> list[list[str]]:
    if isinstance(value, dict):
        carriers = value.get("carriers")
        own = [[c["name"] for c in carriers]] if isinstance(carriers, list) else []
        return own + [found for part in value.values() for found in _walk(part)]
    if isinstance(value, list):
        return [found for part in value for found in _walk(part)]
    if isinstance(value, str) and value.startswith("{"):
        return _walk(json.loads(value))
    return []
