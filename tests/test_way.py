"""ARCHITECTURE.md shows the house and the way of one order: both are followed here."""

import ast
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType

from simulation.shoppers import place
from tests.builders import MERCHANT
from tests.core.flow.play import pass_time, settle
from tests.web.site import a_notification, open_site
from tests.web.test_api import cart

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
Call = tuple[str, str]
"""(file, function)."""


def block(heading: str) -> list[str]:
    """Return the lines of the first code block below a heading."""
    part = PAGE[PAGE.index(heading) :]
    return part.split("```")[1].strip().splitlines()


def way() -> list[Call]:
    """Return the calls that the page shows, in order."""
    return [(line.split()[0], line.split()[1]) for line in block("## The way of one order")]


@contextmanager
def calls(wanted: set[Call]) -> Iterator[list[Call]]:
    """Note each entry into one of these functions."""
    seen: list[Call] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(str(ROOT)):
            call = (str(Path(path).relative_to(ROOT)), frame.f_code.co_name)
            if call in wanted:  # also each time that a coroutine goes on
                seen.append(call)

    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)


async def test_an_order_goes_the_way_that_the_page_shows(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        await settle(site.b)
        order_id = place(site.b.world, "shop", cart(1001))
        site.b.world.notifications = []  # the webhook alone tells
        with calls(set(way())) as seen:
            await site.notify(f"/webhooks/{MERCHANT}/shop", a_notification("w1", subject=order_id))
            await pass_time(site.b, timedelta(hours=1))

    assert len(way()) == 10
    assert first_times(seen, way()) == way()


def first_times(seen: list[Call], shown: list[Call]) -> list[Call]:
    """Return the shown calls in the order in which each, after the one before it, was first seen."""
    found: list[Call] = []
    rest = iter(seen)
    for call in shown:
        found += [call] if any(other == call for other in rest) else []
    return found


def test_every_place_that_the_page_names_is_there() -> None:
    named = re.findall(
        r"`((?:core|web|connectors|commands|sandbox|demo|day|simulation|tests|docs)/[\w/.]+)`", PAGE
    )
    named += [path for path, _ in way()]

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_top_folder_and_every_part_of_core_is_on_the_page() -> None:
    house = [line.split()[0].rstrip("/") for line in block("## The house")]
    assert [name for name in house if not (ROOT / name).exists()] == []
    parts = {p.name for p in (ROOT / "core").iterdir() if p.name not in ("__init__.py", "__pycache__")}

    assert {part for part in parts if part not in PAGE} == set()


def test_the_functions_of_the_way_are_defined_where_the_page_says() -> None:
    for path, name in way():
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in defined, f"{path} has no {name}"
