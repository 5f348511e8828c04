"""The long run: `make soak`. Act I of the Kendra day under ten seeds of every fault, kills, and shuffled messages.

Whatever the weather, the books must be those of a quiet day; only instants of labels may move.
Then ten thousand calls of each stand-in with anything in them. And two thousand orders of odd shape over HTTP. `make soak ARGS=odd` runs what has that in its name.
A day of a hundred orders for each vendor that answers nobody for a day: `make soak ARGS=outage`.
Only where they are asked for: act I on 1 web process, 2 workers and 1 scheduler on PostgreSQL, each killed twice, under five seeds of faults: `make soak ARGS=fleet`.
What a node costs at rest and an order at work: `make soak ARGS=capacity`.
A thousand webhooks a second about known orders while shoppers buy: `make soak ARGS=overload`.
Eight workers on what Shopify's smallest plan and Amazon allow: `make soak ARGS=quotas`.
A worker of two killed at every failpoint, on both databases, and stopped past every claim: `make soak ARGS=failpoints`.
And `make soak ARGS=chaos`: an hour of kills, stops and cuts on PostgreSQL (see tests/chaos/run.py).
Two thousand webhooks of a hub that strace watches: each is on disk before its answer (`make soak ARGS=flushed`).
Seeds of the simulation (`make soak ARGS=seeds`), seeds without safeguards (`ARGS=safeguards`), failing seeds over and over
(`ARGS=hashes`): see tests/many_seeds.py.
Stock, intake and effects beside small models, three hundred examples of forty steps each (`make soak ARGS=machines`).
Ten thousand broken files of a merchant, other ones each time (`make soak ARGS=files`).
A hundred thousand expressions, each given to both engines (`make soak ARGS=expressions`).
Attacks on the door of a running hub, with what each costs and what honest webhooks feel of it: `make soak ARGS=attacks`.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial

from day.day import load_day
from demo import KENDRA
from demo.children import run_told
from demo.compare import differences
from demo.player import NotPlayedError, Play, play_day
from simulation.outages import outage_days
from simulation.run import simulate
from simulation.scene import Scene
from tests import capacity, flushed, many_seeds, overload, quotas
from tests.attacks import attacked
from tests.chaos import run as chaos
from tests.connectors import odd_run
from tests.core.config import mutated
from tests.core.expressions import agreement
from tests.crash import every_place
from tests.crash.every_place import WAYS
from tests.demo.fleet import act_one
from tests.demo.sabotaged import VENDOR_OF, overlooked
from tests.machines.longer import MACHINES, driven
from tests.sandbox import amazon_walk, easypost_walk, shopify_walk, stripe_walk

SEEDS = range(1, 11)
FLEET_SEEDS = range(1, 6)
CHAOS, FLEET, CAPACITY, OVERLOAD = "chaos", "fleet", "capacity", "overload"
QUOTAS, FAILPOINTS = "quotas", "failpoints"
SEEDS_OF_SIMULATION, SAFEGUARDS, HASHES = "seeds", "safeguards", "hashes"
ONLY_BY_NAME = (
    *(CHAOS, FLEET, CAPACITY, OVERLOAD, QUOTAS, FAILPOINTS),
    *(SEEDS_OF_SIMULATION, SAFEGUARDS, HASHES),
)
"""They take long, most need PostgreSQL."""
WALKS: dict[str, Callable[[range], Awaitable[str | None]]] = {
    "walk amazon": amazon_walk.walked,
    "walk easypost": easypost_walk.walked,
    "walk shopify": shopify_walk.walked,
    "walk stripe": stripe_walk.walked,
}
"""Random walks over a vendor's own specification, a hundred calls from each seed."""
MOST_FILES = 10_000
WALKED = range(1000, 1100)


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


async def waited(scene: Scene) -> list[str]:
    """Play an outage day and return what is wrong: something was paused, and nothing is any more."""
    report = await asyncio.to_thread(simulate, scene, seed=1, kills=10, stops=10)
    return [*report.differences, *([] if report.paused else ["nothing was ever paused"])]


async def answered(walk: Callable[[range], Awaitable[str | None]]) -> list[str]:
    """Walk and return what is wrong."""
    told = await walk(WALKED)
    return told.splitlines() if told else []


async def files_tried() -> list[str]:
    """Break merchants' files in many ways and return which was read wrongly, if any was."""
    return await asyncio.to_thread(mutated.faults_of, MOST_FILES)


async def sold_oddly(count: int) -> list[str]:
    """Sell so many odd orders at each of two channels and return what is wrong."""
    found = await odd_run.run(count, seed=2)
    return [*found.wrong, *([] if found.orders.total() == 2 * count else [f"{found.orders} are known"])]


def main() -> int:
    """Make every run that is asked for; 1 where one of them came out otherwise."""
    runs: list[tuple[str, Callable[[], Coroutine[None, None, list[str]]]]] = [
        *((name, partial(judged, play)) for name, play in plays()),
        *((name, partial(waited, scene)) for name, scene in outage_days(100)),
        *((name, partial(answered, walk)) for name, walk in WALKS.items()),
        ("expressions", agreement.soaked),
        ("odd orders", partial(sold_oddly, 1000)),
        ("attacks", attacked),
        ("flushed", flushed.judged),
        *((f"machines {name}", partial(driven, name)) for name in MACHINES),
        ("files", files_tried),
        *((f"sabotage {kind}", partial(overlooked, kind)) for kind in sorted(VENDOR_OF)),
        *((f"{FLEET} --seed {n}", partial(act_one, kill=8, seed=n, faults="all")) for n in FLEET_SEEDS),
        (CAPACITY, capacity.measured),
        (OVERLOAD, overload.overloaded),
        (QUOTAS, quotas.within_limits),
        *((f"{FAILPOINTS} {how} {kind}", partial(every_place.struck, kind, how)) for kind, how in WAYS),
        (CHAOS, chaos.run),
        (SEEDS_OF_SIMULATION, many_seeds.many_seeds),
        (SAFEGUARDS, many_seeds.safeguards),
        (HASHES, many_seeds.hashes),
    ]
    wanted = " ".join(sys.argv[1:])
    logging.getLogger("crossdock").setLevel(
        logging.CRITICAL
    )  # what fails is on purpose; what is wrong is printed
    bad = 0
    for name, run in runs:
        if wanted not in name or (name.startswith(ONLY_BY_NAME) and not wanted):
            continue
        wrong = run_told(run())
        bad += bool(wrong)
        sys.stdout.write(
            f"{'NO ' if wrong else 'ok '} {name}\n" + "".join(f"      {line}\n" for line in wrong)
        )
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
