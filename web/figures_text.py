"""Figures of the database as Prometheus reads them; no merchant's name in them."""

from collections.abc import Iterator, Mapping

from core.store.figures import Figures, LevelFigures

Samples = Mapping[str, float | int]
"""Value by label; one without a label has an empty name."""


def written(found: Figures) -> str:
    """Return the text of what is counted of orders, jobs, pauses and processes."""
    parked = {
        "orders": found.parked_orders,
        "jobs": found.parked_jobs,
        "deliveries": found.parked_deliveries,
    }
    overdue = {"orders": found.orders_overdue, "jobs": found.jobs_overdue}
    families: list[tuple[str, str, str, Samples]] = [
        ("orders", "Orders by stage.", "stage", found.stages),
        (
            "stage_oldest_seconds",
            "Since when the oldest order of an open stage is placed.",
            "stage",
            found.oldest_s,
        ),
        ("errands", "Jobs.", "", {"": found.jobs}),
        ("overdue", "What is due and nobody works on.", "kind", {k: o.count for k, o in overdue.items()}),
        (
            "overdue_oldest_seconds",
            "For how long the first of it has been due.",
            "kind",
            {kind: one.oldest_s for kind, one in overdue.items()},
        ),
        ("parked", "What waits for a person: it is not tried again by itself.", "kind", parked),
        ("errands_parked", "The same of jobs.", "", {"": found.parked_jobs}),
        ("pauses", "Connections that do none of a kind of work just now.", "action", found.pauses),
        ("processes", "Processes that live.", "role", found.processes),
    ]
    return _text(families)


def written_levels(found: LevelFigures) -> str:
    """Return the text of what is counted of listings."""
    return _text(
        [
            ("listings_waiting", "Listings whose number is not written yet.", "", {"": found.waiting}),
            (
                "listings_drifted",
                "Listings that show another number than was written.",
                "",
                {"": found.drifted},
            ),
        ]
    )


def _text(families: list[tuple[str, str, str, Samples]]) -> str:
    return "".join(f"{line}\n" for family in families for line in _lines(*family))


def _lines(name: str, what: str, label: str, samples: Samples) -> Iterator[str]:
    yield f"# HELP crossdock_{name} {what}"
    yield f"# TYPE crossdock_{name} gauge"
    for value, count in sorted(samples.items()):
        of = f'{{{label}="{value}"}}' if label else ""
        yield f"crossdock_{name}{of} {round(count, 3)}"
