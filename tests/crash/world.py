"""A bogus world whose books lie in a file: they survive the hub that is killed beside them."""

import pickle
from dataclasses import fields
from pathlib import Path

from connectors.bogus.client import Fault, World
from core.clock import SteppedClock

_NOT_BOOKS = frozenset({"clock", "faults", "meanwhile", "changed", "way"})


def keep(world: World, path: Path) -> None:
    """Write the books from now on, after every change."""
    world.changed = lambda: _save(world, path)
    _save(world, path)


def again(path: Path, clock: SteppedClock) -> World:
    """The world as its books say."""
    world = World(clock=clock)
    for name, value in pickle.loads(path.read_bytes()).items():
        setattr(world, name, value)
    world.faults = lambda operation: first_time(world, operation)
    keep(world, path)
    return world


def first_time(world: World, operation: str) -> Fault | None:
    """The first label's answer is lost, and so is the first capture's; the gateway fails once; a fetch fails once."""
    if operation == "buy":  # asked before in vain, while the wallet was empty
        return None if any(s.label is not None for s in world.shipments.values()) else Fault.REPLY_LOST
    asked = sum(times for (_, name), times in world.calls.items() if name == operation)
    lost = {"capture": Fault.REPLY_LOST, "send": Fault.REPLY_LOST}
    failing = {"fetch_payment": Fault.BEFORE, "fetch_order": Fault.BEFORE}
    return {**lost, **failing}.get(operation) if asked == 1 else None


def _save(world: World, path: Path) -> None:
    books = {f.name: getattr(world, f.name) for f in fields(world) if f.name not in _NOT_BOOKS}
    fresh = path.with_suffix(".new")
    fresh.write_bytes(pickle.dumps(books))
    fresh.replace(path)
