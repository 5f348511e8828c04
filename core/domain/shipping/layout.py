"""Where goods lie in a box: equal ones as rows, layers and grids first, then a search that is bounded by its tries."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, starmap

from core.model.shipment import Size

_ONE_SEARCH = 20_000
"""Tries of one search: a longer one means a tight puzzle."""
_MOST_SEARCHED = 150
"""More units than these are laid as grids only."""

Spot = tuple[Size, Size]
"""A corner nearest the origin, and a size as turned."""


@dataclass(slots=True)
class Budget:
    """Tries that are left for all searches of an order together; counted, so that the same order packs the same."""

    left: int
    ended: bool = False
    """Whether a search was cut short: fewer or smaller boxes may do."""


class Room:
    """A box being filled, as free cuboids: each block of equal goods cuts one of them into three smaller ones."""

    def __init__(self, inner: Size, cut: int = 0) -> None:
        self.spots: list[Spot] = []
        self._free: list[Spot] = [((0, 0, 0), inner)]
        self._cut = cut

    def copy(self) -> "Room":
        """Return the room as it is now."""
        made = Room((0, 0, 0), self._cut)
        made.spots, made._free = [*self.spots], [*self._free]
        return made

    def free_mm3(self) -> int:
        """Return how much is free, in pieces."""
        return sum(volume(space) for _, space in self._free)

    def put(self, size: Size, count: int) -> int:
        """Lay up to ``count`` of a size in blocks, the largest first; return how many lie there."""
        laid = 0
        while laid < count:
            found = self._largest_block(size, count - laid)
            if found is None:
                break
            at, turned, grid = found
            corner, space = self._free.pop(at)
            self.spots += ((_beside(corner, turned, step), turned) for step in _steps(grid))
            block = (turned[0] * grid[0], turned[1] * grid[1], turned[2] * grid[2])
            self._free += [rest for rest in _cuts(corner, space, block, self._cut) if min(rest[1]) > 0]
            laid += grid[0] * grid[1] * grid[2]
        return laid

    def _largest_block(self, size: Size, most: int) -> tuple[int, Size, Size] | None:
        """Return the free cuboid, the turn and the grid that hold the most, in the smallest cuboid, the flattest."""
        best: tuple[tuple[int, ...], tuple[int, Size, Size]] | None = None
        turned_ways, bulk = turns(size), volume(size)
        for at, (_, space) in enumerate(self._free):
            for turned in turned_ways if volume(space) >= bulk else ():
                grid = _grid(space, turned, most)
                units = grid[0] * grid[1] * grid[2]
                if units:
                    rank = (-units, volume(space), turned[2] * grid[2], at)
                    if best is None or rank < best[0]:
                        best = rank, (at, turned, grid)
        return best[1] if best else None


def laid_out(inner: Size, sizes: Sequence[Size], budget: Budget) -> list[Spot] | None:
    """Return a spot for every size, in their order, axis-parallel in any turn, none overlapping; None if none was found."""
    if sum(map(volume, sizes)) > volume(inner) or not all(_may_lie(size, inner) for size in sizes):
        return None
    spots = _as_grids(inner, Counter(_flat(size) for size in sizes))
    if spots is None and len(sizes) <= _MOST_SEARCHED and budget.left > 0:
        spots = _search(inner, sizes, budget)
    elif spots is None:
        budget.ended = True
    return None if spots is None or not is_sound(inner, spots) else in_order(spots, sizes)


def in_order(spots: Sequence[Spot], sizes: Sequence[Size]) -> list[Spot]:
    """Return the spots in the order of the sizes that lie in them."""
    by_size: dict[Size, list[Spot]] = {}
    for spot in reversed(spots):
        by_size.setdefault(_flat(spot[1]), []).append(spot)
    return [by_size[_flat(size)].pop() for size in sizes]


def is_sound(inner: Size, spots: Sequence[Spot]) -> bool:
    """Return whether every spot lies inside and none overlaps another."""
    ordered = sorted(spots)
    if not all(c[a] >= 0 and c[a] + t[a] <= inner[a] for c, t in ordered for a in range(3)):
        return False
    for at, (corner, turned) in enumerate(ordered):
        end = corner[0] + turned[0]
        for other in range(at + 1, len(ordered)):
            if ordered[other][0][0] >= end:
                break
            if _overlap((corner, turned), ordered[other]):
                return False
    return True


@lru_cache(4096)
def turns(size: Size) -> list[Size]:
    """Return every turn of a size, each once."""
    return sorted({(size[a], size[b], size[c]) for a, b, c in permutations(range(3))})


def volume(size: Size) -> int:
    """Return cubic millimetres."""
    return size[0] * size[1] * size[2]


def _as_grids(inner: Size, counts: Mapping[Size, int]) -> list[Spot] | None:
    """Return spots in blocks, by each way of cutting and of ordering in turn."""
    orders = (lambda s: -volume(s), lambda s: -s[2], lambda s: -s[1] * s[2])
    for order in orders[: 1 if len(counts) == 1 else None]:
        for cut in range(len(_CUTS)):
            room = Room(inner, cut)
            if all(room.put(size, counts[size]) == counts[size] for size in sorted(counts, key=order)):
                return room.spots
    return None


def _search(inner: Size, sizes: Sequence[Size], budget: Budget) -> list[Spot] | None:
    """Return spots by trying corners of what lies already, the largest first, going back where nothing fits."""
    largest_first = sorted(map(_flat, sizes), key=lambda s: (-volume(s), s))
    granted = min(_ONE_SEARCH, budget.left)
    left = [granted]
    found = _place_rest(inner, largest_first, [], left)
    budget.left -= granted - max(0, left[0])
    budget.ended |= found is None and left[0] < 0
    return found


def _place_rest(inner: Size, sizes: Sequence[Size], placed: list[Spot], left: list[int]) -> list[Spot] | None:
    if len(placed) == len(sizes):
        return placed
    for corner in _corners(placed):
        for turned in turns(sizes[len(placed)]):
            left[0] -= 1
            if left[0] < 0:
                return None
            spot = (corner, turned)
            if _inside(spot, inner) and not any(_overlap(spot, other) for other in placed):
                placed.append(spot)
                if _place_rest(inner, sizes, placed, left) is not None:
                    return placed
                placed.pop()
    return None


def _corners(placed: Sequence[Spot]) -> Iterator[Size]:
    """Yield the corners worth trying: beside, behind and above what lies already, lowest first."""
    axes = [sorted({0, *(corner[a] + turned[a] for corner, turned in placed)}) for a in range(3)]
    return ((x, y, z) for z in axes[2] for y in axes[1] for x in axes[0])


def _inside(spot: Spot, inner: Size) -> bool:
    (x, y, z), (dx, dy, dz) = spot
    return x + dx <= inner[0] and y + dy <= inner[1] and z + dz <= inner[2]


def _overlap(one: Spot, other: Spot) -> bool:
    (x, y, z), (dx, dy, dz) = one
    (u, v, w), (du, dv, dw) = other
    return x < u + du and u < x + dx and y < v + dv and v < y + dy and z < w + dw and w < z + dz


def _grid(space: Size, turned: Size, most: int) -> Size:
    """Return how many lie along each side: whole rows and layers of at most so many."""
    x = min(space[0] // turned[0], most)
    y = min(space[1] // turned[1], most // x) if x else 0
    z = min(space[2] // turned[2], most // (x * y)) if y else 0
    return x, y, z


def _steps(grid: Size) -> Iterator[Size]:
    return ((x, y, z) for z in range(grid[2]) for y in range(grid[1]) for x in range(grid[0]))


def _beside(corner: Size, turned: Size, step: Size) -> Size:
    return (
        corner[0] + turned[0] * step[0],
        corner[1] + turned[1] * step[1],
        corner[2] + turned[2] * step[2],
    )


_CUTS = tuple(permutations(range(3)))
"""In which order the sides of a free cuboid are cut off behind a block."""


def _cuts(corner: Size, space: Size, block: Size, cut: int) -> Iterator[Spot]:
    """Yield what is left of a free cuboid beside, behind and above a block in its corner."""
    rest = list(space)
    for axis in _CUTS[cut]:
        moved, size = list(corner), [*rest]
        moved[axis] += block[axis]
        size[axis] -= block[axis]
        rest[axis] = block[axis]
        yield (moved[0], moved[1], moved[2]), (size[0], size[1], size[2])


def _flat(size: Size) -> Size:
    low, middle, high = sorted(size)
    return low, middle, high


def _may_lie(size: Size, inner: Size) -> bool:
    return all(starmap(int.__le__, zip(_flat(size), _flat(inner), strict=True)))
