"""What each listing is to show, by the golden day's pencil (section 5)."""

import pytest

from core.domain.levels import wanted_level

KNIVES = {"CHEF-8": 1, "BREAD-10": 1, "UTIL-5": 1, "PARE-3": 1}
AT_0930 = {
    ("CHEF-8", "reno"): 10,
    ("BOARD-WAL", "reno"): 6,
    ("BREAD-10", "reno"): 6,
    ("UTIL-5", "reno"): 6,
    ("PARE-3", "reno"): 9,
    ("SKILLET-12", "reno"): 2,
    ("SKILLET-12", "easton"): 2,
    ("SOCKS-CHEF", "reno"): 18,
}
SHOP = {"SOCKS-CHEF": 2}
MARKET = {"SOCKS-CHEF": 4}


def shown(components: dict[str, int], *, at: str | None) -> int | None:
    """At a location with the shop's buffers, or over all with the marketplace's."""
    buffers, usual = (SHOP, 1) if at else (MARKET, 2)
    return wanted_level(
        components,
        AT_0930,
        location=at,
        locations=("reno", "easton"),
        buffer=lambda sku: buffers.get(sku, usual),
    )


@pytest.mark.req("R33", "R30", "R32")
@pytest.mark.parametrize(
    ("components", "at", "units"),
    [
        ({"CHEF-8": 1}, "reno", 9),
        ({"CHEF-8": 1}, None, 8),
        (KNIVES, "reno", 5),
        ({"CHEF-8": 1, "BOARD-WAL": 1}, "reno", 5),
        ({"CHEF-8": 1, "BOARD-WAL": 1}, None, 4),
        ({"SKILLET-12": 1}, "reno", 1),
        ({"SKILLET-12": 1}, "easton", 1),
        ({"SKILLET-12": 1}, None, 2),
        ({"SOCKS-CHEF": 1}, "reno", 16),
        ({"SOCKS-CHEF": 2}, None, 7),
    ],
)
def test_a_listing_shows_what_its_scarcest_component_allows(
    components: dict[str, int], at: str | None, units: int
) -> None:
    assert shown(components, at=at) == units


@pytest.mark.req("R33")
def test_a_buffer_larger_than_the_stock_shows_nothing_never_less() -> None:
    level = wanted_level(
        {"A": 1}, {("A", "reno"): 1}, location="reno", locations=("reno",), buffer=lambda _: 5
    )
    assert level == 0


@pytest.mark.req("R82")
def test_what_was_never_counted_or_never_linked_is_not_written() -> None:
    assert shown({"CHEF-8": 1, "TONGS-9": 1}, at="reno") is None
    assert shown({}, at=None) is None
