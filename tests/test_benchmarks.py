"""The benchmarks run, each in small; what they measure is said by ``make bench`` and judged by nobody here."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.databases import NoPostgresError
from benchmarks.page import written
from benchmarks.rounds import Figure, Scale

ROOT = Path(__file__).resolve().parent.parent
SMALL = Scale(seconds=0.1, rounds=1, size=0.0001)
NAMES = [
    "webhook_intake_sqlite",
    "webhook_intake_postgres",
    "order_flow_sdk",
    "order_flow_stub_sqlite",
    "order_flow_stub_postgres",
    "reservation",
    "mapping",
    "rules_validate",
    "rules_order",
    "order_flow_rules",
    "plan",
    "full_push",
    "growth_catalogue",
    "growth_million",
    "memory",
    "console_pages",
]


def test_every_figure_has_its_name() -> None:
    assert list(BENCHMARKS) == NAMES


@pytest.mark.parametrize("name", NAMES)
async def test_every_benchmark_still_runs(name: str) -> None:
    try:
        figure = await BENCHMARKS[name](SMALL)
    except NoPostgresError as error:
        pytest.skip(str(error))

    assert figure.name == name
    assert math.isfinite(figure.value)
    assert all(math.isfinite(value) for value in figure.details.values())


def test_a_figure_is_printed_as_one_object_a_line() -> None:
    words = ["--json", "--only", "mapping", "--rounds", "1", "--seconds", "0.05"]

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )

    [line] = done.stdout.splitlines()
    told = json.loads(line)
    assert (told["name"], told["unit"], told["floor"], told["better"]) == ("mapping", "us", 1.5, "lower")
    assert told["value"] > 0
    assert told["ratio"] > 0


@pytest.mark.parametrize(
    ("better", "judged", "met"),
    [
        ("higher", "ratio", True),
        ("lower", "ratio", False),
        ("higher", "value", False),
        ("lower", "value", True),
    ],
)
def test_a_floor_is_a_limit_where_lower_is_better(better: str, judged: str, met: bool) -> None:
    figure = Figure(name="x", value=1, unit="s", ratio=3, floor=2, better=better, judged=judged)  # type: ignore[arg-type]

    assert figure.met is met


def test_the_page_of_results_is_written_between_its_marks() -> None:
    page = "# Performance\n\n<!-- results: begin -->\nold\n<!-- results: end -->\n\nEngines.\n"
    run = {
        "at": "2026-11-30T20:15:00+00:00",
        "machine": "x86_64, 2 cores",
        "rounds": 5,
        "seconds": 3.0,
        "size": 1.0,
    }
    figure = Figure(
        name="mapping", value=12, unit="us", ratio=3, floor=1.5, better="lower", spread=(2.5, 4), load=0.5
    )

    text = written(page, [figure.told() | run])

    assert text.startswith(
        "# Performance\n\n<!-- results: begin -->\nMeasured on 2026-11-30, 20:15 to 20:15 UTC"
    )
    assert "| `mapping` | 12 us | 3 (2.5 to 4) | at most 1.5 | **no** | 0.5 |" in text
    assert "mapping                    ####################                    |\n" in text
    assert "old" not in text
    assert text.endswith("<!-- results: end -->\n\nEngines.\n")
