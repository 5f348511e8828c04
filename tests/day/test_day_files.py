"""A day file is read whole or not at all: each mistake is told with file, line, column and the nearest right name."""

from pathlib import Path

import pytest
import yaml

from core.model.holds import Hold
from day.day import day_of, load_day
from day.located_yaml import DayError
from demo import DAYS, KENDRA
from tests.contracts import contracts

WORDS = KENDRA.read_text(encoding="utf-8")


def mistakes_of(words: str) -> list[str]:
    with pytest.raises(DayError) as told:
        day_of(words, "day.yaml").check_holds(list(Hold))
    return str(told.value).splitlines()


def place_of(words: str, text: str) -> str:
    before = words[: words.index(text)]
    return f"day.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def changed(old: str, new: str) -> str:
    assert old in WORDS
    return WORDS.replace(old, new, 1)


@pytest.mark.parametrize("file", sorted(DAYS.glob("*.yaml")), ids=lambda f: f.stem)
def test_every_day_of_ours_is_right(file: Path) -> None:
    day = load_day(file)

    assert day.acts[-1].until.isoformat() == day.data["clock"]["end"]
    assert [look["id"] for look in day.data["then"]["checkpoints"]] == [each.name for each in day.checkpoints]


def test_the_days_order_of_things_is_kept() -> None:
    day = load_day(KENDRA)

    assert len(day.events) == 27
    assert [act.name for act in day.acts] == ["I", "II", "III"]
    assert list(day.orders)[:3] == ["KK-1000", "KK-1001", "112-4000001-0000001"]
    assert day.act_of(day.acts[0].until) == "I"
    assert day.act_of(day.events[-1].at) == "III"


@pytest.mark.parametrize("part", ["clock", "acts", "looks", "config", "given", "when", "faults", "then"])
def test_our_kendra_day_is_the_golden_one(part: str) -> None:
    file = contracts().parent / "golden" / "kendra_day.yaml"
    if not file.exists():
        pytest.skip("the golden day does not lie beside the contracts")
    golden = yaml.safe_load(file.read_text(encoding="utf-8"))

    assert yaml.safe_load(WORDS)[part] == golden[part]


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("connect: [shop,", "conect: [shop,", "conect", "there is no verb conect; did you mean connect?"),
        ("method: Standard", "metod: Standard", "metod", "there is no metod here; did you mean method?"),
        ("listing: KK-SOCKS-2PK, qty", "listing: KK-SOCKS-2PX, qty", "KK-SOCKS-2PX, qty",
         "there is no listing of Amazon KK-SOCKS-2PX; did you mean KK-SOCKS-2PK?"),
        ("qty: 1, price: 12900", "qty: 1, price: 129.00", "129.00",
         "this must be a whole number (money in minor units), not 129.0"),
        ("qty: 1, price: 12900", "qty: 0, price: 12900", "0, price: 12900", "this must be at least 1, not 0"),
        ('at: "2026-11-30T08:00:00-08:00"', "at: 2026-11-30T08:00:00-08:00", "2026-11-30T08:00:00-08:00\n    place",
         'an instant is written in quotes, as in "2026-11-30T07:00:00-08:00", not 2026-11-30 08:00:00-08:00'),
        ('at: "2026-11-30T08:00:00-08:00"', 'at: "2026-11-30T08:00:00"', '"2026-11-30T08:00:00"',
         "2026-11-30T08:00:00 lacks its offset, as in 2026-11-30T08:00:00-08:00"),
        ("accept: all}", "accept: everything}", "everything}", "accept says all, or a map with actions and connections"),
        ("release: {order: KK-1000}", "release: {order: KK-1000X}", "KK-1000X}",
         "there is no order placed so far: KK-1000X; did you mean KK-1000?"),
        ("kind: throttle", "kind: throtle", "throtle", "throtle is no kind of fault; did you mean throttle?"),
        ("to: UNSHIPPED", "to: UNSHIPED", "UNSHIPED", "UNSHIPED is no status; did you mean UNSHIPPED?"),
        ("  easton: {SKILLET-12: 2", "  eastn: {SKILLET-12: 2", "eastn: {", "there is no location eastn; did you mean easton?"),
        ("holds: [before_go_live]", "holds: [before_golive]", "before_golive]",
         "there is no hold before_golive; did you mean before_go_live?"),
        ("outcome: shipped_elsewhere", "outcome: shiped_elsewhere", "shiped_elsewhere",
         "there is no outcome shiped_elsewhere; did you mean shipped_elsewhere?"),
        ("format: day/1", "format: day/2", "day/2", "day/2 is no format this player knows; did you mean day/1?"),
    ],
)  # fmt: skip
def test_a_mistake_says_where_it_is_and_what_would_be_right(old: str, new: str, at: str, says: str) -> None:
    words = changed(old, new)

    assert f"{place_of(words, at)}: {says}" in mistakes_of(words)


def test_every_mistake_is_told_in_the_files_order() -> None:
    words = changed("kind: throttle", "kind: throtle").replace("method: Standard", "metod: Standard", 1)

    told = mistakes_of(words)

    assert [line.split(": ", 1)[1] for line in told] == [
        "method is missing",
        "there is no metod here; did you mean method?",
        "throtle is no kind of fault; did you mean throttle?",
    ]


def test_a_name_that_stands_twice_and_an_event_out_of_its_order_are_mistakes() -> None:
    twice = changed("day: kendra-kookware\n", "day: kendra-kookware\nday: kendra-kookware\n")
    assert mistakes_of(twice) == [
        f"day.yaml:{twice[: twice.rindex('day: kendra-kookware')].count(chr(10)) + 1}:1: day stands here twice"
    ]

    early = changed('at: "2026-11-30T08:20:00-08:00"', 'at: "2026-11-30T07:20:00-08:00"')
    assert [line.split(": ", 1)[1] for line in mistakes_of(early)] == [
        "this comes before the event above it; events stand in their order"
    ]


def test_what_is_no_yaml_and_no_file_says_so(tmp_path: Path) -> None:
    assert mistakes_of("format: [day/1\n")[0].startswith("day.yaml:2:1: this is no YAML: ")
    with pytest.raises(DayError, match=r"nowhere\.yaml: cannot be read: .*No such file"):
        load_day(tmp_path / "nowhere.yaml")


def test_an_act_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(DayError, match="--act IV: there is no such act; did you mean I"):
        load_day(KENDRA).act_named("IV")


@pytest.mark.parametrize("hold", Hold)
def test_any_word_by_which_the_hub_holds_an_order_may_be_expected(hold: Hold) -> None:
    words = changed("holds: [before_go_live]", f"holds: [{hold}]")

    day_of(words, "day.yaml").check_holds(list(Hold))
