"""A merchant's map of a connector's orders, as a file has it."""

import json
from typing import Any

from core.config.merchant import MerchantConfig
from core.mapping import MAPPINGS
from core.overrides import Overrides
from tests.core.config.test_loader import GOOD, config_of


def written(*fields: str, of: str = "shopify") -> str:
    """Return a file with a map of these fields, each in a line of its own from line 45 on."""
    lines = "".join(f"      {line}\n" for line in fields)
    return f"{GOOD}maps:\n  - from: {of}.order\n    fields:\n{lines}"


def config(*fields: str, of: str = "shopify") -> MerchantConfig:
    return config_of(written(*fields, of=of))


def mapped(*fields: str, of: str = "shopify") -> Overrides:
    return config(*fields, of=of).maps[of]


def sample(of: str = "shopify") -> dict[str, Any]:
    told: dict[str, Any] = json.loads((MAPPINGS / of / "sample.json").read_text(encoding="utf-8"))
    return told
