"""How far each of Stripe's operations is Stripe's own here; the dispatcher goes by these rows (R110).

A name that stands for an object stands for everything inside of it: `payment_method_options` is all of
`payment_method_options[card][moto]` and its like, `metadata` every name of the caller's own.
"""

from collections.abc import Mapping
from typing import Final, Literal

from sandbox.fidelity import Fidelity

_CURSORS: Final = "ending_before limit starting_after expand"
_CREATED: Final = "created created.gt created.gte created.lt created.lte"
_SHIPPING: Final = (
    "shipping.address.city shipping.address.country shipping.address.line1 shipping.address.line2 "
    "shipping.address.postal_code shipping.address.state shipping.carrier shipping.name shipping.phone "
    "shipping.tracking_number"
)
_NO_ACTION: Final = "no card here asks the shopper for anything, so there is nothing that it could change"
_THROUGH_INTENT: Final = "every charge here belongs to a payment intent, which alone captures it: the call is refused whatever it says"


def _offered(
    operation: str, honoured: str, *, refused: str = "", listed: Mapping[str, str] | None = None,
    compared_with: Literal["recordings", "schema"] = "schema",
) -> Fidelity:  # fmt: skip
    return Fidelity(
        operation=operation,
        compared_with=compared_with,
        honoured=frozenset(honoured.split()),
        refused=frozenset(refused.split()),
        listed=listed or {},
    )


_OFFERED: Final = (
    _offered(
        "POST /v1/payment_intents",
        "amount automatic_payment_methods.allow_redirects automatic_payment_methods.enabled capture_method confirm "
        "confirmation_method currency customer description expand metadata payment_details.customer_reference "
        "payment_details.order_reference payment_method payment_method_types receipt_email setup_future_usage "
        f"statement_descriptor statement_descriptor_suffix transfer_group {_SHIPPING}",
        refused="allowed_payment_method_types amount_details application_fee_amount confirmation_token "
        "customer_account excluded_payment_method_types hooks mandate mandate_data on_behalf_of "
        "payment_method_configuration payment_method_data payment_method_options radar_options transfer_data "
        "use_stripe_sdk",
        listed=dict.fromkeys(("error_on_requires_action", "off_session", "return_url"), _NO_ACTION),
        compared_with="recordings",
    ),
    _offered("GET /v1/payment_intents", f"{_CREATED} customer {_CURSORS}", refused="customer_account"),
    _offered(
        "GET /v1/payment_intents/{intent}", "expand", refused="client_secret", compared_with="recordings"
    ),
    _offered(
        "POST /v1/payment_intents/{intent}/capture",
        "amount_to_capture expand final_capture metadata statement_descriptor statement_descriptor_suffix",
        refused="amount_details application_fee_amount hooks payment_details transfer_data",
        compared_with="recordings",
    ),
    _offered("POST /v1/payment_intents/{intent}/cancel", "cancellation_reason expand"),
    _offered("GET /v1/charges", f"{_CREATED} customer {_CURSORS} payment_intent transfer_group"),
    _offered("GET /v1/charges/{charge}", "expand", compared_with="recordings"),
    _offered(
        "POST /v1/charges/{charge}/capture",
        "",
        refused="application_fee application_fee_amount transfer_data",
        listed=dict.fromkeys(
            ("amount", "expand", "receipt_email", "statement_descriptor", "statement_descriptor_suffix", "transfer_group"),
            _THROUGH_INTENT,
        ),
    ),
    _offered(
        "POST /v1/refunds",
        "amount charge expand metadata payment_intent reason",
        refused="currency customer instructions_email origin refund_application_fee reverse_transfer",
        compared_with="recordings",
    ),
    _offered("GET /v1/refunds", f"charge {_CREATED} {_CURSORS} payment_intent"),
    _offered(
        "POST /v1/webhook_endpoints", "api_version description enabled_events expand metadata url", refused="connect"
    ),
    _offered("GET /v1/webhook_endpoints", _CURSORS),
    _offered("GET /v1/events/{id}", "expand"),
    _offered("GET /v1/disputes", f"charge {_CREATED} {_CURSORS} payment_intent"),
)  # fmt: skip
_OTHERS: Final = """
    GET /v1/payment_intents/search
    GET /v1/payment_intents/{intent}/amount_details_line_items
    POST /v1/payment_intents/{intent}
    POST /v1/payment_intents/{intent}/apply_customer_balance
    POST /v1/payment_intents/{intent}/confirm
    POST /v1/payment_intents/{intent}/increment_authorization
    POST /v1/payment_intents/{intent}/verify_microdeposits
    GET /v1/charges/search
    POST /v1/charges
    POST /v1/charges/{charge}
    POST /v1/charges/{charge}/refund
    GET /v1/charges/{charge}/dispute
    POST /v1/charges/{charge}/dispute
    POST /v1/charges/{charge}/dispute/close
    GET /v1/charges/{charge}/refunds
    POST /v1/charges/{charge}/refunds
    GET /v1/charges/{charge}/refunds/{refund}
    POST /v1/charges/{charge}/refunds/{refund}
    GET /v1/refunds/{refund}
    POST /v1/refunds/{refund}
    POST /v1/refunds/{refund}/cancel
    DELETE /v1/webhook_endpoints/{webhook_endpoint}
    GET /v1/webhook_endpoints/{webhook_endpoint}
    POST /v1/webhook_endpoints/{webhook_endpoint}
    GET /v1/events
    GET /v1/disputes/{dispute}
    POST /v1/disputes/{dispute}
    POST /v1/disputes/{dispute}/close
    GET /v1/reviews
    GET /v1/reviews/{review}
    POST /v1/reviews/{review}/approve
"""
"""What Stripe offers besides on the same resources; answered with an error that says so."""

OPERATIONS: Final[tuple[Fidelity, ...]] = (
    *_OFFERED,
    *(Fidelity(operation=line.strip(), offered=False) for line in _OTHERS.strip().splitlines()),
)
ROWS: Final[Mapping[str, Fidelity]] = {row.operation: row for row in OPERATIONS}
