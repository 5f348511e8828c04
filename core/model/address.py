"""Where a parcel goes, and why we may not know."""

from enum import StrEnum
from typing import Literal

from core.model.base import Shape


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
    complete: bool = True
    """False where street, city, postcode or name is missing: no label can be bought yet."""


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
    street = f"{address.street1} {address.street2}".upper().replace(".", "")
    return Region(
        country=address.country,
        state=address.state,
        po_box="PO BOX" in street or "P O BOX" in street,
        complete=all((address.name, address.street1, address.city, address.zip, address.country)),
    )
