"""`sla.services`: which services a shipping method may go by; a list that says nothing is refused where it stands (R95)."""

import pytest

from tests.core.config.test_loader import GOOD, config_of, wrong

PROMISE = "  promise: {Standard: 5, Express: 2}\n"


def with_services(written: str) -> str:
    assert GOOD.count(PROMISE) == 1
    return GOOD.replace(PROMISE, f"{PROMISE}  services: {written}\n")


@pytest.mark.req("R95")
def test_services_are_listed_by_method_and_a_star_stands_for_the_others() -> None:
    config = config_of(with_services('{Express: [UPS 2ndDayAir, "FedEx *"], "*": ["* Ground*"]}'))

    assert config.allowed("Express") == ("UPS 2ndDayAir", "FedEx *")
    assert (config.allowed("Standard"), config.allowed("")) == (("* Ground*",), ("* Ground*",))


@pytest.mark.req("R95")
def test_a_method_without_a_list_goes_by_any_service() -> None:
    assert config_of(GOOD).allowed("Express") is None
    assert config_of(with_services("{Express: [UPS Ground]}")).allowed("Standard") is None


@pytest.mark.req("R95")
def test_only_its_own_name_lists_a_method() -> None:
    config = config_of(GOOD.replace("Express: 2}", 'Express: 2, "*": 9}'))

    assert [config.names(m) for m in ("Express", "express", "Overnight", "*")] == [True, False, False, False]


@pytest.mark.req("R95", "R75")
@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("{Express: []}", "36:23: Express: 1 or more are wanted, not 0"),
        ("{Express: UPS Ground}", "36:23: Express: a list is wanted here; write it in brackets: [UPS Ground]"),
        ("{Express: [UPS Ground, UPS]}",
         "36:36: Express[1]: 'UPS' names no service; write carrier and service, as in UPS Ground or \"UPS *\""),
        ('{Express: ["*"]}',
         "36:24: Express[0]: '*' names no service; write carrier and service, as in UPS Ground or \"UPS *\""),
        ('{Express: ["UPS "]}',
         "36:24: Express[0]: 'UPS ' names no service; write carrier and service, as in UPS Ground or \"UPS *\""),
        ('{Express: ["UPS  Ground"]}',
         "36:24: Express[0]: 'UPS  Ground' names no service; write carrier and service, as in UPS Ground or \"UPS *\""),
        ("{Express: [5]}",
         "36:24: Express[0]: '5' names no service; write carrier and service, as in UPS Ground or \"UPS *\""),
    ],
)  # fmt: skip
def test_a_list_that_allows_nothing_known_is_refused(written: str, says: str) -> None:
    assert wrong(with_services(written)) == [says]


def test_a_misspelt_key_is_told_with_the_nearest() -> None:
    text = GOOD.replace(PROMISE, f"{PROMISE}  service: {{}}\n")
    assert wrong(text) == ["36:3: unknown key 'service' in sla; did you mean 'services'?"]
