"""The page on watching names every figure there is, and none that is not."""

import re
from pathlib import Path

from core import errors
from core.steps import STEPS
from core.store.figures import OPEN, Figures, LevelFigures, Overdue
from core.telemetry import Telemetry
from web.figures_text import written, written_levels

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "how-to" / "watch.md").read_text(encoding="utf-8")
NONE = Overdue(count=0, oldest_s=0)
FIGURES = Figures(
    stages={"ready": 1}, oldest_s={"ready": 1.5}, jobs=0, orders_overdue=NONE, jobs_overdue=NONE,
    parked_orders=0, parked_jobs=0, parked_deliveries=0, pauses={"labels": 1}, processes={"web": 1},
)  # fmt: skip


def told() -> set[str]:
    text = Telemetry().text() + written(FIGURES) + written_levels(LevelFigures(waiting=0, drifted=0))
    named = set(re.findall(r"^# TYPE (crossdock_\w+) ", text, re.MULTILINE))
    return {name for name in named if not name.endswith("_created")}


def test_the_page_names_every_figure() -> None:
    assert {name for name in told() if f"`{name}`" not in PAGE} == set()


def test_every_figure_of_the_page_is_told() -> None:
    named = set(re.findall(r"\bcrossdock_[a-z_]+", PAGE))

    assert {name for name in named if name.removesuffix("_bucket") not in told()} == set()


def test_stages_steps_and_outcomes_of_the_page_are_known() -> None:
    assert all(f"`{stage.value}`" in PAGE for stage in OPEN)
    assert {"verify_payment", "quote", "buy", "tell_channel"} <= set(STEPS)
    named = set(re.findall(r"\b\w+Error\b", PAGE))
    ours = {name for name in named if isinstance(vars(errors).get(name), type)}
    assert named - ours == {"TypeError", "KeyError", "ValueError", "AttributeError"}


def test_a_figure_is_written_as_prometheus_reads_it() -> None:
    lines = written(FIGURES).splitlines()

    assert 'crossdock_stage_oldest_seconds{stage="ready"} 1.5' in lines
    assert "crossdock_errands 0" in lines
    assert lines[lines.index('crossdock_orders{stage="ready"} 1') - 1] == "# TYPE crossdock_orders gauge"
