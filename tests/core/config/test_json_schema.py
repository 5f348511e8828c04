"""The schema that editors complete and check crossdock.yaml by."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

import assembly
import cli
from commands.schema import installed_schema
from core.config.json_schema import Installed, json_schema
from core.config.schema import FileKeys
from core.model.triggers import Trigger
from tests.core.config.test_broken_rules import EDITOR, as_an_editor_reads
from tests.core.config.test_mistakes import GOOD, VALUES, changed

ROOT = Path(__file__).resolve().parents[3]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "connectors").glob("*/README.md")),
]
KEYS = frozenset(FileKeys.model_fields)
SCHEMA: Any = installed_schema()


def faults(text: str) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in EDITOR.iter_errors(as_an_editor_reads(text))]


def examples() -> Iterator[tuple[str, str]]:
    """Yield the examples of the pages that are a part of a crossdock.yaml."""
    for page in PAGES:
        for code in re.findall(
            r"^ *```yaml\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        ):
            indent = min(len(line) - len(line.lstrip()) for line in code.splitlines() if line.strip())
            text = "".join(f"{line[indent:]}\n" for line in code.splitlines())
            first = text.lstrip().partition(":")[0].strip("- ")
            if first in KEYS:
                yield page.relative_to(ROOT).as_posix(), text


def test_it_is_a_schema_of_the_dialect_that_it_names() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(SCHEMA["properties"]) == KEYS


@pytest.mark.parametrize("file", ["crossdock.example.yaml"])
def test_the_example_fits(file: str) -> None:
    assert faults((ROOT / file).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("page", "text"), list(examples()), ids=lambda value: value if value.endswith(".md") else ""
)
def test_every_example_of_the_pages_fits(page: str, text: str) -> None:
    whole = text if "version:" in text else f"version: 1\n{text}"

    assert faults(whole) == [], page


def test_the_pages_have_examples() -> None:
    assert len(list(examples())) >= 7


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "version: 2"),
        ("version: 1\n", ""),
        ("merchant: acme", "merchant: Acme Inc"),
        ("boxes:", "boxs:"),
        ("use: shopify", "use: shopfy"),
        ("{store: acme.myshopify.com}", "{stor: acme.myshopify.com}"),
        ("    with: {store: acme.myshopify.com}\n", ""),
        ("threads: 4", "threads: 400"),
        ('{key: "${STRIPE_KEY}"}', '{key: "${STRIPE_KEY}", endpoints: {admin: "http://x"}}'),
        ('{key: "${STRIPE_KEY}"}', '{key: "${STRIPE_KEY}", endpoints: {api: x}}'),
        ('zip: "02139"', "zip: 12345"),
        ("country: US", "country: USA"),
        ("[mon, tue]", "[monday]"),
        ('"2026-12-25"', '"25.12.2026"'),
        ('cutoff: "15:00"', "cutoff: 3pm"),
        ("labels: auto", "labels: always"),
        ("grace: 30m", "grace: 30"),
        ("grace: 30m", "grace: 30 minutes"),
        ("Standard: 5", "Standard: 0"),
        ("[UPS Ground]", "[UPSGround]"),
        ("hold: 48h", "stages: {waiting: 4h}"),
        ("buffer: {shop: 1}", "buffer: 1"),
        ("[300, 230, 40]", "[300, 230]"),
        ("max_g: 1000", "max_g: 1 kg"),
        ("max: 40.00", "max: -1"),
        ("max: 40.00", "max: 40 USD"),
    ],
)  # fmt: skip
def test_what_a_schema_can_know_is_refused(old: str, new: str) -> None:
    assert faults(changed(old, new)) != []


def test_it_refuses_most_of_what_people_mistake_and_nothing_that_is_good() -> None:
    known = 0
    for old, new, _ in VALUES:
        known += bool(faults(changed(old, new)))

    assert faults(GOOD) == []
    assert known >= len(VALUES) // 2


# --- what an editor shows ---


def described(schema: Mapping[str, Any], at: str = "$") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, about in schema.get("properties", {}).items():
        yield f"{at}.{key}", about


def test_every_key_is_described_in_plain_words_and_in_markdown() -> None:
    parts = {"$": SCHEMA, **SCHEMA["$defs"]}
    silent = [
        where
        for name, part in parts.items()
        for where, about in described(part, name)
        if not about.get("description") or not about.get("markdownDescription")
    ]

    assert silent == []


def test_closed_lists_have_words_for_each_name() -> None:
    triggers = SCHEMA["$defs"]["Trigger"]

    assert triggers["enum"] == [trigger.value for trigger in Trigger]
    assert triggers["enumDescriptions"] == [trigger.words for trigger in Trigger]
    assert [
        key
        for key in connectors()
        if key not in SCHEMA["$defs"]["ConnectionKeys"]["properties"]["use"]["enum"]
    ] == []


def connectors() -> Mapping[str, type[BaseModel]]:
    return {key: connector.settings for key, connector in assembly.connectors().items()}


def test_lengths_of_time_are_shown_as_the_file_writes_them() -> None:
    location, rules = (SCHEMA["$defs"][name]["properties"] for name in ("LocationKeys", "RetryKeys"))

    assert (location["grace"]["default"], rules["max"]["default"]) == ("30m", "10m")


def test_no_usual_value_of_a_secret_is_told() -> None:
    assert "**" not in json.dumps(
        {name: part for name, part in SCHEMA["$defs"].items() if name.startswith("with_")}
    )


def test_it_knows_the_connectors_that_are_installed_and_no_others() -> None:
    class Settings(BaseModel):
        colour: str
        """Which one."""

    found = json_schema({"paint": Installed(Settings, "Paint")})

    editor = Draft202012Validator(found)
    good = {"version": 1, "connections": {"wall": {"use": "paint", "with": {"colour": "red"}}}}
    assert editor.is_valid(good)
    assert not editor.is_valid({"version": 1, "connections": {"wall": {"use": "paint", "with": {}}}})
    assert not editor.is_valid({"version": 1, "connections": {"shop": {"use": "shopify"}}})


# --- the command ---


def test_the_command_prints_it_or_writes_it_to_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "crossdock.schema.json"

    assert cli.main(["schema", "--output", str(file)]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["schema"]) == 0

    assert json.loads(capsys.readouterr().out) == json.loads(file.read_text(encoding="utf-8")) == SCHEMA


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema", "--output", str(tmp_path / "none" / "x.json")]) == 1
    assert capsys.readouterr().err.strip().endswith("x.json: cannot be written (No such file or directory)")
