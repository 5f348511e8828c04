"""``crossdock rules``: the gallery of rules, and taking one of them into a file."""

import argparse
import difflib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from assembly import configs, connectors
from commands.arguments import UsageError, add_merchant_options
from commands.conflicts import searched
from commands.output import print_json, show
from core.config.file_text import replace_text
from core.config.gallery import GalleryRule, gallery, gallery_rule
from core.config.loader import read
from core.config.merchant import MerchantConfig
from core.config.problems import ConfigFileError
from core.config.rule_adding import text_with
from core.config.texts import texts_of
from core.domain.rules.trial_words import failing_tests
from core.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    add_merchant_options(parser)
    parser.add_argument("do", nargs="?", default="list", choices=("list", "show", "add"))
    parser.add_argument("words", nargs="*", help="show|add NAME")
    parser.add_argument("--dry-run", action="store_true", help="add: print the difference and write nothing")


def run(arguments: argparse.Namespace) -> int:
    """List the gallery, show a rule of it, or take one into a file."""
    wanted = arguments.do != "list"
    if len(arguments.words) != wanted:
        raise UsageError(f"{arguments.do} wants {'NAME' if wanted else 'no more words'}")
    if not wanted:
        show([_row(rule) for rule in gallery()], as_json=arguments.json)
        return 0
    rule = gallery_rule(arguments.words[0])
    if arguments.do == "add":
        return _add(arguments, rule)
    if arguments.json:
        print_json({**_row(rule), "description": rule.keys.description, "text": rule.text})
    else:
        print(rule.text, end="")
    return 0


def _row(rule: GalleryRule) -> Mapping[str, str]:
    return {"rule": rule.name, "title": rule.keys.title, "when": rule.starts, "needs": rule.needs}


def _add(arguments: argparse.Namespace, rule: GalleryRule) -> int:
    """Take a rule and its tests into a file, if it loads with them and all of its tests come out as expected."""
    known = connectors()
    config = _config(arguments, configs(os.environ, known, without_secrets=True))
    after = text_with(config, rule)
    checked = _checked(config, after, {key: connector.settings for key, connector in known.items()})
    if not arguments.dry_run:
        replace_text(Path(config.file), before=config.text, after=after)
    added = checked.rules.rule(rule.keys.rules[0].id)
    where = checked.rules.where(added) if added is not None else config.file
    told = {"rule": rule.name, "where": where, "tests": len(checked.tests), "written": not arguments.dry_run}
    if arguments.json:
        print_json({**told, "difference": _difference(config, after)})
    elif arguments.dry_run:
        print(_difference(config, after), end="")
    else:
        show([told], as_json=False)
    for conflict in searched([checked])[0]:
        print(conflict, file=sys.stderr)
    return 0


def _config(arguments: argparse.Namespace, found: tuple[MerchantConfig, ...]) -> MerchantConfig:
    right = [one for one in found if arguments.merchant in (None, one.merchant)]
    if len(right) != 1:
        names = ", ".join(one.merchant for one in found)
        raise UsageError(f"which merchant? --merchant is one of: {names}")
    if len(texts_of(right[0].text)) > 1:
        says = "this merchant has several files; print the rule with crossdock rules show, and put it into one of"
        raise ConfigError(f"{says} {right[0].file}")
    return right[0]


def _checked(config: MerchantConfig, after: str, known: Mapping[str, type[BaseModel]]) -> MerchantConfig:
    """Return the configuration that a file would be.

    Raises:
        ConfigError: it would be wrong, or one of its tests would fail; or one fails already.
    """
    already = failing_tests(config)
    if already:
        raise ConfigFileError(already)
    try:
        checked = read(after, file=config.file, environ=os.environ, known=known, without_secrets=True)
    except ConfigFileError as error:
        raise ConfigError(f"with this rule the file would be wrong; nothing was written\n{error}") from error
    failing = failing_tests(checked)
    if failing:
        says = "with this rule tests of the file would fail; nothing was written"
        raise ConfigError("\n".join([says, *map(str, failing)]))
    return checked


def _difference(config: MerchantConfig, after: str) -> str:
    name = Path(config.file).name
    before, now = config.text.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = difflib.unified_diff(before, now, fromfile=name, tofile=name)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
