"""``python -m benchmarks.page RESULTS``: write the figures of a run (``--json``, one object a line) into the page of results."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "docs" / "why" / "performance.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
_BAR = 40
"""How long the bar of a figure is that just reaches its floor: half the width."""
_COSTS = (
    "hub_cpu_ms",
    "calls_cpu_ms",
    "server_cpu_ms",
    "statements",
    "write_transactions",
    "calls_per_order",
)

Told = dict[str, Any]


def written(page: str, results: Sequence[Told]) -> str:
    """Return the page with these results between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join((f"{before}{BEGIN}", *_lines(results), f"{END}{after}"))


def _lines(results: Sequence[Told]) -> Iterator[str]:
    measured = [one for one in results if "value" in one]
    if not measured:
        yield "Nothing was measured."
        return
    first, last = measured[0], measured[-1]
    yield f"Measured on {first['at'][:10]}, {first['at'][11:16]} to {last['at'][11:16]} UTC, on {first['machine']}."
    yield (
        f"Medians of {first['rounds']} rounds of about {first['seconds']:g} s. "
        "Load is what was ready to run before each began, the mean of a minute."
    )
    yield ""
    yield "| figure | value | ratio (lowest to highest round) | floor | met | load |"
    yield "|---|---|---|---|---|---|"
    yield from map(_row, measured)
    yield from (
        f"| `{one['name']}` | {one.get('left_out') or one.get('failed')} | | | | |"
        for one in results
        if "value" not in one
    )
    yield from _limits(measured)
    yield from _chart(measured)
    yield from _cost_rows([one for one in measured if "hub_cpu_ms" in one["details"]])


def _row(one: Told) -> str:
    ratio = "" if one["ratio"] is None else f"{one['ratio']:.3g}"
    if ratio and one["spread"] and one["judged"] == "ratio":
        ratio += " ({:.3g} to {:.3g})".format(*one["spread"])
    floor = (
        "" if one["floor"] is None else f"{'at most ' if one['better'] == 'lower' else ''}{one['floor']:g}"
    )
    met = {True: "yes", False: "**no**", None: ""}[one["met"]]
    size = "" if one["size"] == 1 else f", at {100 * one['size']:g} % of the size"
    return f"| `{one['name']}`{size} | {one['value']:,.4g} {one['unit']} | {ratio} | {floor} | {met} | {one['load']:.1f} |"


def _limits(measured: Sequence[Told]) -> Iterator[str]:
    """Yield what else is asked of a figure: of each detail that names its limit, at most that."""
    rows = [
        (one["name"], name, one["details"][name], limit)
        for one in measured
        for key, limit in one["details"].items()
        if (name := key.removesuffix("_limit")) != key
    ]
    if rows:
        yield from ("", "| figure | detail | value | at most | met |", "|---|---|---|---|---|")
    for figure, name, value, limit in rows:
        met = "yes" if value <= limit else "**no**"
        yield f"| `{figure}` | {name.replace('_', ' ')} | {value:,.4g} | {limit:g} | {met} |"


def _chart(measured: Sequence[Told]) -> Iterator[str]:
    """Yield how far each is beyond its floor, or short of it: the mark in the middle is the floor."""
    yield from (
        "",
        "Of its floor (`|`); a bar that reaches it is as it should be. The scale ends at twice the floor.",
        "",
    )
    yield "```"
    for one in measured:
        found = one["ratio"] if one["judged"] == "ratio" else one["value"]
        if one["floor"] is None or found is None:
            continue
        part = found / one["floor"] if one["better"] == "higher" else one["floor"] / found
        bar = "#" * min(2 * _BAR, max(1, round(part * _BAR)))
        yield f"{one['name']:<26} {bar[:_BAR]:<{_BAR}}|{bar[_BAR:]}"
    yield "```"


def _cost_rows(measured: Sequence[Told]) -> Iterator[str]:
    if not measured:
        return
    yield from ("", "What an order costs:", "")
    yield f"| figure | {' | '.join(name.replace('_', ' ') for name in _COSTS)} |"
    yield f"|---{'|---' * len(_COSTS)}|"
    for one in measured:
        costs = [f"{one['details'][name]:,.3g}" for name in _COSTS]
        yield f"| `{one['name']}` | {' | '.join(costs)} |"


def main() -> None:
    """Read the run and write the page."""
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written(page, [json.loads(line) for line in lines if line]), encoding="utf-8")


if __name__ == "__main__":
    main()
