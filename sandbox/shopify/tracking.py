"""The links the shop makes of tracking numbers.

A link that was given comes first, then that of a company known by its exact name (capitals matter), then one guessed from
the form of the number (the vendor's schema, FulfillmentTrackingInput.number, 2026-10).
"""

import re
from collections.abc import Sequence
from typing import Final

from sandbox.values import Json

RECORDED: Final = {
    "Deutsche Post": "https://www.packet.deutschepost.com/webapp/public/packet_traceit.xhtml?barcode={}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={}",
    "TNT": "https://www.tnt.com/express/en_us/site/tracking.html?searchType=con&cons={}",
    "UPS": "https://www.ups.com/WebTracking?loc=en_US&requester=ST&trackNums={}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction_input?qtc_tLabels1={}",
}
"""Links as Shopify made them, in recorded answers of its REST API (versions 2022-04 to 2026-07)."""
UNRECORDED: Final = {
    "Australia Post": "https://auspost.com.au/mypost/track/#/details/{}",
    "Canada Post": "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={}",
    "DHL Express": "https://www.dhl.com/en/express/tracking.html?AWB={}",
    "DHL eCommerce": "https://webtrack.dhlecs.com/?trackingnumber={}",
    "Evri": "https://www.evri.com/track/parcel/{}",
    "OnTrac": "https://www.ontrac.com/tracking/?number={}",
    "Purolator": "https://www.purolator.com/en/shipping/tracker?pin={}",
    "Royal Mail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
}
"""Companies of Shopify's list whose links were not recorded: the carriers' own pages stand in for them."""
FORMS: Final = (
    (re.compile(r"1Z[0-9A-Z]{16}"), "UPS"),
    (re.compile(r"9[0-9]{19,21}"), "USPS"),
    (re.compile(r"[0-9]{12}"), "FedEx"),
)
"""Numbers that tell their company; Shopify's own list of forms is not published."""


def entries(company: str | None, numbers: Sequence[str | None], urls: Sequence[str | None]) -> list[Json]:
    """Tracking numbers of one parcel, each with its link, if there is one."""
    links = [*urls, *[None] * (len(numbers) - len(urls))]
    return [
        {"company": company, "number": number, "url": url or link(company, number)}
        for number, url in zip(numbers, links, strict=True)
    ]


def link(company: str | None, number: str | None) -> str | None:
    """The address where a number is followed; None where nobody knows."""
    bare = "".join((number or "").split())
    if not bare:
        return None
    known = RECORDED | UNRECORDED
    guessed = next((name for form, name in FORMS if form.fullmatch(bare)), None)
    pattern = known.get(company or "") or known.get(guessed or "")
    return pattern.format(bare) if pattern else None
