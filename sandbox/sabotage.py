"""One silent wrong: the answer looks right and only the vendor's own books differ."""

# The captures are struck inside `sandbox.stripe` (capture_from_shop and Stripe's own capture), so that Stripe's API answers
# look right too; the shop only passes the capture on.
KINDS: dict[str, str] = {
    "order_lost": "Shopify never announces one order and hides it from every list and read",
    "amazon_order_lost": "Amazon never announces one order and hides it from every list and read",
    "capture_lost": "shop and Stripe answer one capture as done and no money moves in Stripe's books",
    "capture_doubled": "Stripe's books hold one capture twice",
    "label_doubled": "EasyPost's books hold a second label for one shipment",
    "postage_changed": "EasyPost's books hold another price for one label than was answered",
    "tracking_lost": "Shopify answers one fulfillment as made and does not keep it",
    "amazon_tracking_lost": "Amazon answers one shipment confirmation and does not keep it",
    "level_lost": "Shopify answers and reads back one quantity while shoppers see another",
    "amazon_level_lost": "Amazon answers and reads back one quantity while shoppers see another",
    "mail_lost": "one mail is accepted over SMTP and reaches no mailbox",
    "mail_doubled": "one mail reaches its mailbox twice",
}


class Sabotage:
    """The kind that is armed, and what it struck."""

    def __init__(self) -> None:
        self.kind: str | None = None
        self.subject: str | None = None

    def arm(self, kind: str | None) -> None:
        """Wait for the first chance to do that kind of wrong; `None` disarms."""
        if kind is not None and kind not in KINDS:
            raise ValueError(f"no sabotage is called {kind!r}; there are {', '.join(KINDS)}")
        self.kind = kind
        self.subject = None

    def hits(self, kind: str, subject: str) -> bool:
        """True exactly once per run, for the armed kind; the caller then does the wrong."""
        if kind != self.kind or self.subject is not None:
            return False
        self.subject = subject
        return True
