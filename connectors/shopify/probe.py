"""Whether Shopify takes the token."""

from connectors.shopify.client import Admin
from core.errors import MappingError


async def probe(admin: Admin) -> str:
    """Ask which shop it is, for which no scope is needed."""
    domain = (await admin.shop()).get("myshopifyDomain")
    if not isinstance(domain, str):
        raise MappingError("shop.myshopifyDomain", "missing in the answer")
    return f"the app of {domain}"
