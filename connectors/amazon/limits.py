"""How often each operation may be called: what Amazon's models say until an answer says otherwise.

Requests a second and burst, per selling partner and app, of the models of 2026-08-05. The header
``x-amzn-RateLimit-Limit`` of an answer overrules the rate:
https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits (read 2026-11).
"""

RATES: dict[str, tuple[float, int]] = {
    "searchOrders": (0.0056, 20),
    "getOrder": (0.5, 30),
    "confirmShipment": (2.0, 10),
    "getListingsItem": (5.0, 10),
    "patchListingsItem": (5.0, 5),
    "searchListingsItems": (5.0, 5),
    "createFeedDocument": (0.5, 15),
    "createFeed": (0.0083, 15),
    "getInventorySummaries": (2.0, 2),
    "createDestination": (1.0, 5),
    "getDestinations": (1.0, 5),
    "createSubscription": (1.0, 5),
    "getSubscription": (1.0, 5),
    "deleteSubscriptionById": (1.0, 5),
}
SHORTEST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 10.0


def pause_s(rate_per_s: float) -> float:
    """Return the machine seconds to wait after a 429 that names no time: until one more call is due, within bounds.

    Bounded above because a 429 may come from Amazon's own shortage; asking once more then costs nothing.
    """
    return min(max(1 / rate_per_s, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)
