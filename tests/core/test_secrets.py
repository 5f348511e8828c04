"""What may open a door, and how often it may be tried."""

from datetime import UTC, datetime, timedelta

import pytest

from core.domain import attempts
from core.domain.attempts import Attempts
from core.domain.secrets import key_name_of, login_of, name_of, why_weak_key, why_weak_password

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.case("F14")
@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("abc", "this API key has 3 characters; it needs 22, drawn by chance, or it is guessed"),
        ("q7Zk2mWx9TbLr4Vn8PsHd", "this API key has 21 characters; it needs 22, drawn by chance, or it is guessed"),
        ("q7Zk2mWx9TbLr4Vn8PsHdJ", ""),
        ("a" * 40, "this API key has 1 different characters; draw them by chance, or it is guessed"),
        ("abcdefg" * 4, "this API key has 7 different characters; draw them by chance, or it is guessed"),
        ("two words of a long enough key", "an API key is of 22 to 200 printable ASCII characters without a blank"),
        ("schlüssel-schlüssel-schlüssel", "an API key is of 22 to 200 printable ASCII characters without a blank"),
    ],
)  # fmt: skip
def test_a_key_that_could_be_guessed_is_refused(key: str, why: str) -> None:
    assert why_weak_key(key) == why


@pytest.mark.parametrize(
    ("password", "login", "weak"),
    [
        ("elevenchars", "kim", True),
        ("twelve chars", "kim", False),
        ("correct horse battery staple", "kim@example.test", False),
        ("kim@example1", "kim@example.test", True),
        ("x" * 201, "kim", True),
        ("ababababababab", "kim", True),
    ],
)
def test_a_password_is_long_various_and_not_the_name(password: str, login: str, weak: bool) -> None:
    assert bool(why_weak_password(password, login)) is weak


def test_names_are_trimmed_and_signs_in_whatever_its_case() -> None:
    assert (login_of(" Kim@Example.TEST "), name_of("  Kim Doe "), key_name_of("office")) == (
        "kim@example.test",
        "Kim Doe",
        "office",
    )


@pytest.mark.parametrize("text", ["", "k", "a b", "a\x00b", "x" * 255])
def test_what_is_no_sign_in_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a sign-in name is"):
        login_of(text)


@pytest.mark.case("F14")
@pytest.mark.parametrize(
    "text",
    ["\u200b", "\ufeff", "\u00a0", "\u3164", "\u2800", "Kim \u202eeoD", "\u2066Kim\u2069", "K\u200bim"],
)
def test_a_name_shows_all_that_it_holds(text: str) -> None:
    with pytest.raises(ValueError, match="a name has 1 to 80 characters that can be read"):
        name_of(text)


@pytest.mark.parametrize("text", ["", " ", "a\nb", "x" * 81, "user:1"])
def test_what_is_no_name_of_a_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        key_name_of(text)


@pytest.mark.case("F14")
def test_tries_wait_longer_each_time_up_to_a_bound_and_begin_anew_after_an_hour() -> None:
    tries = Attempts(free=2, first=SECOND, most=5 * SECOND)
    now, waits = NOON, []
    assert tries.begin("kim", now) is None
    for _ in range(6):
        assert tries.begin("kim", now) is None
        wait = tries.begin("kim", now) or timedelta()
        waits.append(wait / SECOND)
        now += wait

    assert waits == [1, 2, 4, 5, 5, 5]
    assert tries.begin("lee", now) is None
    now += timedelta(hours=1, seconds=1)
    assert [tries.begin("kim", now) for _ in range(2)] == [None, None]
    assert tries.begin("kim", now) == SECOND


def test_who_got_in_begins_anew_and_what_is_waited_for_is_not_counted() -> None:
    tries = Attempts(free=1, first=SECOND, most=60 * SECOND)
    assert tries.begin("kim", NOON) is None
    assert [tries.begin("kim", NOON) for _ in range(9)] == [SECOND] * 9
    tries.came_to_something("kim")
    assert tries.begin("kim", NOON) is None


def test_so_many_are_remembered_and_the_oldest_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_KNOWN", 2)
    tries = Attempts(free=1, first=SECOND, most=SECOND)

    for who in ("a", "b", "c"):
        assert tries.begin(who, NOON) is None

    assert tries.begin("c", NOON) == SECOND
    assert tries.begin("b", NOON) == SECOND
    assert tries.begin("a", NOON) is None
