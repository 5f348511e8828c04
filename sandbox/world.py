"""The one world: all stand-ins in their environment."""

from sandbox.amazon import Amazon
from sandbox.clock import Clock
from sandbox.easypost import EasyPost
from sandbox.environment import Environment
from sandbox.hooks import Tool
from sandbox.mail import Mailbox
from sandbox.shopify import Shopify
from sandbox.stripe import Stripe
from sandbox.values import Json


class World(Environment):
    """The environment with every vendor in it, each made of that environment."""

    def __init__(self, clock: Clock, *, house: Json, seed: int = 0) -> None:
        super().__init__(clock, house=house, seed=seed)
        self.stripe = Stripe(self)
        self.easypost = EasyPost(self)
        self.shopify = Shopify(self, self.stripe)
        self.amazon = Amazon(self)
        self.mail = Mailbox(self)
        self.tool = Tool(self)
        self.channels = [self.shopify, self.amazon]
        self._stock(house)

    def move_in(self, house: Json) -> None:
        """Take another house: whatever was sold, paid, bought, mailed or on its way is forgotten; connections stay."""
        self.forget()
        self.house = house
        self.stripe.clear()
        self.easypost.clear()
        self.mail.clear()
        self.tool.clear()
        self._stock(house)

    def books(self) -> Json:
        """The books of every vendor."""
        return {
            "shopify": self.shopify.books(),
            "amazon": self.amazon.books(),
            "stripe": self.stripe.books(),
            "easypost": self.easypost.books(),
            "mail": self.mail.books(),
            "hooks": self.tool.books(),
        }

    def under_way(self) -> int:
        """How much happens before the clock need be moved; a message in Amazon's queues waits for nobody's clock."""
        return self.busy() + self.amazon.queues.kept()

    def _stock(self, house: Json) -> None:
        for channel in (self.shopify, self.amazon):
            channel.load(house)
