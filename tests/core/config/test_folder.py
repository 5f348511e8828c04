"""A folder of files: parts of one merchant's configuration, or of several merchants'; every error names its own file."""

from pathlib import Path

import pytest

from core.config import load
from core.config.joined import joined
from core.config.merchant import MerchantConfig
from core.config.problems import ConfigFileError
from core.config.rule_reader import rules_of_text
from core.config.texts import digest_of, texts_of
from core.config.yaml_text import read_yaml
from core.domain.rules.trial_words import failing_tests
from core.errors import ConfigError
from tests.core.config.test_mistakes import ENVIRON, GOOD, KNOWN

_HEAD = "version: 1\n"
PARTS = {
    "a-connections.yaml": GOOD[: GOOD.index("locations:")],
    "b-places.yaml": _HEAD + GOOD[GOOD.index("locations:") : GOOD.index("sla:")],
    "c-promises.yaml": _HEAD + GOOD[GOOD.index("sla:") : GOOD.index("rules:")],
    "d-rules.yaml": _HEAD + GOOD[GOOD.index("rules:") :],
}
MORE = {
    "e-more.yaml": """\
version: 1
sla: {promise: {Express: 2}, stages: {on_hold: 4h}}
stock: {MUGS-*: {low: 2}}
boxes: [{id: L, inner_mm: [520, 360, 150], tare_g: 450, max_g: 15000}]
rules:
  - {id: late, when: order.stuck, if: order.hours > 24, then: [{tag: late}]}
""",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def loaded(folder: Path) -> tuple[MerchantConfig, ...]:
    return load(folder, ENVIRON, KNOWN)


def wrong(folder: Path) -> list[str]:
    with pytest.raises(ConfigFileError) as refused:
        loaded(folder)
    return [str(problem).removeprefix(f"{folder}/") for problem in refused.value.problems]


def test_the_files_of_a_folder_are_parts_of_one_configuration(tmp_path: Path) -> None:
    (config,) = loaded(write(tmp_path, PARTS | MORE))

    assert config.merchant == "acme"
    assert list(config.connections) == ["shop", "pay", "post", "mail"]
    assert list(config.locations) == ["boston", "toronto"]
    assert config.promises == {"Standard": 5, "*": 7, "Express": 2}
    assert [rule.pattern for rule in config.stock] == ["default", "SOCKS-*", "MUGS-*"]
    assert [box.box_id for box in config.boxes] == ["MAILER", "L"]
    assert [rule.id for rule in config.rules.rules] == ["ship", "late"]
    assert config.file == ", ".join(str(tmp_path / name) for name in [*PARTS, *MORE])


def test_a_rule_says_which_file_it_stands_in(tmp_path: Path) -> None:
    (config,) = loaded(write(tmp_path, PARTS | MORE))

    assert [config.rules.where(rule) for rule in config.rules.rules] == [
        "d-rules.yaml:3:5",
        "e-more.yaml:6:5",
    ]


def test_several_merchants_share_a_folder_where_each_file_says_whose_it_is(tmp_path: Path) -> None:
    bolt = GOOD.replace("merchant: acme", "merchant: bolt")
    own = {name: text.replace(_HEAD, f"{_HEAD}merchant: acme\n", 1) for name, text in PARTS.items()}
    own["a-connections.yaml"] = PARTS["a-connections.yaml"]

    configs = loaded(write(tmp_path, own | {"bolt.yaml": bolt}))

    assert [(config.merchant, len(config.rules.rules)) for config in configs] == [("acme", 1), ("bolt", 1)]


def test_each_folder_in_the_folder_is_one_merchants(tmp_path: Path) -> None:
    bolt = GOOD.replace("merchant: acme", "merchant: bolt")
    files = {f"acme/{name}": text for name, text in PARTS.items()} | {"bolt/all.yaml": bolt}
    hidden = {".git/x.yaml": "no: {", "acme/.old/y.yaml": "no: {"}
    (tmp_path / "acme").mkdir()

    configs = loaded(write(tmp_path, files | hidden))

    assert [config.merchant for config in configs] == ["acme", "bolt"]
    assert configs[1].text == bolt


@pytest.mark.req("R75")
def test_every_error_names_the_file_that_it_stands_in(tmp_path: Path) -> None:
    broken = PARTS | MORE
    broken["c-promises.yaml"] = broken["c-promises.yaml"].replace("shop: 1", "shpo: 1")
    broken["d-rules.yaml"] = broken["d-rules.yaml"].replace("via: post", "via: posd")
    broken["e-more.yaml"] = (
        broken["e-more.yaml"]
        .replace("order.hours", "order.hour")
        .replace("{tag: late}", "{tag: late, tga: x}")
        .replace("max_g: 15000", "max_g: 15 kg")
    )

    assert wrong(write(tmp_path, broken)) == [
        "c-promises.yaml:7:22: buffer: no connection is named 'shpo'; did you mean 'shop'?",
        "d-rules.yaml:5:26: via: no connection is named 'posd'; did you mean 'post'?",
        "e-more.yaml:4:64: max_g: a whole number is wanted; write 15000 (grams)",
        "e-more.yaml:6:45: if: order has no 'hour'; did you mean 'hours'?",
        "e-more.yaml:6:75: unknown key 'tga' in rules[0].then[0]; did you mean 'tag'?",
    ]


@pytest.mark.req("R75")
def test_a_name_that_two_files_give_is_refused_at_the_second_which_names_the_first(tmp_path: Path) -> None:
    twice = """\
version: 1
merchant: acme
connections: {post: {use: easypost, with: {key: "${EASYPOST_KEY}"}}}
sla: {hold: 24h, promise: {Standard: 3}}
stock: {default: {low: 9}}
boxes: [{id: MAILER, inner_mm: [1, 1, 1], tare_g: 1, max_g: 2}]
rules: [{id: ship, when: order.ready, then: [{note: x}]}]
"""
    write(tmp_path, PARTS | {"z.yaml": twice})

    assert wrong(tmp_path) == [
        f"z.yaml:3:15: connections: 'post' is given twice; first in {tmp_path}/a-connections.yaml:11",
        f"z.yaml:4:7: sla: 'hold' is given twice; first in {tmp_path}/c-promises.yaml:5",
        f"z.yaml:4:28: sla.promise: 'Standard' is given twice; first in {tmp_path}/c-promises.yaml:3",
        f"z.yaml:5:9: stock: 'default' is given twice; first in {tmp_path}/c-promises.yaml:7",
        f"z.yaml:6:14: id: box 'MAILER' is given twice; first in {tmp_path}/c-promises.yaml:10",
        f"z.yaml:7:14: id: rule 'ship' is given twice; first in {tmp_path}/d-rules.yaml:3",
    ]


@pytest.mark.req("R75")
@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"e.yaml": "boxes: []\n"}, ["e.yaml:1:1: 'version' is missing; every file begins with version: 1"]),
        ({"e.yaml": "version: 2\n"}, ["e.yaml:1:10: version: '2' is not known here; write version: 1"]),
        ({"e.yaml": "version: 1\nrules: {}\n"},
         ["e.yaml:2:8: rules: a list is wanted here, as in {}/d-rules.yaml:3"]),
        ({"e.yaml": "version: 1\nstock: []\n"},
         ["e.yaml:2:8: stock: names and values are wanted here, as in {}/c-promises.yaml:7"]),
        ({"e.yaml": "version: 1\nrule: []\n"}, ["e.yaml:2:1: unknown key 'rule'; did you mean 'rules'?"]),
        ({"e.yaml": "- version: 1\n"},
         ["e.yaml:1:1: names and values are wanted here: the file begins with version: 1"]),
        ({"e.yml": "version: 1\n"}, ["e.yml:1:1: only .yaml files are read; rename this one to e.yaml"]),
        # What a file that cannot be read would have said is not missed elsewhere.
        ({"a-connections.yaml": "version: 1\nmerchant: acme\nconnections: {\n"},
         ["a-connections.yaml:3:14: this is no YAML: the '{{' that opens here is not closed"]),
        ({"bolt.yaml": GOOD.replace("acme", "bolt").replace("use: shopify", "use: shopfy")},
         [("b-places.yaml:1:1: this file does not say whose it is, and several merchants' lie here; "
          "write merchant: acme, or merchant: bolt"),
          ("c-promises.yaml:1:1: this file does not say whose it is, and several merchants' lie here; "
          "write merchant: acme, or merchant: bolt"),
          ("d-rules.yaml:1:1: this file does not say whose it is, and several merchants' lie here; "
          "write merchant: acme, or merchant: bolt")]),
        ({"more/acme.yaml": GOOD}, ["more/acme.yaml:2:11: merchant 'acme' has files in {} already; keep all in one folder"]),
        ({"bolt/a.yaml": GOOD.replace("acme", "bolt"), "bolt/b.yaml": "version: 1\nmerchant: cray\n"},
         ["bolt/b.yaml:2:11: {}/bolt/a.yaml says merchant: bolt, and a folder in a folder is one merchant's",
          "bolt/b.yaml:1:1: 'connections' is missing", "bolt/b.yaml:1:1: 'locations' is missing"]),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_the_others_is_told(
    tmp_path: Path, files: dict[str, str], says: list[str]
) -> None:
    found = wrong(write(tmp_path, PARTS | files))

    assert sorted(found) == sorted(line.format(tmp_path) for line in says)


def test_a_file_too_deep_to_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    write(tmp_path, {"acme/a.yaml": GOOD, "acme/rules/b.yaml": "version: 1\n"})

    assert wrong(tmp_path) == [
        f"acme/rules/b.yaml:1:1: this lies too deep to be read; put it into {tmp_path}/acme, one folder for each merchant"
    ]


def test_a_folder_without_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    with pytest.raises(ConfigError, match=r"no \.yaml file lies in this folder$"):
        loaded(tmp_path)


# --- what the store keeps ---


def test_runs_that_began_under_older_files_find_the_rules_of_all_of_them(tmp_path: Path) -> None:
    (config,) = loaded(write(tmp_path, PARTS | MORE))

    found = rules_of_text(config.text, digest=config.digest)

    assert found is not None
    assert [rule.id for rule in found.rules] == ["ship", "late"]
    assert [found.where(rule) for rule in found.rules] == ["d-rules.yaml:3:5", "e-more.yaml:6:5"]
    assert found.digest == config.rules.digest == config.digest == digest_of(config.text)


@pytest.mark.parametrize("name", [*PARTS, *MORE])
def test_the_digest_depends_on_every_file(tmp_path: Path, name: str) -> None:
    files = PARTS | MORE
    (before,) = loaded(write(tmp_path, files))
    (tmp_path / name).write_text(files[name] + "# a word\n")
    (after,) = loaded(tmp_path)

    assert before.digest != after.digest
    assert dict(texts_of(after.text)) == files | {name: files[name] + "# a word\n"}


def test_a_single_file_is_kept_as_it_stands_wherever_it_lies(tmp_path: Path) -> None:
    file, folder = tmp_path / "crossdock.yaml", tmp_path / "conf"
    file.write_text(GOOD)
    folder.mkdir()
    (folder / "acme.yaml").write_text(GOOD)

    assert [load(path, ENVIRON, KNOWN)[0].text for path in (file, folder)] == [GOOD, GOOD]


def test_texts_of_any_kind_are_kept_apart() -> None:
    odd = [
        "%YAML 1.2\n---\nversion: 1\n",
        "---\nversion: 1\n...\n",
        "version: 1\nrules: []\n# ---\n\t\n'\"\\",
    ]

    for text in odd:
        assert texts_of(text) == [("crossdock.yaml", text)]
    documents = [read_yaml(t, file=str(n), environ={}, environment_under=()) for n, t in enumerate(odd[:2])]
    assert joined(documents).values == {"version": 1}


@pytest.mark.parametrize(
    "text", ["", "version 1", "0", "- a", "{", '{"files": [', '{"files": [["a.yaml", "0"], ["b.yaml", "1"]]}']
)
def test_a_stored_text_that_no_version_can_read_gives_no_rules(text: str) -> None:
    assert rules_of_text(text, digest="x") is None


def test_a_test_of_rules_that_fails_is_told_in_its_own_file(tmp_path: Path) -> None:
    tests = "version: 1\ntests:\n  - {name: it is tagged, when: order.stuck, given: {order: {hours: 3}}, expect: [tag]}\n"
    (config,) = loaded(write(tmp_path, PARTS | MORE | {"t.yaml": tests}))

    (failing,) = failing_tests(config)

    assert (failing.file, failing.at.line) == (str(tmp_path / "t.yaml"), 3)
