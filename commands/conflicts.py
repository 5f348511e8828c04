"""The search for rules that contradict each other, with the time that a command gives it."""

import time
from collections.abc import Sequence

from core.config.merchant import MerchantConfig
from core.config.problems import Problem
from core.domain.rules.conflict_words import conflict_advice, conflict_problems
from core.domain.rules.conflicts import conflicts_of

BUDGET_S = 5.0
"""How long all files together are searched."""


def searched(files: Sequence[MerchantConfig]) -> tuple[list[Problem], list[Problem]]:
    """Return each conflict in files, and what was not found out."""
    end = time.monotonic() + BUDGET_S
    found = [(config, conflicts_of(config, is_over=lambda: time.monotonic() > end)) for config in files]
    conflicts = [problem for config, one in found for problem in conflict_problems(config, one)]
    return conflicts, [problem for config, one in found for problem in conflict_advice(config, one)]
