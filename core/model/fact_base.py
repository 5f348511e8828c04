"""What every fact carries."""

from typing import Literal

from core.model.base import Instant, Shape


class FactBase(Shape):
    """What every fact carries: when it happened, and who or what made it so."""

    v: Literal[1] = 1
    at: Instant
    actor: str = "hub"
    """``hub``, ``channel``, ``gateway``, ``carrier``, ``user:<id>``, ``key:<name>`` or ``rule:<id>``; older ones ``person:<name of a key>``."""
