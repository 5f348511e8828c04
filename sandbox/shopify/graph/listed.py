"""Arguments that are taken although they change nothing here: each with the reason why the vendor would show the same."""

from collections.abc import Mapping
from typing import Final

LISTED: Final[Mapping[str, Mapping[str, str]]] = {
    "QueryRoot.locations": {
        "includeInactive": "every location of a house is in use",
        "includeLegacy": "no location of a house is a fulfillment service's",
    },
    "Order.shippingLines": {
        "includeRemovals": "an edit changes the one shipping line and never removes it",
    },
    "Mutation.webhookSubscriptionCreate": {
        "webhookSubscription.format": "JSON is the only format that is offered, and the default",
    },
    "Mutation.webhookSubscriptionUpdate": {
        "webhookSubscription.format": "JSON is the only format that is offered, and the default",
    },
}
"""By field, the argument or the field of an input."""
