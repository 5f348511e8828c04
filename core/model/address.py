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


# USPS Publication 28, 225 to 227 (APO, FPO, DPO; AA, AE, AP); BFPO and CFPO: unverified.
_MILITARY_WORDS = {"US": ("APO", "FPO", "DPO"), "GB": ("BFPO",), "CA": ("CFPO",)}
_MILITARY_STATES = frozenset({"AA", "AE", "AP"})


def _is_military(address: Address) -> bool:
    state = address.state.strip().upper()
    if address.country == "US" and (state in _MILITARY_STATES or state.startswith("ARMED FORCES")):
        return True
    text = f"{address.street1} {address.street2} {address.city}".upper()
    words = re.findall(r"[A-Z]+", text if address.country != "US" else address.city.upper())
    return any(word in words for word in _MILITARY_WORDS.get(address.country, ()))
