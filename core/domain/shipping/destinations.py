"""Where each carrier delivers, and where it wants a customs form: tables by EasyPost's carrier names, each with its source."""

from core.model.address import Region
from core.model.shipment import RateReason

_ANYWHERE = "*"

# To a post office box. Private carriers have no key to one: https://www.shipmateplus.com/feeds/blog/does-fedex-deliver-to-po-boxes;
# UPS SurePost no longer goes there: https://afms.com/ups-usps-updates-2025-latest-shipping-rates (both read 2026-11-30).
# FedEx Ground Economy is said to (the same page), by a contract with the post that may end: it is left out.
# What a national post delivers at home, and the two that hand over to USPS: unverified.
PO_BOX_CARRIERS: dict[str, str] = {
    "USPS": _ANYWHERE, "UPSMailInnovations": "US", "DHLECommerce": "US", "DhlEcs": "US", "CanadaPost": "CA",
    "RoyalMail": "GB", "AustraliaPost": "AU", "DHLPaket": "DE", "DeutschePost": "DE",
}  # fmt: skip
"""Carrier -> the countries (or everywhere) whose boxes it delivers to."""

# "Only the Postal Service delivers to these": afms.com, as above; zookeeper's shipping help, https://lionfishzk.com/?p=31819
# (read 2026-11-30). The others: unverified.
MILITARY_CARRIERS: dict[str, frozenset[str]] = {
    "US": frozenset({"USPS"}),
    "GB": frozenset({"RoyalMail", "ParcelForce", "Parcelforce"}),
    "CA": frozenset({"CanadaPost"}),
    "AU": frozenset({"AustraliaPost"}),
    "NL": frozenset({"PostNL"}),
}
"""Country -> the carriers that serve its armed forces' post offices."""

TERRITORIES = frozenset({"AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI"})
"""Possessions, territories and freely associated states of the United States, told as a state or as a country."""

# Puerto Rico lies inside the customs territory: IMM 711, https://pe.usps.com/imm_archive/html/imm_archive_20070514/imm/immc7.10.1.htm.
# The others do not: https://about.usps.com/postal-bulletin/2019/pb22511/html/updt_003.htm (USPS wants a form for them).
# FedEx wants one for Puerto Rico too: https://www.pluginhive.com/fedex-puerto-rico-customs-documentation/ (all read
# 2026-11-30). A carrier whose rule was not found is taken to want one.
_NO_FORM: dict[str, frozenset[str]] = {"PR": frozenset({"USPS"})}


_SPELLED_OUT = {
    "american samoa": "AS", "federated states of micronesia": "FM", "micronesia": "FM", "guam": "GU",
    "marshall islands": "MH", "northern mariana islands": "MP", "puerto rico": "PR", "palau": "PW",
    "virgin islands": "VI", "u.s. virgin islands": "VI", "us virgin islands": "VI",
}  # fmt: skip
"""As a marketplace writes them where shops have codes."""

# Inside Spain, and outside the territory whose customs or taxes apply there:
# https://taxation-customs.ec.europa.eu/territorial-status-eu-countries-and-certain-territories_en (read 2026-11-30).
# Places of the kind that only a postcode tells (Livigno, Heligoland, Büsingen) are not known here.
_OUTSIDE = {
    "ES": frozenset({"GC", "TF", "CE", "ML", "LAS PALMAS", "SANTA CRUZ DE TENERIFE", "CEUTA", "MELILLA"})
}
"""The Canary Islands, Ceuta and Melilla."""


def why_not_served(carrier: str, to: Region) -> RateReason | None:
    """Return why a carrier does not deliver to a destination at all; None where it does, or nobody said otherwise."""
    if to.military and carrier not in MILITARY_CARRIERS.get(to.country, ()):
        return RateReason.NO_MILITARY
    boxes = PO_BOX_CARRIERS.get(carrier, "")
    if to.po_box and not to.military and boxes not in {_ANYWHERE, to.country}:
        return RateReason.NO_PO_BOX
    return None


def territory_of(to: Region) -> str | None:
    """Return which territory of the United States a destination lies in."""
    place = to.country
    if place == "US":
        place = _SPELLED_OUT.get(to.state.strip().casefold(), to.state.strip().upper())
    return place if place in TERRITORIES else None


def needs_form(to: Region, home: str) -> bool:
    """Return whether some carrier wants a customs form for a parcel from a country."""
    # Between any two countries, those of one customs union too: docs.easypost.com/guides/customs-guide (read 2026-11-30).
    return to.country != home or to.military or territory_of(to) is not None or _lies_outside(to)


def _lies_outside(to: Region) -> bool:
    state = to.state.strip().upper()
    return state.removeprefix(f"{to.country}-") in _OUTSIDE.get(to.country, ())


def needs_no_form(to: Region, home: str) -> frozenset[str]:
    """Return the carriers that want no customs form although others do."""
    place = territory_of(to)
    return _NO_FORM.get(place, frozenset()) if place is not None and home == "US" else frozenset()
