"""The long run: `make soak`. Act I of the Kendra day under ten seeds of every fault, kills, and shuffled messages.

Whatever the weather, the books must be those of a quiet day; only instants of labels may move.
`make soak ARGS=outages` plays a day of a hundred orders for each vendor in turn that answers nobody for a day.
"""

import asyncio
import sys
from collections.abc import Iterator

from day.day import load_day
from demo import KENDRA
from demo.compare import differences
from demo.player import NotPlayedError, Play, play_day
from simulation.outages import outage_days
from simulation.run import simulate

SEEDS = range(1, 11)


def plays() -> list[tuple[str, Play]]:
    """Return every run with its name."""
    quiet = {"file": KENDRA, "act": "I", "json": True}
    runs = [(f"--faults all --seed {n}", {"faults": "all", "seed": n}) for n in SEEDS]
    runs += [
        ("--kill 5", {"kill": 5}),
        ("--faults all --kill 5", {"faults": "all", "kill": 5, "seed": 11}),
        ("--weather twice", {"message_order": "twice"}),
        ("--weather shuffle", {"message_order": "shuffle"}),
    ]
    return [(name, Play(**{**quiet, **run})) for name, run in runs]  # type: ignore[arg-type]


async def judged(play: Play) -> list[str]:
    """Play and return what is wrong."""
    try:
        found, _ = await play_day(play)
    except NotPlayedError as error:
        return [str(error)]
    wrong = differences(load_day(KENDRA), found, act="I", leaving={"label_at"})
    return wrong + [f"{c['name']}: {c['detail']}" for c in found["checks"] if not c["ok"]]


def days() -> Iterator[tuple[str, list[str]]]:
    """Yield every run of the Kendra day with what is wrong."""
    for name, play in plays():
        yield name, asyncio.run(judged(play))


def outages() -> Iterator[tuple[str, list[str]]]:
    """Yield every outage day of a hundred orders with what is wrong; each was paused, and is no more."""
    for name, scene in outage_days(100):
        report = asyncio.run(simulate(scene, seed=1, kills=10))
        unseen = [] if report.paused else ["nothing was ever paused"]
        yield f"{name}: {', '.join(report.paused)}", [*report.differences, *unseen]


RUNS = {"days": days, "outages": outages}


def main() -> int:
    """Play every run of a name; 1 where one of them came out otherwise."""
    bad = 0
    for name, wrong in RUNS[sys.argv[1] if len(sys.argv) > 1 else "days"]():
        bad += bool(wrong)
        sys.stdout.write(
            f"{'NO ' if wrong else 'ok '} {name}\n" + "".join(f"      {line}\n" for line in wrong)
        )
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
