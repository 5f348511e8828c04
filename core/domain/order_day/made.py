"""Made values in place of personal ones: they keep what decisions depend on, and nothing else."""

import re
from collections.abc import Iterator, Sequence
from itertools import count

from core.model.address import Address, Region, region_of

_NAME = "Sample Shopper"
MAIL = "shopper@example.test"
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_BOXES = (
    "PO Box",
    "Postfach",
    "Postbus",
    "BP",
    "Boîte postale",
    "Apartado",
    "Casella postale",
    "Box",
    "Skrytka pocztowa",
)
_POSTCODES = {"US": "11111", "CA": "A1A 1A1", "GB": "AB1 1AB", "NL": "1111 AA", "IE": "A11 A111"}
_POSTCODE = "1111"
_FIELD_POSTS = {
    "US": ("APO", "09001"),
    "GB": ("BFPO 1", "BF1 1AA"),
    "CA": ("CFPO", "A1A 1A1"),
    "AU": ("AFPO", "1111"),
    "NL": ("NAPO", "1111 AA"),
}
_PARTS = {"name": "name", "street": "street1", "city": "city", "state": "state", "postcode": "zip"}


def shopper(region: Region | None) -> str | None:
    """Return what the shopper is called; None where the address lacks a name."""
    return None if region is not None and "name" in region.lacks else _NAME


def address(region: Region, number: int) -> dict[str, str]:
    """Return an address of a region, as a day writes it; other numbers, other addresses."""
    found = next((one for one in _tried(region, number) if region_of(one) == region), None)
    chosen = found if found is not None else next(_tried(region, number))
    told = {key: str(value) for key, value in chosen.model_dump().items() if value and key != "name"}
    return {"street1": "-", **told}


def product(number: int) -> str:
    """Return what a product is called."""
    return f"Product {number}"


def item(number: int) -> str:
    """Return what a line is called that is no product."""
    return f"Item {number}"


def is_code(name: str) -> bool:
    """Return whether a name is a code, such as a SKU, and no words."""
    return _CODE.fullmatch(name) is not None


def codes(names: Sequence[str], what: str) -> dict[str, str]:
    """Return what names are called: themselves where they are codes, else by a number, and no two alike."""
    taken = {name for name in names if is_code(name)}
    free = (made for number in count(1) if (made := f"{what}-{number}") not in taken)
    return {name: name if name in taken else next(free) for name in names}


def location(number: int, country: str, state: str) -> dict[str, str]:
    """Return where one of our locations lies."""
    place = {"name": f"Location {number}", "street1": f"{number} Depot Way", "city": "Depot Town"}
    return {
        **place,
        "zip": _POSTCODES.get(country, _POSTCODE),
        "country": country,
        "phone": "+15550100100",
        **({"state": state} if state else {}),
    }


def _tried(region: Region, number: int) -> Iterator[Address]:
    """Yield addresses, one of which the region should be that of."""
    town, postcode = "Sample Town", _POSTCODES.get(region.country, _POSTCODE)
    if region.military:
        town, postcode = _FIELD_POSTS.get(region.country, (town, postcode))
    streets = [f"{box} {number}" for box in _BOXES] if region.po_box else [f"{number} Sample Street"]
    lacking = {_PARTS[part]: "" for part in region.lacks if part in _PARTS}
    for street in streets:
        whole = Address(
            name=_NAME, street1=street, city=town, zip=postcode, country=region.country, state=region.state,
            phone="+15550100200",
        )  # fmt: skip
        yield whole.model_copy(update=lacking)
