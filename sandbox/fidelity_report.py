"""Every vendor's rows of fidelity, as ``crossdock sandbox --fidelity`` prints them."""

from collections.abc import Mapping
from typing import Final

from sandbox import amazon, easypost
from sandbox.fidelity import Fidelity
from sandbox.values import Json

VENDORS: Final[Mapping[str, tuple[Fidelity, ...]]] = {
    "amazon": amazon.OPERATIONS,
    "easypost": easypost.OPERATIONS,
}


def rows() -> list[Json]:
    """One object for each operation of each vendor."""
    return [_shown(vendor, row) for vendor, operations in VENDORS.items() for row in operations]


def _shown(vendor: str, row: Fidelity) -> Json:
    return {
        "vendor": vendor,
        "operation": row.operation,
        "offered": row.offered,
        "compared_with": row.compared_with or "nothing",
        "honoured": sorted(row.honoured),
        "refused": sorted(row.refused),
        "listed": dict(sorted(row.listed.items())),
        "checked_live": row.checked_live.isoformat() if row.checked_live else "never",
    }
