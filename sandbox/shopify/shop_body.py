"""The shop itself, as app/uninstalled carries it."""

from typing import Final

from sandbox.shopify import serializers
from sandbox.shopify.state import Shop
from sandbox.values import Json

SETTINGS: Final[Json] = {
    "plan_name": "shopify_plus",
    "plan_display_name": "Shopify Plus",
    "primary_locale": "en",
    "weight_unit": "g",
    "money_format": "{{amount}}",
    "money_in_emails_format": "{{amount}}",
    "eligible_for_payments": True,
    "has_storefront": True,
    "finances": True,
    "checkout_api_supported": True,
    "multi_location_enabled": True,
    **dict.fromkeys(
        ("has_discounts", "has_gift_cards", "marketing_sms_consent_enabled_at_checkout", "password_enabled",
         "pre_launch_enabled", "requires_extra_payments_agreement", "setup_required", "transactional_sms_disabled"),
        False,
    ),
    **dict.fromkeys(
        ("auto_configure_tax_inclusivity", "county_taxes", "created_at", "google_apps_domain",
         "google_apps_login_enabled", "source", "tax_shipping", "timezone", "updated_at"),
    ),
}  # fmt: skip
"""What is the same in every house, or never filled in."""


def body(it: Shop) -> Json:
    """The shop's body, as app/uninstalled carries it."""
    place = min(it.stock.locations.values(), key=lambda place: place.id)
    name, owner = it.house["merchant"].title(), f"owner@{it.house['merchant']}.test"
    return {
        "id": 1,
        "name": name,
        "email": owner,
        "customer_email": owner,
        "shop_owner": name,
        "currency": it.currency,
        "domain": it.domain,
        "myshopify_domain": it.domain,
        "iana_timezone": place.address.get("timezone", "UTC"),
        "primary_location_id": place.id,
        "taxes_included": bool(it.house.get("taxes_included")),
        "enabled_presentment_currencies": [it.currency],
        **serializers.home(place.address),
        **SETTINGS,
        "money_with_currency_format": f"{{{{amount}}}} {it.currency}",
        "money_with_currency_in_emails_format": f"{{{{amount}}}} {it.currency}",
    }
