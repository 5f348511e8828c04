"""What people write into rules by mistake: each is told where it stands, all at once, in words to mend it by."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from commands.schema import installed_schema
from core.config.yaml_text import read_yaml
from tests.core.config.broken_rules import BROKEN
from tests.core.config.rich_rules import HEAD, RICH
from tests.core.config.test_mistakes import config_of, wrong

EDITOR = Draft202012Validator(installed_schema())


def as_an_editor_reads(text: str) -> Any:
    """Return a YAML text's values, with ``${NAME}`` as it is written."""
    values = read_yaml(text, file="crossdock.yaml", environ={}, environment_under=()).values
    return json.loads(json.dumps(values, default=float))


def named(text: str) -> str:
    return " ".join(text.partition("rules:")[2].split()) or text.strip()


@pytest.mark.req("R75")
@pytest.mark.parametrize(
    ("rules", "says"), [row[:2] for row in BROKEN], ids=[named(row[0]) for row in BROKEN]
)
def test_a_broken_rule_is_told_in_words_to_mend_it_by(rules: str, says: tuple[str, ...]) -> None:
    assert wrong(rules + HEAD) == list(says)


@pytest.mark.req("R75")
@pytest.mark.parametrize(
    ("rules", "knows"),
    [(row[0], row[2]) for row in BROKEN if "no YAML" not in row[1][0]],
    ids=[named(row[0]) for row in BROKEN if "no YAML" not in row[1][0]],
)
def test_an_editor_knows_by_the_schema_what_needs_no_look_at_the_rest(rules: str, knows: bool) -> None:
    assert EDITOR.is_valid(as_an_editor_reads(rules + HEAD)) is not knows


def test_the_table_has_more_than_sixty_broken_rules_of_which_editors_know_most() -> None:
    assert len({row[0] for row in BROKEN}) == len(BROKEN) >= 60
    assert sum(row[2] for row in BROKEN) >= 60


def test_rules_that_use_everything_are_good_for_the_hub_and_for_an_editor() -> None:
    config = config_of(RICH)

    assert [rule.id for rule in config.rules.rules] == [
        "hold-risky", "score", "split", "heavy", "cheap", "low", "lost", "daily", "often",
    ]  # fmt: skip
    assert [error.message for error in EDITOR.iter_errors(as_an_editor_reads(RICH))] == []
