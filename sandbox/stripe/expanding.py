"""`expand`: which ids an answer shows as whole objects.

https://docs.stripe.com/api/expanding_objects (read 2026-11): nested with dots, at most four levels, and on a list every
path begins with `data`. The words of the refusals: "This property cannot be expanded (…)" with "You may want to try
expanding 'data.…' instead." and "You cannot expand more than 4 levels of a property", as users quote them.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from sandbox.stripe import objects
from sandbox.stripe.refusals import Refused, not_offered
from sandbox.values import Json

if TYPE_CHECKING:
    from sandbox.stripe.state import Stripe

DEEPEST: Final = 4
EXPANDED: Final[Mapping[str, Mapping[str, str]]] = {
    "payment_intent": {"latest_charge": "charge", "review": "review"},
    "charge": {"payment_intent": "payment_intent", "refunds": "refunds", "review": "review"},
    "refunds": {"data": "refund"},
    "refund": {"charge": "charge", "payment_intent": "payment_intent"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "review": {"charge": "charge", "payment_intent": "payment_intent"},
    "webhook_endpoint": {},
    "event": {},
}
"""What is expanded here, by the kind of object: field, and the kind of object it becomes."""
_BALANCE: Final = ("balance_transaction", "failure_balance_transaction")
_EVIDENCE: Final = (
    "cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation", "receipt",
    "refund_policy", "service_documentation", "shipping_documentation", "uncategorized_file",
)  # fmt: skip
NOT_EXPANDED: Final[Mapping[str, frozenset[str]]] = {
    "payment_intent": frozenset({
        "application", "customer", "on_behalf_of", "payment_method", "payment_record", "source",
        "transfer_data.destination",
    }),
    "charge": frozenset({
        "application", "application_fee", *_BALANCE, "customer", "on_behalf_of", "outcome.rule",
        "payment_method_details.bancontact.generated_sepa_debit",
        "payment_method_details.bancontact.generated_sepa_debit_mandate", "payment_method_details.card.mandate",
        "payment_method_details.ideal.generated_sepa_debit",
        "payment_method_details.ideal.generated_sepa_debit_mandate",
        "payment_method_details.sofort.generated_sepa_debit",
        "payment_method_details.sofort.generated_sepa_debit_mandate",
        "payment_method_details.us_bank_account.mandate", "source_transfer", "transfer",
        "transfer_data.destination",
    }),
    "refund": frozenset({
        *_BALANCE, "customer", "payment_method", "source_transfer_reversal", "transfer_reversal",
    }),
    "dispute": frozenset({f"evidence.{name}" for name in _EVIDENCE}),
}  # fmt: skip
"""What Stripe expands besides: objects that the stand-in does not keep. It says so."""


def check(paths: Iterable[str], kind: str, *, in_list: bool) -> list[list[str]]:
    """The ways to what is to be expanded in an answer of that kind; refused where one of them leads nowhere."""
    return [_way(path, kind, in_list=in_list) for path in paths]


def _way(path: str, kind: str, *, in_list: bool) -> list[str]:
    parts = path.split(".")
    if len(parts) > DEEPEST:
        message = f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}"
        raise Refused(400, message, code="property_expansion_max_depth")
    inside = parts
    if in_list:
        if parts[0] != "data" or len(parts) == 1:
            listed = parts[0] in EXPANDED[kind] or parts[0] in NOT_EXPANDED.get(kind, ())
            raise _not_expandable(path, hint=f"data.{path}" if listed else None)
        inside = parts[1:]
    while inside:
        if any(
            ".".join(inside[:length]) in NOT_EXPANDED.get(kind, ()) for length in range(1, len(inside) + 1)
        ):
            raise not_offered(f"expanding {path}", param="expand")
        following = EXPANDED[kind].get(inside[0])
        if following is None:
            raise _not_expandable(path)
        kind, inside = following, inside[1:]
    return parts


def _not_expandable(path: str, *, hint: str | None = None) -> Refused:
    message = f"This property cannot be expanded ({path})."
    return Refused(400, message + (f" You may want to try expanding '{hint}' instead." if hint else ""))


def fill(state: "Stripe", shown: Json, ways: Iterable[list[str]]) -> None:
    """Put whole objects where the ways lead."""
    for way in ways:
        _fill(state, shown, way)


def _fill(state: "Stripe", shown: Json, way: list[str]) -> None:
    if not way:
        return
    field, *rest = way
    if field == "refunds" and field not in shown:
        shown[field] = objects.refunds_of(state.by_charge[shown["id"]])
    elif isinstance(shown.get(field), str):
        shown[field] = _whole(state, shown[field])
    inside: Any = shown.get(field)
    for each in inside if isinstance(inside, list) else [inside]:
        if isinstance(each, dict):
            _fill(state, each, rest)


def _whole(state: "Stripe", name: str) -> Json:
    """The object of that id."""
    if name in state.payments:
        return objects.intent(state.payments[name])
    if name in state.by_charge:
        return objects.charge(state.by_charge[name])
    reviewed = next(each for each in state.payments.values() if each.review and each.review.id == name)
    assert reviewed.review is not None  # noqa: S101  the line above has seen to it
    return objects.review(reviewed, reviewed.review)
