"""Where a parcel goes, and why we may not know."""

import re
from enum import StrEnum
from typing import Literal

from core.model.address_parts import lacking_of
from core.model.base import Shape
from core.model.post_boxes import names_post_box


class Address(Shape):
    """A postal address; ``country`` is ISO 3166-1 alpha-2. Personal data: kept in sealed columns only."""

    name: str
    street1: str
    city: str
    zip: str
    country: str
    street2: str = ""
    state: str = ""
    company: str = ""
    phone: str = ""


class Absence(StrEnum):
    """Why a personal field is not there; never an empty string."""

    WITHHELD = "withheld"  # the channel keeps it (FBA, or a role we were not granted)
    PENDING = "pending"  # the channel will give it later (Amazon while PENDING)
    DENIED = "denied"  # our app lacks the permission
    UNREAD = "unread"  # the order could not be read whole
    NOT_NEEDED = "not_needed"  # nothing of the order ships
    FORGOTTEN = "forgotten"  # it was known, and is kept no longer


class Region(Shape):
    """The part of an address that identifies nobody: enough for zones, carriers and tax."""

    kind: Literal["region"] = "region"
    country: str
    state: str = ""
    po_box: bool = False
    military: bool = False
    """A post office of armed forces or embassies abroad: APO, FPO and DPO, BFPO, CFPO."""
    complete: bool = True
    """False where a part is missing that the country's addresses have: no label can be bought yet."""
    lacks: tuple[str, ...] = ()
    """The missing parts."""


class Absent(Shape):
    """No address, and why."""

    kind: Literal["absent"] = "absent"
    why: Absence


def plain_text(address: Address) -> str:
    """Return what of an address a label shows, in one spelling: case and blanks do not count, nor the phone number."""
    parts = (
        address.name,
        address.company,
        address.street1,
        address.street2,
        address.city,
        address.state,
        address.zip,
        address.country,
    )
    return "\n".join(" ".join(part.split()) for part in parts).casefold()


def region_of(address: Address) -> Region:
    """Return the impersonal part of an address."""
    lacks = lacking_of(
        who=address.name or address.company,
        street=address.street1,
        town=address.city,
        state=address.state,
        postcode=address.zip,
        country=address.country,
    )
    return Region(
        country=address.country,
        state=address.state,
        po_box=names_post_box(f"{address.street1}\n{address.street2}", address.country),
        military=_is_military(address),
        complete=not lacks,
        lacks=lacks,
    )


# USPS Publication 28, 225 (APO, FPO; AA, AE, AP), https://about.usps.com/publications/pub28/28c2_010.htm; ZIP codes of the
# three: https://zipfyi.com/story/military-zip-codes. Whoever orders online gives BFPO a postcode, all of which begin with
# BF1: https://www.gov.uk/bfpo/how-to-address-bfpo-mail and http://piglix.com/piglix/BFPO (all read 2026-11-30).
# CFPO and the field posts of Australia and the Netherlands: unverified.
_MILITARY_WORDS = {
    "US": ("APO", "FPO", "DPO"),
    "GB": ("BFPO",),
    "CA": ("CFPO", "BPFC"),
    "AU": ("AFPO",),
    "NL": ("NAPO",),
}
_MILITARY_STATES = frozenset({"AA", "AE", "AP"})
_MILITARY_POSTCODES = {
    "US": re.compile(r"(?:09[0-9]|340|96[2-6])[0-9]{2}(?![0-9])"),
    "GB": re.compile(r"BF1 ?[0-9]", re.IGNORECASE),
}


def _is_military(address: Address) -> bool:
    state, town = address.state.strip().upper(), _words(address.city)
    postcode = _MILITARY_POSTCODES.get(address.country)
    if postcode is not None and postcode.match(address.zip.strip()):
        return True
    if address.country == "US" and (state in _MILITARY_STATES or state.startswith("ARMED FORCES")):
        return True
    # Some name the country in which the post office lies, and still write the city and the state of the military.
    if state in _MILITARY_STATES and not town.isdisjoint(_MILITARY_WORDS["US"]):
        return True
    there = town if address.country == "US" else town | _words(f"{address.street1} {address.street2}")
    return not there.isdisjoint(_MILITARY_WORDS.get(address.country, ()))


def _words(text: str) -> set[str]:
    """Return the words of a text in capitals, ``A.P.O.`` as ``APO``."""
    return set(re.findall(r"[A-Z]+", re.sub(r"\b([A-Z])\.\s?(?=[A-Z]\b)", r"\1", text.upper())))
