"""``crossdock validate``: every mistake of crossdock.yaml, with file, line and column; its own tests are run."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from assembly import configs, connectors, products_known
from commands.conflicts import searched
from commands.output import print_json, show
from core.config.merchant import MerchantConfig
from core.config.problems import ConfigFileError, Problem
from core.domain.rules.trial_words import failing_tests
from core.errors import HubError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument("config", nargs="?")
    parser.add_argument(
        "--secrets",
        action="store_true",
        help="a variable that the file reads and that is not set is a mistake too",
    )
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    """Check a file; 1 where it is wrong. What may stand so and was perhaps not meant so is advice, and ends with 0."""
    try:
        found = configs(os.environ, connectors(), without_secrets=not arguments.secrets)
        _run_tests(found)
        unknown = _search(found)
    except HubError as error:
        if not arguments.json:
            raise
        print_json({"ok": False, "errors": str(error).splitlines()})
        return 1
    advice = [str(problem) for config in found for problem in _advice(config)]
    advice += map(str, unknown)
    if arguments.json:
        print_json({"ok": True, "merchants": [_row(config) for config in found], "advice": advice})
        return 0
    show([_row(config) for config in found], as_json=False)
    for line in advice:
        print(line, file=sys.stderr)
    return 0


def _run_tests(found: Sequence[MerchantConfig]) -> None:
    """Run the tests of every file.

    Raises:
        ConfigFileError: with every test that fails.
    """
    failing = [problem for config in found for problem in failing_tests(config)]
    if failing:
        raise ConfigFileError(failing)


def _search(found: Sequence[MerchantConfig]) -> list[Problem]:
    """Search every file for rules that contradict each other; return what was not found out.

    Raises:
        ConfigFileError: with every conflict.
    """
    wrong, unknown = searched(found)
    if wrong:
        raise ConfigFileError(wrong)
    return unknown


def _advice(config: MerchantConfig) -> list[Problem]:
    """Return what is worth a look, in the order of the file."""
    skus = products_known(os.environ, config.merchant)
    return sorted({*config.advice, *config.unset, *config.idle_patterns(skus)})


def _row(config: MerchantConfig) -> Mapping[str, Any]:
    return {
        "merchant": config.merchant,
        "connections": len(config.connections),
        "locations": len(config.locations),
        "rules": len(config.rules.rules),
        "tests": len(config.tests),
        "file": config.file,
    }
