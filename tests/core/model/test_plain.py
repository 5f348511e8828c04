"""What people write: what shows nothing is empty, and nothing turns the order of what others read."""

import pytest

from core.model.base import plain, shows_nothing

TURNING = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
pytestmark = [pytest.mark.case("F14")]


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "\u200b", "\ufeff\u200d\u2060", "\u00a0\u3000\u2003", "\u00ad\u180e", "\u2028\u2029", "\x1b", "\u202e",
     "\u3164\u115f", "\u2800", "\U000e0041"],
)  # fmt: skip
def test_what_shows_nothing_is_empty(text: str) -> None:
    assert (shows_nothing(text), plain(text)) == (True, "")


@pytest.mark.parametrize(
    "text", ["x", "\u200bx", "\u2713", "👨\u200d👩\u200d👧", "نمی\u200cشود", "שלום \u200fabc", "a\nb\tc"]
)
def test_what_shows_something_is_kept_as_it_is(text: str) -> None:
    assert (shows_nothing(text), plain(f" {text} ")) == (False, text)


@pytest.mark.parametrize("turning", TURNING)
def test_what_turns_the_order_of_what_others_read_is_refused(turning: str) -> None:
    with pytest.raises(ValueError, match=r"^characters that turn the order of others; write plain text$"):
        plain(f"ship to {turning}Reno")


@pytest.mark.parametrize("control", ["\x00", "\x1b", "\x7f", "\x85", "\udcff"])
def test_control_characters_are_refused(control: str) -> None:
    with pytest.raises(ValueError, match=r"^control characters; write plain text$"):
        plain(f"a{control}b")
