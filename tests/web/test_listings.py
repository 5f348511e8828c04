"""Why a listing shows another number than it should is said on the page and by the API, in the same words."""

from typing import Any

import pytest
import sqlalchemy as sa

from core.model.actions import Action
from core.services import actions
from core.store.tables import listings
from tests.builders import MERCHANT
from tests.web.site import KEY, Site

pytestmark = pytest.mark.req("R112")

SALES = (
    "its channel shows less than it was left at, which a sale may have caused: more is shown once a look at its orders "
    "that began after that has found every one of them"
)
SWITCHED_OFF = "levels are not accepted for this connection: see go-live"


async def shown(site: Site) -> dict[str, Any]:
    """Return what the API says of the knife at the marketplace."""
    found = (await site.ask("GET", "/api/v1/listings", key=KEY)).json["listings"]
    [knife] = [one for one in found if one["listing"] == "KK-CHEF8"]
    return dict(knife)


async def left(site: Site, *, at: int | None, shows: int, refused: str | None = None) -> None:
    def write(conn: sa.Connection) -> None:
        knife = (listings.c.merchant == MERCHANT, listings.c.listing == "KK-CHEF8")
        conn.execute(
            sa.update(listings).where(*knife).values(wanted_last=at, last_read=shows, refused=refused)
        )

    await site.b.store.write(write)


async def test_a_listing_that_shows_less_than_it_was_left_at_waits_for_every_sale(site: Site) -> None:
    wanted = (await shown(site))["wanted"]
    await left(site, at=wanted, shows=wanted - 2)

    found = await shown(site)
    page = await site.ask("GET", "/stock", key=KEY)

    assert (found["wanted"], found["believed"], found["waits"]) == (wanted, wanted - 2, SALES)
    assert f"out of step</span> {SALES}" in page.text


async def test_one_that_is_as_it_should_be_or_refused_or_shows_more_waits_for_nothing(site: Site) -> None:
    wanted = (await shown(site))["wanted"]
    for at, shows, refused in (
        (wanted, wanted, None),
        (wanted, wanted - 1, "8560"),
        (wanted, wanted + 1, None),
    ):
        await left(site, at=at, shows=shows, refused=refused)
        assert (await shown(site))["waits"] is None


async def test_where_levels_are_switched_off_that_is_why(site: Site) -> None:
    wanted = (await shown(site))["wanted"]
    await left(site, at=wanted, shows=wanted - 2)
    await actions.switch(site.b.hub, MERCHANT, "amz", [Action.LEVELS], on=False, actor="person:kendra")

    assert (await shown(site))["waits"] == SWITCHED_OFF
