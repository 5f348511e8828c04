"""How far each operation of a stand-in is its vendor's: one row each, told by ``crossdock sandbox --fidelity`` (R110).

Each vendor's folder has a ``fidelity.py`` with its rows; what a row says of parameters is what the stand-in's
dispatcher goes by, so that a parameter is never ignored in silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """One operation of a vendor, by the vendor's own name for it.

    Every parameter that the vendor's contract names for it stands in exactly one of the three.
    """

    operation: str
    offered: bool = True
    compared_with: Literal["recordings", "schema"] | None = None
    """What its answers are held to in the tests; None where nothing of the vendor's was at hand."""
    honoured: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    """Answered with an error that says *not offered here*."""
    listed: Mapping[str, str] = field(default_factory=dict)
    """Accepted though it changes nothing here, each with the reason why that is what the vendor would show."""
    checked_live: date | None = None
    """When the same calls were last played against the vendor itself; None is never."""
