"""What the Admin API's GraphQL shows of the shop, and what it lets an app do."""
