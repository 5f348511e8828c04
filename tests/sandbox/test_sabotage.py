"""Sabotage strikes once, and every kind has a place where it strikes."""

import re

import pytest

from sandbox.sabotage import KINDS, Sabotage
from tests.contracts import ROOT


def test_an_armed_kind_strikes_exactly_once_and_remembers_whom() -> None:
    sabotage = Sabotage()
    sabotage.arm("label_doubled")
    assert not sabotage.hits("mail_lost", "KK-1000")
    assert [sabotage.hits("label_doubled", order) for order in ("KK-1001", "KK-1002")] == [True, False]
    assert (sabotage.kind, sabotage.subject) == ("label_doubled", "KK-1001")


def test_nothing_strikes_until_something_is_armed() -> None:
    sabotage = Sabotage()
    assert not any(sabotage.hits(kind, "KK-1001") for kind in KINDS)
    assert sabotage.subject is None


def test_arming_again_starts_over_and_an_unknown_kind_is_refused() -> None:
    sabotage = Sabotage()
    sabotage.arm("mail_lost")
    assert sabotage.hits("mail_lost", "KK-1001")
    sabotage.arm("mail_lost")
    assert sabotage.hits("mail_lost", "KK-1002")
    with pytest.raises(ValueError, match="no sabotage is called"):
        sabotage.arm("nonsense")
    assert sabotage.kind == "mail_lost"


def test_every_kind_is_struck_somewhere_and_nowhere_is_another_kind_struck() -> None:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "sandbox").rglob("*.py"))
    struck = {kind for source in sources for kind in re.findall(r'hits\(\s*"(\w+)"', source)}
    assert struck == set(KINDS)
