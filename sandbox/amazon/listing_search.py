"""What searchListingsItems finds: the seller's listings by identifier, time and status, in the asked order.

Listings Items 2021-08-01 (read 2026-11): at most 1,000 listings can be paged through, however many were found.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiohttp import web

from sandbox.amazon import reading
from sandbox.amazon.listing import Listing, statuses
from sandbox.amazon.refusals import invalid
from sandbox.amazon.state import Account

IDENTIFIER_TYPES: Final = ("ASIN", "SKU")
STATUSES: Final = ("BUYABLE", "DISCOVERABLE")
SEVERITIES: Final = ("WARNING", "ERROR")
MOST_IDENTIFIERS: Final = 20
REACHABLE: Final = 1000

ORDERS: Final[dict[str, Callable[[Listing], tuple[object, str]]]] = {
    "sku": lambda listing: (listing.sku, ""),
    "createdDate": lambda listing: (listing.created, listing.sku),
    "lastUpdatedDate": lambda listing: (listing.updated, listing.sku),
}


@dataclass(frozen=True)
class _Window:
    """From when until when, both included."""

    since: datetime | None
    until: datetime | None

    def holds(self, when: datetime) -> bool:
        return (self.since is None or when >= self.since) and (self.until is None or when <= self.until)


def found(amazon: Account, request: web.Request) -> list[Listing]:
    """Every listing that the request asks for, sorted."""
    created, updated = _window(request, "created"), _window(request, "lastUpdated")
    kept = [
        one
        for one in _with_status(amazon, request, _identified(amazon, request))
        if created.holds(one.created) and updated.holds(one.updated)
    ]
    by = reading.one_of(request, "sortBy", "lastUpdatedDate", allowed=ORDERS)
    falling = reading.one_of(request, "sortOrder", "DESC", allowed=("ASC", "DESC")) == "DESC"
    if reading.chosen(request, "withIssueSeverity", SEVERITIES):
        return []  # no listing here has an issue
    return sorted(kept, key=ORDERS[by], reverse=falling)


def _identified(amazon: Account, request: web.Request) -> list[Listing]:
    identifiers = reading.words(request, "identifiers")
    kind = reading.one_of(request, "identifiersType", "", allowed=IDENTIFIER_TYPES)
    if bool(identifiers) != bool(kind):
        raise invalid("identifiers and identifiersType are given together.")
    if len(identifiers) > MOST_IDENTIFIERS:
        raise invalid(f"At most {MOST_IDENTIFIERS} identifiers can be given.")
    listings = list(amazon.listings.values())
    if not identifiers:
        return listings
    return [one for one in listings if (one.asin if kind == "ASIN" else one.sku) in identifiers]


def _with_status(amazon: Account, request: web.Request, listings: list[Listing]) -> list[Listing]:
    wanted = reading.chosen(request, "withStatus", STATUSES)
    unwanted = reading.chosen(request, "withoutStatus", STATUSES)
    if not wanted | unwanted:
        return listings
    shown = ((one, set(statuses(one, one.shown(amazon.now())))) for one in listings)
    return [one for one, has in shown if (not wanted or wanted & has) and not unwanted & has]


def _window(request: web.Request, clock: str) -> _Window:
    return _Window(reading.instant(request, f"{clock}After"), reading.instant(request, f"{clock}Before"))
