"""Which box holds the goods: every fit is proved by a list of places."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.domain.shipping.layout import Budget, Room, Spot, in_order, laid_out, volume
from core.model.shipment import Box, Size

_TRIES = 4_000_000
"""Placements tried for one order, all its boxes together: about two seconds at most."""
_MOST_ADDED = 60
"""More units than these are not added one by one, each with a search."""


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
    ended_early: bool = False
    """The search ended before all was tried: a smaller box, or fewer of them, might do."""


def pack(
    bundles: Sequence[Bundle], boxes: Sequence[Box], *, tries: int = _TRIES
) -> tuple[Packed, ...] | None:
    """Return the parcels that hold everything: one in the first box that fits, else as few as are found.

    A bundle (one unit of an order line, all its components) is never parted. None where one fits no box at all.
    """
    budget = Budget(tries)
    # Each by itself comes first: else a search for all would leave none for them, and they would seem to fit nowhere.
    alone = {bundle: first_fit(bundle, boxes, budget) for bundle in dict.fromkeys(bundles)}
    single = {bundle: packed for bundle, packed in alone.items() if packed is not None}
    if len(single) < len(alone):
        return None
    whole = first_fit([item for bundle in bundles for item in bundle], boxes, budget)
    if whole is not None:
        return (replace(whole, ended_early=budget.ended),)
    parcels = _filled(Counter(bundles), boxes, single)
    if len(parcels) > _fewest(bundles, boxes):
        if sum(map(len, bundles)) <= _MOST_ADDED:
            parcels = min(_added_one_by_one(bundles, boxes, single, budget), parcels, key=len)
        else:
            budget.ended = True
    return tuple(replace(parcel, ended_early=budget.ended) for parcel in parcels)


def first_fit(items: Sequence[Item], boxes: Sequence[Box], budget: Budget) -> Packed | None:
    """Return the first box of the list that holds all items within its weight."""
    goods_g = sum(item.weight_g for item in items)
    for box in boxes:
        if goods_g + box.tare_g <= box.max_g:
            spots = laid_out(box.inner_mm, [item.size_mm for item in items], budget)
            if spots is not None:
                return _packed(box, items, spots)
    return None


def _packed(box: Box, items: Sequence[Item], spots: Sequence[Spot]) -> Packed:
    places = tuple(
        Place(item=item, corner_mm=corner, turned_mm=turned)
        for item, (corner, turned) in zip(items, spots, strict=True)
    )
    return Packed(box=box, places=places, gross_g=sum(i.weight_g for i in items) + box.tare_g)


def _fewest(bundles: Sequence[Bundle], boxes: Sequence[Box]) -> int:
    """Return how many boxes it takes at least, by volume and by weight; two, for one was not found."""
    items = [item for bundle in bundles for item in bundle]
    by_volume = -(-sum(volume(i.size_mm) for i in items) // max(volume(b.inner_mm) for b in boxes))
    by_weight = -(-sum(i.weight_g for i in items) // max(b.max_g - b.tare_g for b in boxes))
    return max(2, by_volume, by_weight)


def _filled(bundles: Counter[Bundle], boxes: Sequence[Box], single: Mapping[Bundle, Packed]) -> list[Packed]:
    """Return parcels that are each filled as far as grids go, the largest bundles first; alike ones are repeated."""
    left = Counter({bundle: bundles[bundle] for bundle in sorted(bundles, key=lambda b: -_bulk(b))})
    parcels: list[Packed] = []
    while left:
        box, taken, spots = _fullest(boxes, left)
        if not taken:  # a kit that only a search could lay
            bundle = next(iter(left))
            taken, fullest = Counter({bundle: 1}), single[bundle]
        else:
            items = [item for bundle, units in taken.items() for item in bundle * units]
            fullest = _packed(box, items, in_order(spots, [i.size_mm for i in items]))
            fullest = first_fit(items, boxes, Budget(0)) or fullest
        times = min(left[bundle] // units for bundle, units in taken.items())
        parcels += [fullest] * times
        left -= Counter({bundle: units * times for bundle, units in taken.items()})
    return parcels


def _fullest(boxes: Sequence[Box], left: Counter[Bundle]) -> tuple[Box, Counter[Bundle], list[Spot]]:
    """Return the box that takes most of the bundles, which it takes, and where they lie."""
    best, most = (boxes[0], Counter[Bundle](), list[Spot]()), 0
    for box in sorted(boxes, key=lambda b: -volume(b.inner_mm)):
        if volume(box.inner_mm) > most:
            taken, spots = _fill(box, left)
            bulk = sum(_bulk(bundle) * units for bundle, units in taken.items())
            if bulk > most:
                best, most = (box, taken, spots), bulk
    return best


def _fill(box: Box, left: Counter[Bundle]) -> tuple[Counter[Bundle], list[Spot]]:
    """Return as many of the bundles as the box takes, and where they lie."""
    room, taken, free_g = Room(box.inner_mm), Counter[Bundle](), box.max_g - box.tare_g
    for bundle, count in left.items():
        grams = sum(item.weight_g for item in bundle)
        most = min(count, free_g // max(1, grams), room.free_mm3() // max(1, _bulk(bundle)))
        units, room = _put(room, bundle, most)
        if units:
            taken[bundle] = units
            free_g -= grams * units
    return taken, room.spots


def _put(room: Room, bundle: Bundle, most: int) -> tuple[int, Room]:
    """Return how many of a bundle more the room takes, and the room with them: halving, for its parts stay together."""
    sizes = Counter(item.size_mm for item in bundle)
    low, units, kept = 0, most, room
    while low < most:
        tried = room.copy()
        if all(tried.put(size, each * units) == each * units for size, each in sizes.items()):
            low, kept = units, tried
        else:
            most = units - 1
        units = (low + most + 1) // 2
    return low, kept


def _added_one_by_one(
    bundles: Sequence[Bundle], boxes: Sequence[Box], single: Mapping[Bundle, Packed], budget: Budget
) -> list[Packed]:
    """Return parcels where each bundle, the largest first, joined the first that takes it with a search."""
    parcels: list[Packed] = []
    for bundle in sorted(bundles, key=lambda b: -_bulk(b)):
        for at, parcel in enumerate(parcels):
            fuller = first_fit([*(p.item for p in parcel.places), *bundle], boxes, budget)
            if fuller is not None:
                parcels[at] = fuller
                break
        else:
            parcels.append(single[bundle])
    return parcels


def _bulk(bundle: Bundle) -> int:
    return sum(volume(item.size_mm) for item in bundle)
