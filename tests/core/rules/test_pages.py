"""The pages about rules say what the code knows: nothing is missing, and every example works."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from core.config.explain import model_at, names_of
from core.config.rule_keys import RetryKeys, RuleKeys, StepKeys
from core.config.rule_reader import ACTIONS, ALLOWED, ANYWHERE, CAN_FAIL
from core.config.rule_test_keys import VALUES, GivenKeys, LaterKeys, TestKeys
from core.config.rule_test_reader import NOW
from core.domain.rules.trial_values import LABELLED, STAGE_OF, usual_order
from core.domain.rules.trial_words import failing_tests
from core.expressions.functions import METHODS
from core.expressions.kinds import Kind, ListOf, Nullable, Shape, told
from core.expressions.scope import Scope
from core.model import rule_values as values
from core.model.triggers import Subject, Trigger
from tests.core.rules.files import config_of

pytestmark = pytest.mark.req("S30")

DOCS = Path(__file__).resolve().parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "how-to" / "write-rules.md").read_text(encoding="utf-8")
SHAPES = (
    values.OrderValues,
    values.CustomerValues,
    values.AddressValues,
    values.LineValues,
    values.UnitValues,
    values.PaymentValues,
    values.ParcelValues,
    values.EventValues,
    values.ErrorValues,
    values.StockValues,
    values.ConnectionValues,
    values.CountValues,
)
EXAMPLES = [
    (page, number, text)
    for page, whole in (("reference", REFERENCE), ("how-to", HOW_TO))
    for number, text in enumerate(re.findall(r"```yaml\n(.*?)```", whole, re.DOTALL))
]


def kind_of(kind: Kind) -> str:
    match kind:
        case Nullable(of=of):
            return f"{kind_of(of)} or null"
        case ListOf(of=Shape(name=name)):
            return f"list of {name.removesuffix('Values').lower()}s"
        case ListOf():
            return "list of texts"
        case Shape(name=name):
            return name.removesuffix("Values").lower()
        case _:
            return told(kind)


def tables() -> list[list[str]]:
    """Return the rows of each table of the reference."""
    return [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", REFERENCE, re.MULTILINE)]


@pytest.mark.parametrize("subject", [Subject.ORDER, Subject.STOCK, Subject.CONNECTION])
def test_the_page_lists_every_trigger_and_no_other(subject: Subject) -> None:
    rows = [f"| `{one.value}` | {one.words} |" for one in Trigger if one.subject is subject]

    assert ["| trigger | when |", "|---|---|", *rows] in tables()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_page_lists_every_value_and_no_other(shape: type[BaseModel]) -> None:
    kinds = Scope.of({"it": shape}).variables["it"]
    assert isinstance(kinds, Shape)
    wanted = [f"| `{name}` | {kind_of(kind)} |" for name, kind in kinds.fields.items()]
    says = [
        (field.description or "").replace("<", "&lt;").replace(">", "&gt;")
        for field in shape.model_fields.values()
    ]

    [found] = [
        rows[2:] for rows in tables() if [row.rpartition(" | ")[0] + " |" for row in rows[2:]] == wanted
    ]

    assert all(
        row.endswith(" |") and text in row and row != f"{start}  |"
        for row, start, text in zip(found, wanted, says, strict=True)
    )


def test_the_page_lists_every_action_its_keys_and_what_it_is_about() -> None:
    [rows] = [rows[2:] for rows in tables() if rows[0].startswith("| action |")]
    found = {row.split("`")[1]: [cell.strip() for cell in row.split(" | ")] for row in rows}

    assert list(found) == list(ACTIONS)
    for action, (_, _, keys, about) in found.items():
        model = model_at(StepKeys, (action,))
        assert re.findall(r"`([a-z]+)`", keys.replace("`true`", "")) == (names_of(model) if model else [])
        subjects = [subject.value for subject, allowed in ALLOWED.items() if action in allowed]
        assert about.removesuffix(" |") == ("everything" if action in ANYWHERE else ", ".join(subjects))


def test_the_page_says_which_actions_may_fail() -> None:
    for key, right in CAN_FAIL.items():
        [row] = [line for line in REFERENCE.splitlines() if line.startswith(f"| `{key}` | ")]
        assert re.findall(r"`([a-z]+)`", row.rpartition(" | ")[2]) == sorted(right)


@pytest.mark.parametrize("keys", [RuleKeys, RetryKeys, TestKeys, LaterKeys, GivenKeys])
def test_the_page_names_every_key(keys: type[BaseModel]) -> None:
    named = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", REFERENCE))))

    assert set(names_of(keys)) - named == set()
    assert set(VALUES) - named == set()


def test_the_page_shows_expressions_of_functions_that_there_are() -> None:
    section = REFERENCE[REFERENCE.index("## Expressions") : REFERENCE.index("## Values")]
    shown = set(re.findall(r"\.([a-zA-Z]+)\(", section))

    assert shown - {"exists", "all"} <= set(METHODS)


@pytest.mark.parametrize(("page", "number", "text"), EXAMPLES)
def test_every_example_is_valid_and_its_tests_come_out_as_they_say(page: str, number: int, text: str) -> None:
    assert failing_tests(config_of(text)) == ()


def test_the_failing_test_on_the_page_fails_in_these_words() -> None:
    rules = "rules: [{id: r, when: order.verified, then: [{hold: no}]}]\n"
    tests = "tests: [{name: a small order, when: order.verified, expect: []}]\n"

    [problem] = failing_tests(config_of(rules + tests))

    assert problem.says in REFERENCE


def test_what_is_usual_is_what_the_page_says() -> None:
    config = config_of("rules: []\n")

    order = usual_order(config, Trigger.ORDER_VERIFIED, {}, NOW)

    assert NOW.isoformat() == "2026-01-05T12:00:00+00:00"
    assert set(order) == set(values.OrderValues.model_fields)
    assert values.OrderValues.model_validate(order).stage == "ready"
    assert (order["id"], order["number"], order["channel"]) == ("shop:1001", "1001", "shop")
    assert (str(order["placed_at"]), order["hours"], order["minutes"]) == ("2026-01-05 11:00:00+00:00", 1, 0)
    assert (order["total"], order["currency"], order["shipping"], order["discount"]) == (50, "USD", 0, 0)
    assert [(one["sku"], one["qty"], one["price"]) for one in order["lines"]] == [("SKU-1", 1, 50)]
    assert [(one["sku"], one["units"], one["location"], one["weight_g"]) for one in order["items"]] == [
        ("SKU-1", 1, "west", 500)
    ]
    assert (order["units"], order["weight_g"], order["skus"], order["locations"]) == (
        1,
        500,
        ["SKU-1"],
        ["west"],
    )
    assert (order["method"], order["risk"], order["risk_level"]) == ("Standard", 0, "none")
    assert order["customer"] == {"orders": 1}
    assert (order["ship_to"]["country"], order["ship_to"]["state"], order["ship_to"]["complete"]) == (
        "US",
        "CA",
        True,
    )
    assert (order["payment"]["state"], order["payment"]["paid"], order["payment"]["gateways"]) == (
        "verified",
        50,
        ["card"],
    )
    assert (order["parcels"], order["holds"], order["tags"], order["lacking"], order["programs"]) == (
        [],
        [],
        [],
        [],
        [],
    )


def test_what_is_usual_follows_the_trigger_and_what_is_given() -> None:
    config = config_of("rules: []\n")

    def order(trigger: Trigger, **given: object) -> dict[str, object]:
        return usual_order(config, trigger, {"order": given}, NOW)

    assert order(Trigger.ORDER_RECEIVED)["stage"] == "awaiting_payment"
    assert (order(Trigger.ORDER_HELD)["stage"], order(Trigger.ORDER_HELD)["holds"]) == (
        "on_hold",
        ["by_rule"],
    )
    assert order(Trigger.ORDER_STUCK)["minutes"] == 240
    [parcel] = usual_order(config, Trigger.PARCEL_FAILED, {}, NOW)["parcels"]
    assert (parcel["carrier"], parcel["service"], parcel["price"], parcel["tracking"]) == (
        "USPS",
        "GroundAdvantage",
        8,
        "failure",
    )
    assert order(Trigger.ORDER_VERIFIED, risk=75)["risk_level"] == "high"
    assert order(Trigger.ORDER_VERIFIED, risk_level="medium")["risk"] == 65
    lines = order(Trigger.ORDER_VERIFIED, lines=[{"sku": "MUG", "qty": 2}, {"sku": "CUP", "qty": 1}])
    assert (lines["total"], lines["units"], lines["skus"], lines["weight_g"]) == (
        150,
        3,
        ["CUP", "MUG"],
        1500,
    )
    stages = str(values.OrderValues.model_fields["stage"].description).split(", ")
    assert {*STAGE_OF.values(), *LABELLED} <= set(stages)


def test_every_trigger_about_an_order_gives_an_order_that_rules_can_look_at() -> None:
    config = config_of("rules: []\n")
    for trigger in (one for one in Trigger if one.subject is Subject.ORDER):
        values.OrderValues.model_validate(usual_order(config, trigger, {}, NOW))
