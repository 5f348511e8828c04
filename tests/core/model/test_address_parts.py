"""What an address needs differs by country; what its country has not cannot be missing."""

from typing import Any

import pytest

from core.model.address import Address, Region, region_of


def lacks(country: str, **changes: str) -> tuple[str, ...]:
    whole: dict[str, Any] = {
        "name": "Kelly Knox", "street1": "1 Main", "city": "Town", "state": "ST", "zip": "1000", "country": country,
    }  # fmt: skip
    region = region_of(Address(**{**whole, **changes}))
    assert region.complete is not bool(region.lacks)
    return region.lacks


@pytest.mark.req("R51")
@pytest.mark.case("C10")
@pytest.mark.parametrize("country", ["HK", "AE", "QA", "IE", "PA", "JM", "BO", "KE", "GH", "MO", "BS", "AG"])
def test_a_postcode_is_not_missing_where_nobody_has_or_needs_one(country: str) -> None:
    assert lacks(country, zip="") == ()


@pytest.mark.req("R51")
@pytest.mark.case("C10")
@pytest.mark.parametrize("country", ["US", "DE", "GB", "JP", "SG", "AU", "CA", "FR", "NL", "BR", "IN", "PR"])
def test_a_postcode_is_missing_where_post_needs_one(country: str) -> None:
    assert lacks(country, zip="") == ("postcode",)


@pytest.mark.req("R51")
@pytest.mark.case("C10")
@pytest.mark.parametrize(
    ("country", "missing"),
    [
        ("US", ("state",)),
        ("CA", ("state",)),
        ("AU", ("state",)),
        ("DE", ()),
        ("GB", ()),
        ("HK", ()),
        ("IE", ()),
    ],
)
def test_a_state_is_missing_only_where_there_are_states(country: str, missing: tuple[str, ...]) -> None:
    assert lacks(country, state="") == missing


@pytest.mark.req("R51")
@pytest.mark.case("C10")
def test_a_town_may_be_the_country_or_stand_as_its_emirate() -> None:
    assert lacks("SG", city="", state="") == ()
    assert lacks("AE", city="", state="DU") == ()
    assert lacks("AE", city="", state="") == ("city",)
    assert lacks("DE", city="") == ("city",)


@pytest.mark.req("R51")
@pytest.mark.case("C10")
def test_a_company_needs_no_persons_name() -> None:
    assert lacks("US", name="", company="Knox Kitchens") == ()
    assert lacks("US", name="") == ("name",)
    assert lacks("US", name="", street1="", zip="") == ("name", "street", "postcode")


@pytest.mark.req("R51")
@pytest.mark.case("C9")
@pytest.mark.parametrize(
    ("country", "parts", "military"),
    [
        ("US", {"street1": "PSC 1000 Box 1000", "city": "APO", "state": "AE"}, True),
        ("US", {"street1": "Unit 100100 Box 4120", "city": "FPO", "state": "AP"}, True),
        ("US", {"street1": "Unit 8400 Box 0000", "city": "Dpo", "state": "AA"}, True),
        ("US", {"street1": "CMR 415", "city": "APO AE", "state": ""}, True),
        ("US", {"street1": "1 Main", "city": "Town", "state": "Armed Forces Pacific"}, True),
        ("US", {"street1": "1 Apo Street", "city": "Apopka", "state": "FL", "zip": "32703"}, False),
        ("US", {"street1": "CMR 415", "city": "A.P.O.", "state": "", "zip": "1"}, True),
        ("US", {"street1": "USS Knox", "city": "F. P. O. AP", "state": "", "zip": "1"}, True),
        ("US", {"street1": "PSC 802 Box 74", "city": "New York", "state": "NY", "zip": "09499"}, True),
        ("US", {"street1": "Unit 2050", "city": "Seoul", "state": "", "zip": "96278-2050"}, True),
        ("US", {"street1": "Unit 1", "city": "Miami", "state": "FL", "zip": "34024"}, True),
        ("US", {"street1": "1 Main", "city": "Hagatna", "state": "GU", "zip": "96910"}, False),
        ("US", {"street1": "1 Main", "city": "Naples", "state": "FL", "zip": "34102"}, False),
        ("US", {"street1": "1 Main", "city": "Honolulu", "state": "HI", "zip": "96701"}, False),
        ("DE", {"street1": "PSC 1 Box 1", "city": "APO", "state": "AE"}, True),
        ("JP", {"street1": "PSC 473 Box 1", "city": "FPO AP", "state": "AP", "zip": "96349"}, True),
        ("IN", {"street1": "1 Main", "city": "Apoor", "state": "AP", "zip": "515001"}, False),
        ("GB", {"street1": "1 Loamshire Regt", "city": "Akrotiri", "zip": "BF1 2AT"}, True),
        ("GB", {"street1": "HMS Knox", "city": "London", "zip": "bf12at"}, True),
        ("GB", {"street1": "HQ Company", "city": "B.F.P.O. 57", "zip": ""}, True),
        ("GB", {"street1": "1 Main", "city": "Bradford", "zip": "BD1 2AT"}, False),
        ("CA", {"street1": "BPFC 5048", "city": "Belleville"}, True),
        ("AU", {"street1": "AFPO 14", "city": "Sydney", "zip": "2890"}, True),
        ("NL", {"street1": "NAPO 160", "city": "Utrecht", "zip": "3509 VP"}, True),
        ("GB", {"street1": "HQ Company", "city": "BFPO 57"}, True),
        ("CA", {"street1": "PO Box 5048 Stn Forces", "city": "CFPO 5048"}, True),
        ("DE", {"street1": "Apo 4", "city": "APO"}, False),
    ],
)
def test_post_offices_of_armed_forces_are_told_apart(
    country: str, parts: dict[str, str], military: bool
) -> None:
    whole = {"name": "Sam", "street1": "", "city": "", "state": "", "zip": "09142", "country": country}
    region = region_of(Address(**{**whole, **parts}))
    assert region.military is military


@pytest.mark.req("R51")
@pytest.mark.case("C10")
def test_a_region_still_names_nobody() -> None:
    region = region_of(Address(name="Kelly", street1="14 Museum Road", city="Kowloon", zip="", country="HK"))
    assert region == Region(country="HK")
