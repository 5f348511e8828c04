"""One request as the resolvers see it: who asks, with which scopes, and what the answer says beside its data."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

from graphql import GraphQLResolveInfo

from sandbox.shopify.graph.search import Filters, searched
from sandbox.shopify.records import Order
from sandbox.shopify.state import Shop
from sandbox.values import Json

Record = TypeVar("Record")
SHOWN: Final = timedelta(days=60)
"""How old an order may be for an app without `read_all_orders`."""


@dataclass
class Asking:
    """What is asked in one request."""

    shop: Shop
    scopes: frozenset[str]
    search: list[Json] = field(default_factory=list)
    """What `extensions.search` of the answer says of searches with dropped fields."""

    def shown(self, order: Order) -> bool:
        """Whether the app may see an order of that age in a list."""
        since = self.shop.now() - SHOWN
        return "read_all_orders" in self.scopes or order.created_at >= since


def found(
    info: GraphQLResolveInfo[Any], filters: Filters[Record], records: Sequence[Record], args: Json
) -> list[Record]:
    """The records that the `query` of a list finds; all of them, where it has none."""
    asking: Asking = info.context
    search = searched(filters, args.get("query"))
    if search.dropped:
        asking.search.append(search.told(list(info.path.as_list())))
    return [record for record in records if search.fits(asking.shop, record)]
