"""The documents say what is so: their commands exist, their tables are complete, their links lead somewhere."""

import argparse
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel

import assembly
import cli
from core import errors
from core.config.loader import load
from core.config.schema import BoxKeys, CommonWith, ConnectionKeys, FileKeys, LocationKeys, SlaKeys, StockKeys
from core.domain.state import Stage
from core.model.failures import Failure
from core.model.holds import Hold
from core.model.shipment import RateReason
from core.ports import Fence
from web.problems import status_of

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "connectors").glob("*/README.md")])

ENVIRONMENT = {
    "STRIPE_KEY": "sk_test_of_the_example",
    "STRIPE_WEBHOOK_SECRET": "whsec_of_the_example",
    "EASYPOST_KEY": "EZTK_of_the_example",
    "EASYPOST_WEBHOOK_SECRET": "of the example",
    "SMTP_URL": "smtp://127.0.0.1:2525",
}
# For demonstrations and tests only.
INSIDE = {"CROSSDOCK_CLOCK", "CROSSDOCK_FAILPOINT", "CROSSDOCK_NEW_KEY", "CROSSDOCK_LOG"}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def table(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading, without its head."""
    after = page.split(heading, 1)[1]
    rows = [line for line in after.split("\n#", 1)[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[2:]]


def first_words(page: str, heading: str) -> set[str]:
    return {row[0].strip("`") for row in table(page, heading)}


# --- commands ---


def commands(page: str) -> Iterator[str]:
    """Yield every ``crossdock ...`` that a page gives as code."""
    for code in re.findall(r"```.*?\n(.*?)```", page, re.DOTALL):
        yield from re.findall(r"^\s*\.venv/bin/crossdock (.+)$", code, re.MULTILINE)
    yield from re.findall(r"`crossdock ([^`]+)`", page)


def verbs() -> Mapping[str, argparse.ArgumentParser]:
    (action,) = [a for a in cli.parser()._actions if isinstance(a, argparse._SubParsersAction)]
    choices: Mapping[str, argparse.ArgumentParser] = action.choices
    return choices


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_of_a_page_is_one_that_crossdock_knows(page: Path) -> None:
    for command in set(commands(text_of(page))) - set(verbs()):
        try:
            cli.parser().parse_args(shlex.split(command.replace("\\|", "|").replace("|", "")))
        except SystemExit as ended:
            if ended.code:
                pytest.fail(f"crossdock {command}")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_of_a_page_stands_in_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))

    named = set(re.findall(r"(?:^|`)make ([a-z]+)", text_of(page), re.MULTILINE))

    assert named - targets == set()


def test_the_readme_gives_the_two_commands() -> None:
    assert {"make demo", "make test"} <= set(text_of(ROOT / "README.md").splitlines())


def test_the_page_of_commands_names_every_verb_choice_and_option() -> None:
    page = text_of(DOCS / "reference" / "commands.md")

    for verb, words in verbs().items():
        assert f"`crossdock {verb}" in page
        for action in words._actions:
            for option in action.option_strings:
                assert option in {"-h", "--help"} or f"`{option}" in page, f"{verb} {option}"
            if not action.option_strings:
                missing = [
                    c for c in action.choices or () if c != "list" and f"crossdock {verb} {c}" not in page
                ]
                assert missing == [], verb


# --- configuration ---


def test_the_example_is_a_valid_file() -> None:
    known = {key: connector.settings for key, connector in assembly.connectors().items()}

    (config,) = load(ROOT / "crossdock.example.yaml", ENVIRONMENT, known)

    assert config.merchant == "acme"
    assert list(config.connections) == ["shop", "amz", "pay", "post", "mail"]
    assert config.promise("Next week") == 5
    assert config.buffer("SOCKS-CHEF", "amz") == 4
    assert config.low("SOCKS-CHEF") == 3


def keys_of(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


@pytest.mark.parametrize(
    "keys", [FileKeys, ConnectionKeys, CommonWith, LocationKeys, SlaKeys, StockKeys, BoxKeys]
)
def test_the_page_of_configuration_names_every_key(keys: type[BaseModel]) -> None:
    page = text_of(DOCS / "reference" / "configuration.md")
    named = {name for quoted in re.findall(r"`([^`]+)`", page) for name in re.split(r"[.\[\]<>]+", quoted)}

    assert [key for key in keys_of(keys) if key not in named] == []


def test_the_page_of_configuration_names_what_every_connector_reads() -> None:
    page = text_of(DOCS / "reference" / "configuration.md")

    for key, connector in assembly.connectors().items():
        for name in (*keys_of(connector.settings), *connector.app_keys):
            assert f"`{name}`" in page, f"{key}: {name}"


def test_the_page_of_configuration_names_every_variable_of_the_environment() -> None:
    page = text_of(DOCS / "reference" / "configuration.md")
    code = [*(ROOT / "core").rglob("*.py"), *(ROOT / "web").rglob("*.py"), *ROOT.glob("*.py")]
    read = {name for path in code for name in re.findall(r'"(CROSSDOCK_[A-Z_]+[A-Z])"', text_of(path))}

    assert {name for name in read - INSIDE if f"`{name}`" not in page} == set()


# --- words ---


def test_the_page_of_errors_names_every_error_and_its_answer() -> None:
    page = text_of(DOCS / "reference" / "errors.md")
    tree = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.HubError)
    }

    told = {row[0].strip("`"): row[3] for row in table(page, "# Errors")}

    assert set(told) == set(tree)
    for name, answer in told.items():
        assert answer == str(int(status_of(tree[name].__new__(tree[name])))), name


@pytest.mark.case("F1")
def test_the_page_of_errors_says_of_each_failure_what_happens_next() -> None:
    page = text_of(DOCS / "reference" / "errors.md")

    told = [(row[0], row[2]) for row in table(page, "## At whom it failed")]

    assert told == [(failure.words, failure.then) for failure in Failure]


def test_the_glossary_knows_every_stage_hold_rate_reason_and_fence() -> None:
    page = text_of(DOCS / "glossary.md")

    assert first_words(page, "## Where an order stands") == set(Stage)
    assert first_words(page, "## Why an order is held") == set(Hold)
    assert first_words(page, "## Why a rate was not chosen") == set(RateReason)
    assert all(f"`{fence}`" in page for fence in Fence)


def test_the_glossary_says_which_holds_a_person_may_release() -> None:
    page = text_of(DOCS / "glossary.md")

    released = {
        row[0].strip("`") for row in table(page, "## Why an order is held") if "a person releases" in row[1]
    }

    assert released == {hold.value for hold in Hold if hold.overrulable}


# --- links ---


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(page))

    ours = [link for link in links if "://" not in link and not link.startswith("mailto:")]

    assert [link for link in ours if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", sorted((DOCS / "adr").glob("*.md")), ids=name_of)
def test_a_decision_has_context_decision_and_consequence_in_a_dozen_lines(page: Path) -> None:
    text = text_of(page)

    assert re.match(r"# \d+\. ", text)
    assert int(text[2:].split(".")[0]) == int(page.name[:4])
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "Consequence"]
    assert len(text.splitlines()) <= 12
