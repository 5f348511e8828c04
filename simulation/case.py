"""A simulation as a value: what a command line says, run again exactly, and made smaller while it still fails."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from simulation.faults import faults_named
from simulation.run import Report, simulate
from simulation.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is simulated; everything else follows from the seed."""

    seed: int
    orders: int = 50
    """Of each merchant."""
    faults: frozenset[str] = faults_named("all")
    kills: int = 5
    stops: int = 5
    workers: int = 2
    merchants: int = 1
    apart_s: int = 40
    """Seconds between two orders of a merchant on average."""

    @property
    def command(self) -> str:
        """The command line that runs it again."""
        all_of_them = self.faults == faults_named("all")
        faults = "all" if all_of_them else ",".join(sorted(self.faults)) or "none"
        return (
            f"crossdock simulate --seed {self.seed} --orders {self.orders} --faults {faults} --kill {self.kills} "
            f"--stop {self.stops} --workers {self.workers} --merchants {self.merchants} --apart {self.apart_s}"
        )


def run_case(case: Case) -> Report:
    """Simulate a case."""
    names = ["seed", *(f"seed-{number}" for number in range(2, case.merchants + 1))]
    scenes = [
        Scene(case.seed, case.orders, case.faults, apart_s=case.apart_s, merchant=name) for name in names
    ]
    return simulate(*scenes, seed=case.seed, kills=case.kills, stops=case.stops, workers=case.workers)


def minimized(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Return a smaller case that still fails: without whatever it can do without, one thing after another."""
    for reduce in (_fewer_merchants, _fewer_orders, _fewer_kills, _fewer_stops, _fewer_workers):
        smaller: Case | None = case
        while smaller is not None:
            case = smaller
            smaller = next((tried for tried in reduce(case) if fails(tried)), None)
    for fault in sorted(case.faults):
        without = replace(case, faults=case.faults - {fault})
        case = without if fails(without) else case
    return case


def _fewer_merchants(case: Case) -> Iterator[Case]:
    return (replace(case, merchants=count) for count in _fewer(case.merchants, least=1))


def _fewer_orders(case: Case) -> Iterator[Case]:
    return (replace(case, orders=count) for count in _fewer(case.orders, least=1))


def _fewer_kills(case: Case) -> Iterator[Case]:
    return (replace(case, kills=count) for count in _fewer(case.kills))


def _fewer_stops(case: Case) -> Iterator[Case]:
    return (replace(case, stops=count) for count in _fewer(case.stops))


def _fewer_workers(case: Case) -> Iterator[Case]:
    return (replace(case, workers=count) for count in _fewer(case.workers, least=1))


def _fewer(count: int, *, least: int = 0) -> Iterator[int]:
    """Yield smaller numbers: the least, half, one less."""
    yield from sorted({number for number in (least, count // 2, count - 1) if least <= number < count})
