"""Made values keep what decisions depend on, and nothing of a person."""

import pytest

from core.domain.order_day import made
from core.model.address import Address, Region, region_of

pytestmark = pytest.mark.req("R66")


def there(region: Region, number: int = 1) -> Region:
    """Return the region of the address that was made for one."""
    told = {
        "name": "" if "name" in region.lacks else "S",
        "city": "",
        "zip": "",
        **made.address(region, number),
    }
    return region_of(Address(**told))


@pytest.mark.parametrize(
    "region",
    [
        Region(country="US", state="OR"),
        Region(country="US", state="OR", po_box=True),
        Region(country="US", state="AE", military=True),
        Region(country="CA", state="ON"),
        Region(country="DE", po_box=True),
        Region(country="FR", po_box=True),
        Region(country="NL", po_box=True),
        Region(country="SE", po_box=True),
        Region(country="PL", po_box=True),
        Region(country="GB", military=True),
        Region(country="US", complete=False, lacks=("state", "postcode")),
        Region(country="US", state="NV", complete=False, lacks=("city",)),
        Region(country="DE", complete=False, lacks=("name",)),
    ],
    ids=str,
)
def test_a_made_address_is_decided_about_as_the_one_that_it_stands_for(region: Region) -> None:
    assert there(region) == region


def test_another_address_of_the_same_region_is_another_address() -> None:
    region = Region(country="US", state="OR")

    assert made.address(region, 1)["street1"] == "1 Sample Street"
    assert made.address(region, 2)["street1"] == "2 Sample Street"


def test_names_that_are_no_codes_are_numbered_and_none_is_called_like_another() -> None:
    assert made.codes(["MUG-11", "Mug for Anna", "SKU-1", "Ben's mug"], "SKU") == {
        "MUG-11": "MUG-11",
        "Mug for Anna": "SKU-2",
        "SKU-1": "SKU-1",
        "Ben's mug": "SKU-3",
    }
