"""Whether Amazon takes the authorization."""

from connectors.amazon.client import AmazonClient


async def probe(client: AmazonClient) -> str:
    """List one listing of the main marketplace, with the role *Product Listing*, which the app has anyway.

    getMarketplaceParticipations wants another role (*Finance and Accounting*:
    https://developer-docs.amazon.com/sp-api/docs/get-seller-market-participation, read 2026-11-30); without it Amazon
    answers 403 to an app whose orders and listings work
    (https://github.com/aws-quickstart/quickstart-amazon-selling-partner-api/issues/10, read 2026-11-30).
    """
    await client.find_one_listing()
    return f"seller {await client.seller()}"
