"""``crossdock apply``: puts a file, or an earlier version, in force in every process, without a start."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from assembly import configs, connectors
from commands.arguments import UsageError, whole_number
from commands.confirm import add_confirm_options, agree
from commands.conflicts import searched
from commands.order_text import when
from commands.other_file import add_other_file, other_file
from commands.output import print_json
from commands.running import ACTOR, for_merchant
from commands.shadow import draft_row
from core.config.file_differences import file_differences
from core.config.keys import duration
from core.config.merchant import MerchantConfig
from core.config.problems import ConfigFileError
from core.config.text_changes import rule_changes
from core.domain.rules.trial_words import failing_tests
from core.engine.hub import Hub
from core.errors import ConfigError, NotFoundError
from core.services.drafts import begin_draft
from core.services.offering_again import Offering, Offers, Scope
from core.services.plans import Plan
from core.services.rules_in_force import apply, config_in_force
from core.store.configs import ConfigVersion, list_versions, text_of_version
from core.store.drafts import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class _Applied:
    version: ConfigVersion
    was: ConfigVersion | None
    """What was in force before; None where nothing was, or the same."""
    differences: tuple[str, ...]
    again: Offers | None
    """What came of orders that were offered to it again; None where none were to be."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_other_file(parser)
    parser.add_argument(
        "--version", metavar="NUMBER", help="an earlier version, as crossdock config lists them"
    )
    parser.add_argument(
        "--shadow",
        metavar="TIME",
        help="try it so long (7d) beside the file in force, without doing anything: crossdock shadow",
    )
    parser.add_argument(
        "--again",
        choices=[scope.value for scope in Scope],
        help="offer orders to it that are held by rules, or all of which no label is bought",
    )
    add_confirm_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Put a file in force: without --config the one that CROSSDOCK_CONFIG names."""
    if arguments.version is not None and arguments.other is not None:
        raise UsageError("name a file (--config) or a version (--version), not both")
    number = None if arguments.version is None else whole_number(arguments.version, "--version")
    config = _checked(arguments) if number is None else None
    if arguments.shadow is not None:
        return _try(arguments, config)
    done = for_merchant(arguments, partial(_apply, arguments, config, number))
    if arguments.json:
        was = None if done.was is None else done.was.number
        told = {"version": done.version.number, "was": was, "differences": done.differences}
        print_json({**told, **_again_told(done.again)})
    elif done.was is None:
        print(f"version {done.version.number} is in force")
    else:
        print(
            f"version {done.version.number} is in force; the way back: crossdock apply --version {done.was.number}"
        )
    if not arguments.json and done.again is not None:
        for line in done.again.lines or ("no order is touched",):
            print(line)
    return 0


def _try(arguments: argparse.Namespace, config: MerchantConfig | None) -> int:
    """Have a file tried beside the one in force; nothing is asked, since nothing is done."""
    if config is None or arguments.again is not None:
        raise UsageError(
            "--shadow tries a file, and does nothing to orders: say it without --version and --again"
        )
    draft = for_merchant(arguments, partial(_begin, config, _length_of_time(arguments.shadow)))
    if arguments.json:
        print_json(draft_row(draft))
    else:
        print(
            f"it is tried until {when(draft.until)}; crossdock shadow says what it would have done, crossdock promote"
            " puts it in force"
        )
    return 0


async def _begin(config: MerchantConfig, lasts: timedelta, hub: Hub, merchant: str) -> Draft:
    return await begin_draft(hub, merchant, config, lasts, actor=ACTOR)


def _length_of_time(text: str) -> timedelta:
    """Return the length of time that a text is, as crossdock.yaml writes it.

    Raises:
        UsageError: it is none.
    """
    try:
        found = duration(text)
    except ValueError as error:
        raise UsageError(f"--shadow: {error}") from error
    if not isinstance(found, timedelta) or not found:
        raise UsageError(f"--shadow: {text!r} is no time at all")
    return found


def _again_told(again: Offers | None) -> dict[str, object]:
    if again is None:
        return {}
    return {"released": again.released, "begun": again.begun, "left": again.left}


def _checked(arguments: argparse.Namespace) -> MerchantConfig:
    """Return the file that is to be put in force, checked as ``crossdock validate`` does.

    Raises:
        ConfigFileError: with every mistake, every test that fails and every conflict of its rules.
    """
    config = other_file(arguments) or _own(arguments)
    problems = failing_tests(config) or searched([config])[0]
    if problems:
        raise ConfigFileError(problems)
    return config


def _own(arguments: argparse.Namespace) -> MerchantConfig:
    found = configs(os.environ, connectors(), without_secrets=True)
    right = [one for one in found if arguments.merchant in (None, one.merchant)]
    if len(right) != 1:
        raise UsageError(f"which merchant? --merchant is one of: {', '.join(one.merchant for one in found)}")
    return right[0]


async def _apply(
    arguments: argparse.Namespace, file: MerchantConfig | None, number: int | None, hub: Hub, merchant: str
) -> _Applied:
    config = file or await _version(hub, merchant, number or 0)
    before = await config_in_force(hub, merchant)
    newest = (*await hub.store.read(list_versions, merchant, limit=1), None)[0]
    is_same = newest is not None and newest.digest == config.digest
    differs = () if is_same else (*rule_changes(before.text, config.text), *file_differences(before, config))
    offering, scope = Offering(hub, merchant, config, ACTOR), _scope(arguments)
    planned = None if scope is None else await offering.planned(scope)
    if not is_same or (planned is not None and planned.lines):
        what = config.file if number is None else f"version {number}"
        agree(arguments, _plan(merchant, what, newest, differs, planned, is_same=is_same))
    version = await apply(hub, merchant, config, actor=ACTOR)
    return _Applied(
        version=version,
        was=None if is_same else newest,
        differences=differs,
        again=None if scope is None else await offering.offer(scope),
    )


def _scope(arguments: argparse.Namespace) -> Scope | None:
    return None if arguments.again is None else Scope(arguments.again)


def _plan(
    merchant: str,
    what: str,
    newest: ConfigVersion | None,
    differs: Sequence[str],
    planned: Offers | None,
    *,
    is_same: bool,
) -> Plan:
    orders = () if planned is None else planned.lines or ("no order is touched",)
    if is_same:
        return Plan(title=f"For {merchant}, under the file that is in force", does=orders)
    back = "no version yet" if newest is None else f"crossdock apply --version {newest.number}"
    return Plan(
        title=f"For {merchant}, in every process and at once: {what}",
        does=(*(differs or ("only its text differs: comments, tests, maps",)), *orders),
        back=f"{back}; what orders were told stays" if planned is not None and planned.lines else back,
    )


async def _version(hub: Hub, merchant: str, number: int) -> MerchantConfig:
    """Return what an earlier version said; it was checked when it came, and is not tried again.

    Raises:
        NotFoundError: there is no such version.
        ConfigError: this version of the hub cannot read it any more.
    """
    text = await hub.store.read(text_of_version, merchant, number)
    if text is None:
        raise NotFoundError(f"no version {number}; crossdock config versions lists them")
    if hub.read_config is None:
        raise ConfigError("versions are not read here")
    return hub.read_config(text)
