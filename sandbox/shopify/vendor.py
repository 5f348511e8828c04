"""Shopify as the world and the control port know it: what shoppers and the merchant do there."""

from collections.abc import Callable
from typing import Final

from sandbox.shopify import admin_actions, books, cancelling, payloads, selling, webhooks
from sandbox.shopify.keys import CLIENT_ID, CLIENT_SECRET
from sandbox.shopify.records import Item
from sandbox.shopify.refusal import Refusal
from sandbox.shopify.state import Shop
from sandbox.values import Json

VERBS: Final[dict[str, Callable[[Shop, Json], Json]]] = {
    "edit": selling.edit,
    "pay": selling.pay,
    "cancel": cancelling.cancel_by_channel,
    "cancel_fulfillment": admin_actions.cancel_fulfillment,
    "refund": admin_actions.refund,
    "other_tool": admin_actions.other_tool,
    "grant": admin_actions.grant,
    "redact": webhooks.comply,
    "disconnect": admin_actions.uninstall,
    "reconnect": admin_actions.allow,
}


class Shopify(Shop):
    """The shop as a sales channel."""

    def load(self, house: Json) -> None:
        """Take the house; what was sold before is forgotten."""
        self.stock_up(house, self._level_changed)

    def place(self, order: Json) -> Json:
        """A shopper buys; gives the order's name and id."""
        return selling.place(self, order)

    def play(self, verb: str, what: Json) -> Json:
        """Do any other verb of day/1 that concerns a shop."""
        if verb not in VERBS:
            raise ValueError(f"a shop cannot {verb}; it can {', '.join(VERBS)}")
        try:
            return VERBS[verb](self, what)
        except Refusal as refused:
            raise ValueError(f"{verb}: {refused.message}") from refused

    def books(self) -> Json:
        """What truly happened here."""
        return books.of(self)

    def credentials(self, url: str) -> Json:
        """What a client needs to reach this stand-in."""
        return {
            "url": url, "store": self.domain, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
            "token": self.tokens.permanent,
        }  # fmt: skip

    def _level_changed(self, item: Item, at: str) -> None:
        level = payloads.level(self, item, at)
        webhooks.announce(self, "INVENTORY_LEVELS_UPDATE", f"{item.sku}@{at}", level)
