"""A SKU that is no product: what a spreadsheet probably made of it, or how it differs from one that is."""

import re
from collections.abc import Collection

_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+")
_DATE = re.compile(
    r"[0-9]{1,2}[-./ ]{1,2}[^\W\d_]{3,9}\.?(?:[-./ ][0-9]{2,4})?|[^\W\d_]{3,9}\.?[-./ ][0-9]{2,4}"
    r"|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}|[0-9]{4}-[0-9]{2}-[0-9]{2}(?: 00:00:00)?"
)
KEPT_DIGITS = 15
"""So many digits of a number a spreadsheet keeps; the others become 0."""
_AS_TEXT = "give the column the format Text, enter the SKU again and save"


def no_product(sku: str, products: Collection[str], *, do: str) -> str:
    """Return that a SKU is no product, and why or what to ``do``."""
    return f"{sku!r} is no product; {_why(sku, products) or do}"


def _why(sku: str, products: Collection[str]) -> str:
    if _SHORTENED.fullmatch(sku):
        return f"a spreadsheet shortened a number or a SKU with an E: {_AS_TEXT}"
    if sku.isdecimal():
        bare = [known for known in products if known.isdecimal() and known != sku]
        zeros = next((known for known in sorted(bare) if known.lstrip("0") == sku.lstrip("0")), None)
        if zeros is not None:
            return f"{zeros!r} is: a spreadsheet dropped its leading zeros; {_AS_TEXT}"
        cut = [
            known
            for known in bare
            if len(known) == len(sku) > KEPT_DIGITS and known[:KEPT_DIGITS] == sku[:KEPT_DIGITS]
        ]
        if cut:
            return (
                f"{min(cut)!r} begins alike: a spreadsheet keeps {KEPT_DIGITS} digits of a number; {_AS_TEXT}"
            )
    if _DATE.fullmatch(sku):
        return f"it looks like a date that a spreadsheet made of a SKU: {_AS_TEXT}"
    folded = "".join(sku.split()).casefold()
    alike = next((known for known in sorted(products) if "".join(known.split()).casefold() == folded), None)
    return f"did you mean {alike!r}?" if alike is not None else ""
