"""Every rule of the gallery works as its own tests say, and is taken into a file that stays whole."""

from pathlib import Path

import pytest

from core.config.gallery import GalleryRule, gallery, gallery_rule
from core.config.loader import load
from core.config.rule_adding import text_with
from core.domain.rules.trial_words import failing_tests
from core.errors import ConfigError, NotFoundError
from tests.core.rules.files import HEAD, KNOWN, config_of

pytestmark = pytest.mark.req("S30")

NAMES = [rule.name for rule in gallery()]


def rules_of(rule: GalleryRule) -> str:
    return rule.text[rule.text.index("\nrules:\n") + 1 :]


def test_there_are_at_least_twenty_five() -> None:
    assert len(NAMES) >= 25


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_of_the_gallery_does_what_its_own_tests_say(name: str) -> None:
    config = config_of(rules_of(gallery_rule(name)))

    assert config.tests
    assert failing_tests(config) == ()
    assert {rule.id for rule in config.rules.rules} >= {name}
    assert all(test.name.startswith(f"{name}: ") for test in config.tests)


@pytest.mark.parametrize("name", NAMES)
def test_its_tests_would_fail_without_it(name: str) -> None:
    """With another condition and other steps at least one of its tests fails: they are about it."""
    text = rules_of(gallery_rule(name))
    head, _, tests = text.partition("\ntests:\n")
    when = next(line for line in head.splitlines() if line.strip().startswith(("when:", "every:")))
    empty = f"rules:\n  - id: {name}\n{when}\n    then:\n      - stop: true\n      - {{id: fraud, if: 'false', http: {{via: crm, take: {{score: body}}}}}}\n"
    if "fraud" not in head:
        empty = "\n".join(empty.splitlines()[:-1]) + "\n"
    kept = [line for line in tests.splitlines() if "fail:" not in line]

    failing = failing_tests(config_of(empty + "tests:\n" + "\n".join(kept) + "\n"))

    assert failing or name == "leave-prime-alone"


def test_all_of_them_are_taken_into_one_file_one_after_another() -> None:
    text = HEAD
    for name in NAMES:
        text = text_with(config_of(text, head=""), gallery_rule(name))

    config = config_of(text, head="")
    assert text.startswith(HEAD)
    assert [rule.id for rule in config.rules.rules] == [
        "leave-prime-alone",
        *[n for n in NAMES if n != "leave-prime-alone"],
    ]
    assert failing_tests(config) == ()


FILE = (
    HEAD
    + """\
rules: # mine
    # The first of all.
    - id: mine
      when: order.received   # when it comes
      then: [{note: "{{order.number}}"},
             {tag: mine}] # twice

    # - {id: old, when: order.held, then: [{tag: old}]}

boxes: []
# the end"""
)  # fmt: skip
ADDED = """\
    - id: tag-vip
      when: order.received
      if: order.customer.orders != null && order.customer.orders >= 10 # orders before this one
      then:
        - tag: vip
"""


def test_what_is_added_stands_behind_the_last_rule_and_all_else_stays_byte_for_byte() -> None:
    after = text_with(config_of(FILE, head=""), gallery_rule("tag-vip"))

    before, _, behind = after.partition(ADDED)
    assert before == FILE[: FILE.index("\n    # - {id: old")]
    assert behind.startswith(FILE[FILE.index("\n    # - {id: old") :] + "\n\ntests:\n  - name: ")


def test_a_rule_that_goes_first_stands_above_the_first_one() -> None:
    after = text_with(config_of(FILE, head=""), gallery_rule("leave-prime-alone"))

    at = after.index("    - id: leave-prime-alone\n")
    assert after[:at] == FILE[: FILE.index("    - id: mine")]
    assert FILE[FILE.index("    - id: mine") :] in after


@pytest.mark.parametrize("empty", ["rules: []\n", "rules: [] # none yet\n", "rules:   []\n"])
def test_an_empty_list_is_filled_and_its_comment_stays(empty: str) -> None:
    after = text_with(config_of(HEAD + empty + "boxes: []\n", head=""), gallery_rule("tag-vip"))

    assert [rule.id for rule in config_of(after, head="").rules.rules] == ["tag-vip"]
    assert ("# none yet\n" in after) == ("# none yet" in empty)
    assert "\nboxes: []\n" in after


@pytest.mark.parametrize(
    "end",
    [
        "      - note: |\n          hello\n          there\n",
        "      - note: |+\n          hello\n\n\nboxes: []\n",
        "      - note: >-\n          hello\n          you\n\n  # tail\n",
        "      - note: hello\n          you all\n        if: order.units >\n          0\nboxes: []\n",
        '      - note: "hello\n          you" # c\nboxes: []',
        "      - tag: a # b\n      # c\n    # d\n# e\n",
    ],
)
def test_however_the_last_rule_ends_it_stays_what_it_is(end: str) -> None:
    text = f"{HEAD}rules:\n  - id: mine\n    when: order.received\n    then:\n{end}"
    before = config_of(text, head="")

    after = text_with(before, gallery_rule("tag-vip"))

    config, lines = config_of(after, head=""), iter(after.splitlines())
    assert [rule.id for rule in config.rules.rules] == ["mine", "tag-vip"]
    assert config.rules.rules[0].steps[0].said == before.rules.rules[0].steps[0].said
    assert all(any(line == other for other in lines) for line in text.splitlines())
    assert failing_tests(config) == ()


def test_a_file_of_windows_keeps_its_line_ends() -> None:
    text = (HEAD + "rules:\n- {id: mine, when: order.received, then: [{tag: mine}]}\n").replace("\n", "\r\n")

    after = text_with(config_of(text, head=""), gallery_rule("tag-vip"))

    assert after.startswith(text)
    assert after.count("\n") == after.count("\r\n")
    assert [rule.id for rule in config_of(after, head="").rules.rules] == ["mine", "tag-vip"]


def test_letters_of_any_script_do_not_move_the_place() -> None:
    text = (
        HEAD
        + "# Größe, 大きさ 🎁\nrules:\n  - {id: mine, name: Geschenke 🎁, when: order.received, then: [{tag: mine}]}\nboxes: []\n"
    )

    after = text_with(config_of(text, head=""), gallery_rule("tag-vip"))

    assert after.startswith(text.removesuffix("boxes: []\n") + "  - id: tag-vip\n")


def test_names_of_the_gallery_become_those_of_the_file() -> None:
    head = HEAD.replace("  post:", "  parcels:").replace("  west:", "  depot:").replace("  east:", "  annex:")

    routed = text_with(config_of(head, head=""), gallery_rule("route-by-state"))

    assert "route: {to: [depot]}" in routed
    assert "expect: [{route: {to: [annex]}}]" in routed
    assert failing_tests(config_of(routed, head="")) == ()


@pytest.mark.parametrize(
    ("head", "name", "says"),
    [
        (HEAD + "rules:\n  - {id: tag-vip, when: order.received, then: [{tag: vip}]}\n", "tag-vip",
         "crossdock.yaml:13: rule 'tag-vip' is there already"),
        (HEAD.replace(HEAD[HEAD.index("  east:") : HEAD.index("sla:")], ""), "route-by-state",
         "crossdock.yaml: 'route-by-state' needs 2 locations; the file has 1"),
        (HEAD + "rules: [{id: a, when: order.received, then: [{tag: a}]}]\n", "tag-vip",
         "crossdock.yaml:12: rules stands in brackets; write each entry on a line of its own that begins with -"),
        (HEAD + "...\n", "tag-vip",
         "crossdock.yaml: no place for a rule is found; put it there by hand: crossdock rules show tag-vip"),
        (HEAD + "rules: &mine\n  - {id: a, when: order.received, then: [{tag: a}]}\n", "tag-vip",
         "crossdock.yaml: no place for a rule is found; put it there by hand: crossdock rules show tag-vip"),
    ],
)  # fmt: skip
@pytest.mark.req("R75")
def test_a_rule_that_cannot_be_taken_in_is_refused_with_a_sentence(head: str, name: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        text_with(config_of(head, head=""), gallery_rule(name))
    assert str(caught.value) == says


@pytest.mark.req("R75")
def test_a_name_that_the_gallery_has_not_is_told_with_the_nearest() -> None:
    with pytest.raises(NotFoundError, match="did you mean 'tag-vip'"):
        gallery_rule("tag-vib")


def test_the_image_and_the_checkout_have_the_gallery_where_the_code_is() -> None:
    import core.config.gallery

    folder = core.config.gallery.FOLDER
    assert folder.parent == Path(core.config.gallery.__file__).parent
    assert len(list(folder.glob("*.yaml"))) == len(NAMES)


@pytest.mark.req("R75")
def test_a_merchant_of_several_files_has_failing_tests_told_in_their_own_and_takes_rules_in_by_hand(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.yaml").write_text(HEAD, encoding="utf-8")
    rules = "rules: [{id: r, when: order.received, then: [{tag: a}]}]\n"
    tests = "tests:\n  - {name: quiet, when: order.received, expect: []}\n"
    (tmp_path / "b.yaml").write_text(f"version: 1\nmerchant: acme\n{rules}{tests}", encoding="utf-8")

    [config] = load(tmp_path, {}, KNOWN)

    [problem] = failing_tests(config)
    assert str(problem) == f"{tmp_path}/b.yaml:5:49: tests: 'quiet' expected nothing, and got tag"
    with pytest.raises(ConfigError, match="crossdock rules show tag-vip"):
        text_with(config, gallery_rule("tag-vip"))
