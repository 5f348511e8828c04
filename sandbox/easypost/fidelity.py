"""How far each operation of EasyPost is offered.

EasyPost publishes no machine-readable contract. An operation is called as the vendor's Python library calls it (easypost 10.7).
Names of parameters are those of recorded requests (2024-07 to 2025-03), of the library, and of the documentation:
https://docs.easypost.com/docs/shipments, /options, /customs-infos, /pagination, /shipments/shipping-insurance (read 2026-11).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sandbox.easypost.objects import ADDRESS_FIELDS, CUSTOMS_FIELDS, ITEM_FIELDS
from sandbox.fidelity import Fidelity

ADDRESSES: Final = ("to_address", "from_address", "return_address", "buyer_address")
ECHOED_OPTIONS: Final = ("invoice_number", "print_custom_1", "print_custom_2", "print_custom_3")
"""Options that are printed on the label, and shown again with the shipment."""
OTHER_OPTIONS: Final = (
    "additional_handling", "address_validation_level", "alcohol", "billing_ref", "bill_receiver_account",
    "bill_receiver_postal_code", "bill_third_party_account", "bill_third_party_country",
    "bill_third_party_postal_code", "by_drone", "carbon_neutral", "carrier_insurance_amount",
    "carrier_notification_email", "carrier_notification_sms", "certified_mail", "cod_address_id", "cod_amount",
    "cod_method", "commercial_invoice_format", "commercial_invoice_letterhead", "commercial_invoice_signature",
    "commercial_invoice_size", "content_description", "cost_center", "currency", "customs_broker_address_id",
    "customs_include_shipping", "date_advance", "declared_value", "delivered_duty_paid",
    "delivery_confirmation", "delivery_time_preference", "delivery_min_datetime", "delivery_max_datetime",
    "dropoff_max_datetime", "dropoff_type", "dry_ice", "dry_ice_medical", "dry_ice_weight", "duty_payment",
    "duty_payment_account", "endorsement", "end_shipper_id", "freight_charge", "group", "handling_instructions",
    "hazmat", "hold_for_pickup", "image_format", "importer_address_id", "import_federal_tax_id",
    "import_state_tax_id", "incoterm", "label_date", "label_size", "license_number", "machinable",
    "neutral_delivery", "non_contact", "overlabel_construct_code", "overlabel_construct_tracking_number",
    "parties_to_transaction_are_related", "payment", "peel_and_return", "pickup_max_datetime",
    "pickup_min_datetime", "po_sort", "postage_label_inline", "print_custom", "print_custom_1_barcode",
    "print_custom_1_code", "print_custom_2_barcode", "print_custom_2_code", "print_custom_3_barcode",
    "print_custom_3_code", "print_rate", "receiver_liquor_license", "registered_mail", "registered_mail_amount",
    "return_receipt", "return_service", "saturday_delivery", "settlement_method", "smartpost_hub",
    "smartpost_manifest", "special_rates_eligibility", "suppress_etd",
)  # fmt: skip
"""Every other option of the documentation and of the vendor's libraries (easypost-csharp, Options.cs, read 2026-11)."""
LINE_ITEMS: Final = "for carriers' claims alone: not passed to the carrier and not returned in the response (docs/shipments, read 2026-11)"
ID_ALONE: Final = (
    "the library hands a whole rate back; its id alone says which is bought, as in the documented request (docs/shipments, "
    "read 2026-11)"
)
NO_CHILDREN: Final = "asks for the shipments of child users besides, and this account has no child users"
HIDDEN: Final = "it is kept secret: every recorded answer shows HIDDEN in its place (2024-07 to 2025-03)"
RATE_FIELDS: Final = (
    "object", "created_at", "updated_at", "mode", "service", "carrier", "rate", "currency", "retail_rate",
    "retail_currency", "list_rate", "list_currency", "billing_type", "delivery_days", "delivery_date",
    "delivery_date_guaranteed", "est_delivery_days", "shipment_id", "carrier_account_id",
)  # fmt: skip


def _row(
    operation: str,
    honoured: str = "",
    refused: str = "",
    *,
    more: tuple[str, ...] = (),
    listed: Mapping[str, str] = MappingProxyType({}),
) -> Fidelity:
    """The row of an operation that is offered; names are parted by spaces."""
    return Fidelity(
        operation=operation,
        compared_with="recordings",
        honoured=frozenset((*honoured.split(), *more)),
        refused=frozenset(refused.split()),
        listed=listed,
    )


_CREATED: Final = (
    *(f"shipment.{kind}.{part}" for kind in ADDRESSES for part in ADDRESS_FIELDS),
    *(f"shipment.parcel.{part}" for part in ("length", "width", "height", "weight")),
    *(f"shipment.customs_info.{part}" for part in CUSTOMS_FIELDS),
    *(f"shipment.customs_info.customs_items[].{part}" for part in ITEM_FIELDS),
    *(f"shipment.options.{part}" for part in ("label_format", *ECHOED_OPTIONS)),
    *(f"shipment.tax_identifiers[].{part}" for part in ("entity", "tax_id_type", "issuing_country")),
    *(
        f"shipment.{part}"
        for part in ("reference", "is_return", "carrier_accounts[]", "carrier", "service", "insurance")
    ),
)
_NOT_CREATED: Final = " ".join([
    *(f"shipment.{kind}.{part}" for kind in ADDRESSES for part in ("id", "verify", "verify_strict")),
    "shipment.parcel.id", "shipment.parcel.predefined_package",
    "shipment.customs_info.id", "shipment.customs_info.customs_items[].id",
    *(f"shipment.options.{part}" for part in OTHER_OPTIONS),
])  # fmt: skip

_OFFERED: Final = (
    _row("shipment.create", refused=_NOT_CREATED, more=_CREATED, listed={
        "shipment.line_items[].total_line_value": LINE_ITEMS,
        "shipment.line_items[].item_description": LINE_ITEMS,
        "shipment.tax_identifiers[].tax_id": HIDDEN,
    }),
    _row("shipment.all", "page_size before_id after_id start_datetime end_datetime purchased",
         listed={"include_children": NO_CHILDREN}),
    _row("shipment.retrieve", "id"),
    _row("shipment.buy", "id rate.id insurance", "end_shipper_id",
         listed={f"rate.{part}": ID_ALONE for part in RATE_FIELDS}),
    _row("shipment.refund", "id"),
    _row("shipment.label", "id file_format"),
    _row("tracker.retrieve", "id"),
    _row("webhook.create",
         "webhook.url webhook.webhook_secret webhook.custom_headers[].name webhook.custom_headers[].value"),
)  # fmt: skip

_TABLE: Final = """
    address.all GET /v2/addresses
    address.create POST /v2/addresses
    address.create_and_verify POST /v2/addresses/create_and_verify
    address.retrieve GET /v2/addresses/{id}
    address.verify GET /v2/addresses/{id}/verify
    api_keys.all GET /v2/api_keys
    api_keys.create POST /v2/api_keys
    api_keys.delete DELETE /v2/api_keys/{id}
    api_keys.disable POST /v2/api_keys/{id}/disable
    api_keys.enable POST /v2/api_keys/{id}/enable
    api_keys.retrieve_api_keys_for_user GET /v2/api_keys
    batch.add_shipments POST /v2/batches/{id}/add_shipments
    batch.all GET /v2/batches
    batch.buy POST /v2/batches/{id}/buy
    batch.create POST /v2/batches
    batch.create_scan_form POST /v2/batches/{id}/scan_form
    batch.label POST /v2/batches/{id}/label
    batch.remove_shipments POST /v2/batches/{id}/remove_shipments
    batch.retrieve GET /v2/batches/{id}
    beta_rate.retrieve_stateless_rates POST /beta/rates
    beta_referral_customer.add_payment_method POST /beta/referral_customers/payment_method
    beta_referral_customer.create_bank_account_client_secret POST /beta/financial_connections_sessions
    beta_referral_customer.create_credit_card_client_secret POST /beta/setup_intents
    beta_referral_customer.refund_by_amount POST /beta/referral_customers/refunds
    beta_referral_customer.refund_by_payment_log POST /beta/referral_customers/refunds
    billing.delete_payment_method GET /v2/payment_methods
    billing.fund_wallet GET /v2/payment_methods
    billing.retrieve_payment_methods GET /v2/payment_methods
    carrier_account.all GET /v2/carrier_accounts
    carrier_account.create POST /v2/carrier_accounts
    carrier_account.delete DELETE /v2/carrier_accounts/{id}
    carrier_account.retrieve GET /v2/carrier_accounts/{id}
    carrier_account.types GET /v2/carrier_types
    carrier_account.update PATCH /v2/carrier_accounts/{id}
    carrier_metadata.retrieve GET /v2/metadata/carriers
    claim.all GET /v2/claims
    claim.cancel POST /v2/claims/{id}/cancel
    claim.create POST /v2/claims
    claim.retrieve GET /v2/claims/{id}
    customer_portal.create_account_link POST /v2/customer_portal/account_link
    customs_info.create POST /v2/customs_infos
    customs_info.retrieve GET /v2/customs_infos/{id}
    customs_item.create POST /v2/customs_items
    customs_item.retrieve GET /v2/customs_items/{id}
    embeddable.create_session POST /v2/embeddables/session
    end_shipper.all GET /v2/end_shippers
    end_shipper.create POST /v2/end_shippers
    end_shipper.retrieve GET /v2/end_shippers/{id}
    end_shipper.update PUT /v2/end_shippers/{id}
    event.all GET /v2/events
    event.create POST /v2/events
    event.retrieve GET /v2/events/{id}
    event.retrieve_all_payloads GET /v2/events/{id}/payloads
    event.retrieve_payload GET /v2/events/{id}/payloads/{payload}
    fedex_registration.register_address POST /v2/fedex_registrations/{id}/address
    fedex_registration.request_pin POST /v2/fedex_registrations/{id}/pin
    fedex_registration.submit_invoice POST /v2/fedex_registrations/{id}/invoice
    fedex_registration.validate_pin POST /v2/fedex_registrations/{id}/pin/validate
    insurance.all GET /v2/insurances
    insurance.create POST /v2/insurances
    insurance.refund POST /v2/insurances/{id}/refund
    insurance.retrieve GET /v2/insurances/{id}
    luma.get_promise POST /v2/luma/promise
    order.buy POST /v2/orders/{id}/buy
    order.create POST /v2/orders
    order.get_rates GET /v2/orders/{id}/rates
    order.retrieve GET /v2/orders/{id}
    parcel.create POST /v2/parcels
    parcel.retrieve GET /v2/parcels/{id}
    pickup.all GET /v2/pickups
    pickup.buy POST /v2/pickups/{id}/buy
    pickup.cancel POST /v2/pickups/{id}/cancel
    pickup.create POST /v2/pickups
    pickup.retrieve GET /v2/pickups/{id}
    rate.retrieve GET /v2/rates/{id}
    referral_customer.add_bank_account_from_stripe POST /v2/bank_accounts
    referral_customer.add_credit_card GET /v2/partners/stripe_public_key
    referral_customer.add_credit_card_from_stripe POST /v2/credit_cards
    referral_customer.all GET /v2/referral_customers
    referral_customer.create POST /v2/referral_customers
    referral_customer.update_email PUT /v2/referral_customers/{id}
    refund.all GET /v2/refunds
    refund.create POST /v2/refunds
    refund.retrieve GET /v2/refunds/{id}
    report.all GET /v2/reports/{id}
    report.create POST /v2/reports/{id}
    report.retrieve GET /v2/reports/{id}
    scan_form.all GET /v2/scan_forms
    scan_form.create POST /v2/scan_forms
    scan_form.retrieve GET /v2/scan_forms/{id}
    shipment.buy_luma POST /v2/shipments/{id}/luma
    shipment.create_and_buy_luma POST /v2/shipments/luma
    shipment.generate_form POST /v2/shipments/{id}/forms
    shipment.get_smart_rates GET /v2/shipments/{id}/smartrate
    shipment.insure POST /v2/shipments/{id}/insure
    shipment.lowest_smart_rate GET /v2/shipments/{id}/smartrate
    shipment.recommend_ship_date GET /v2/shipments/{id}/smartrate/precision_shipping
    shipment.regenerate_rates POST /v2/shipments/{id}/rerate
    shipment.retrieve_estimated_delivery_date GET /v2/shipments/{id}/smartrate/delivery_date
    smart_rate.estimate_delivery_date POST /v2/smartrate/deliver_by
    smart_rate.recommend_ship_date POST /v2/smartrate/deliver_on
    tracker.all GET /v2/trackers
    tracker.create POST /v2/trackers
    tracker.delete DELETE /v2/trackers/{id}
    tracker.retrieve_batch POST /v2/trackers/batch
    user.all GET /v2/users
    user.all_children GET /v2/users/children
    user.create POST /v2/users
    user.delete DELETE /v2/users/{id}
    user.retrieve GET /v2/users/{id}
    user.retrieve_me GET /v2/users
    user.update PATCH /v2/users/{id}
    user.update_brand PATCH /v2/users/{id}/brand
    webhook.all GET /v2/webhooks
    webhook.delete DELETE /v2/webhooks/{id}
    webhook.retrieve GET /v2/webhooks/{id}
    webhook.update PATCH /v2/webhooks/{id}
"""
NOT_OFFERED: Final[Mapping[str, tuple[str, str]]] = {
    name: (method, path) for name, method, path in (line.split() for line in _TABLE.strip().splitlines())
}
"""Where the operations lie that are refused aloud."""
OPERATIONS: Final[tuple[Fidelity, ...]] = (
    *_OFFERED,
    *(Fidelity(operation=name, offered=False) for name in NOT_OFFERED),
)
ROWS: Final[Mapping[str, Fidelity]] = {row.operation: row for row in OPERATIONS}
