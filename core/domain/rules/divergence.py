"""Where a replay ends that stands for two files. Pure."""

from dataclasses import dataclass

from core.domain.rules.matching import Matching
from core.model.triggers import Trigger


class DivergedError(Exception):
    """Something came at which two files may part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """Where a replay ends that stands for two files."""

    rules: frozenset[str] = frozenset()
    """One of these starts."""
    triggers: frozenset[Trigger] = frozenset()
    """One of these comes."""

    def is_at(self, matching: Matching) -> bool:
        """Return whether it ends at what facts started."""
        if not self.triggers.isdisjoint(matching.come):
            return True
        return any(start.rule.id in self.rules for asking in matching.askings for start in asking.starts)
