"""What a step of a rule may keep of an answer: it stands in facts for good, in clear."""

from decimal import Decimal

from core.overrides import CODE

LARGEST_KEPT = 2**53 - 1
"""Up to here every whole number is the same to whoever reads JSON."""
_CODES = "texts that are kept have up to 64 letters, digits and . _ : / # + -, no blanks"
_NUMBERS = f"they go up to {LARGEST_KEPT} either way; a longer one is kept where it comes as text"


def why_not_kept(value: object) -> tuple[str, str]:
    """Return what a value is that may not be kept, and what may be; both are empty where it may. It is not repeated.

    Numbers that are not whole are ``Decimal``.
    """
    if isinstance(value, int | Decimal) and not _is_exact(value):
        return "no number that is kept", _NUMBERS
    if value is not None and not isinstance(value, bool | int | Decimal | str):
        return "no single value", ""
    if isinstance(value, str) and value and not CODE.fullmatch(value):
        return "no code", _CODES
    return "", ""


def _is_exact(number: int | Decimal) -> bool:
    # What is no number at all is compared with nothing: Decimal raises there.
    finite = not isinstance(number, Decimal) or number.is_finite()
    return finite and -LARGEST_KEPT <= number <= LARGEST_KEPT
