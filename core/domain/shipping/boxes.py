"""Which box holds the goods: every fit is proved by a list of places."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from core.model.shipment import Box, Size

# A search this long means a tight puzzle; the next box is tried instead, so that no order can stall a worker.
_MOST_TRIES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One unit to pack; ``line_id`` says which order line it belongs to."""

    line_id: str
    sku: str
    size_mm: Size
    weight_g: int


Bundle = tuple[Item, ...]
"""What one unit of an order line consists of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one item lies in its box: its corner nearest the origin, and its size as turned."""

    item: Item
    corner_mm: Size
    turned_mm: Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A box with everything in it."""

    box: Box
    places: tuple[Place, ...]
    gross_g: int


def pack(bundles: Sequence[Bundle], boxes: Sequence[Box]) -> tuple[Packed, ...] | None:
    """Return the parcels that hold everything: one in the first box that fits, else as few as filling up gives.

    A bundle (one unit of an order line, all its components) is never parted. None where one fits no box at all.
    """
    whole = first_fit([item for bundle in bundles for item in bundle], boxes)
    if whole is not None:
        return (whole,)
    parcels: list[Packed] = []
    for bundle in sorted(bundles, key=lambda b: -sum(_volume(i.size_mm) for i in b)):
        for at, parcel in enumerate(parcels):
            fuller = first_fit([*(p.item for p in parcel.places), *bundle], boxes)
            if fuller is not None:
                parcels[at] = fuller
                break
        else:
            alone = first_fit(bundle, boxes)
            if alone is None:
                return None
            parcels.append(alone)
    return tuple(parcels)


def first_fit(items: Sequence[Item], boxes: Sequence[Box]) -> Packed | None:
    """Return the first box of the list that holds all items within its weight."""
    goods_g = sum(item.weight_g for item in items)
    for box in boxes:
        if goods_g + box.tare_g > box.max_g:
            continue
        places = places_in(box.inner_mm, items)
        if places is not None:
            return Packed(box=box, places=places, gross_g=goods_g + box.tare_g)
    return None


def places_in(inner_mm: Size, items: Sequence[Item]) -> tuple[Place, ...] | None:
    """Return a place for every item, axis-parallel in any turn, none overlapping; None if none was found."""
    if sum(_volume(i.size_mm) for i in items) > _volume(inner_mm):
        return None
    budget = [_MOST_TRIES]
    return _place_rest(inner_mm, _largest_first(items), (), budget)


def _place_rest(
    inner: Size, rest: Sequence[Item], placed: tuple[Place, ...], budget: list[int]
) -> tuple[Place, ...] | None:
    if not rest:
        return placed
    item = rest[0]
    for corner in _corners(placed):
        for turned in _turns(item.size_mm):
            budget[0] -= 1
            if budget[0] < 0:
                return None
            place = Place(item=item, corner_mm=corner, turned_mm=turned)
            if _inside(place, inner) and not any(_overlap(place, other) for other in placed):
                done = _place_rest(inner, rest[1:], (*placed, place), budget)
                if done is not None:
                    return done
    return None


def _corners(placed: tuple[Place, ...]) -> Iterator[Size]:
    """Yield the corners worth trying: beside, behind and above what lies already, lowest first."""
    axes = [sorted({0, *(p.corner_mm[a] + p.turned_mm[a] for p in placed)}) for a in range(3)]
    for z in axes[2]:
        for y in axes[1]:
            for x in axes[0]:
                yield (x, y, z)


def _turns(size: Size) -> list[Size]:
    return sorted({(size[a], size[b], size[c]) for a, b, c in permutations(range(3))})


def _inside(place: Place, inner: Size) -> bool:
    return all(place.corner_mm[a] + place.turned_mm[a] <= inner[a] for a in range(3))


def _overlap(one: Place, other: Place) -> bool:
    return all(
        one.corner_mm[a] < other.corner_mm[a] + other.turned_mm[a]
        and other.corner_mm[a] < one.corner_mm[a] + one.turned_mm[a]
        for a in range(3)
    )


def _largest_first(items: Sequence[Item]) -> list[Item]:
    return sorted(items, key=lambda i: (-_volume(i.size_mm), i.sku, i.line_id))


def _volume(size: Size) -> int:
    return size[0] * size[1] * size[2]
