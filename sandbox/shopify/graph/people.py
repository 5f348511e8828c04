"""Shoppers and addresses."""

from sandbox.shopify.graph.values import gid, when
from sandbox.shopify.names import country, first_last, province
from sandbox.shopify.records import Customer
from sandbox.values import Json


def customer(it: Customer) -> Json:
    """A Customer; the number of orders counts the one at hand."""
    first, last = first_last(it.name)
    return {
        "__typename": "Customer",
        "id": gid("Customer", it.id),
        "legacyResourceId": str(it.id),
        "createdAt": when(it.created_at),
        "updatedAt": when(it.created_at),
        "displayName": it.name or it.email or "",
        "firstName": first,
        "lastName": last,
        "defaultEmailAddress": {"emailAddress": it.email} if it.email else None,
        "defaultPhoneNumber": {"phoneNumber": it.phone} if it.phone else None,
        "email": it.email,
        "phone": it.phone,
        "numberOfOrders": str(it.orders),
        "tags": [],
        "verifiedEmail": True,
    }


def address(it: Json | None, of: int) -> Json | None:
    """A MailingAddress."""
    if it is None:
        return None
    first, last = first_last(it.get("name") or "")
    return {
        "__typename": "MailingAddress",
        "id": gid("MailingAddress", of),
        "name": it.get("name"),
        "firstName": first,
        "lastName": last,
        "company": it.get("company"),
        "address1": it.get("street1"),
        "address2": it.get("street2"),
        "city": it.get("city"),
        "province": province(it.get("state")),
        "provinceCode": it.get("state"),
        "country": country(it.get("country")),
        "countryCodeV2": it.get("country"),
        "zip": it.get("zip"),
        "phone": it.get("phone"),
        "formatted": lambda _info, **_args: [
            part for part in (it.get("street1"), it.get("city"), country(it.get("country"))) if part
        ],
    }
