"""What a process keeps of merchants' settings: see ``core/engine/settings``."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.model.products import Product
from core.store.settings import Settings


@dataclass(slots=True)
class Snapshot:
    """A merchant's settings, and the products and links that were looked up since they were read."""

    settings: Settings
    products: dict[str, Product | None] = field(default_factory=dict)
    """By SKU; None: there is none."""
    links: dict[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)
    """Units by SKU in one unit of each (connection, listing)."""


@dataclass(slots=True)
class Snapshots:
    """The snapshots of a process, by merchant; any of them may be forgotten at any time."""

    of: dict[str, Snapshot] = field(default_factory=dict)
    reading: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """One reads a merchant's settings, and the others wait for it."""
