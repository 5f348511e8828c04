"""What is installed: pinned and hashed to the last package, apart by who needs it, under licences that fit ours."""

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.dependencies import CONSTRAINTS, PAGE, licence, page, pins, project, running

FITTING = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL-2\.0|Mozilla Public License 2\.0"
)
"""Licences under which an application of the Apache licence may be shipped without asking anybody."""


def test_every_package_is_pinned_and_may_come_only_as_files_that_are_known_by_hash() -> None:
    assert [name for name, (_, files) in pins().items() if files == 0] == []
    assert "://" not in CONSTRAINTS.read_text(encoding="utf-8")


def test_whatever_the_project_asks_for_is_pinned() -> None:
    asked = {canonicalize_name(Requirement(text).name) for texts in project().values() for text in texts}

    assert asked - pins().keys() == set()


def test_a_hub_runs_on_nothing_that_only_tests_or_stand_ins_need() -> None:
    """A shop that set up the hub got a web framework, a container client and a type checker with it."""
    for_others = {
        canonicalize_name(Requirement(text).name)
        for name, texts in project().items()
        if name not in ("", "build")
        for text in texts
    }

    assert running().keys() & (for_others | {"flask", "docker", "werkzeug"}) == set()


def test_the_page_lists_what_a_hub_runs_on() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make lock"


def test_every_licence_lets_the_hub_be_given_on() -> None:
    strange = {name: licence(package) for name, package in running().items()}

    assert {name: words for name, words in strange.items() if not FITTING.search(words)} == {}
