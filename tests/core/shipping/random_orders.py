"""Orders of chance for packing: the same for the same seed."""

import random

from core.domain.shipping.boxes import Bundle, Item


def random_order(seed: int, *, most: int = 60, kinds: int = 6) -> list[Bundle]:
    """Return up to ``most`` units of up to so many kinds of goods."""
    chance = random.Random(seed)
    units = chance.randint(1, most)
    shapes = [
        (tuple(chance.randint(20, chance.choice([80, 200, 300])) for _ in range(3)), chance.randint(20, 900))
        for _ in range(chance.randint(1, min(kinds, units)))
    ]
    made = []
    for _ in range(units):
        kind = chance.randrange(len(shapes))
        (length, width, height), grams = shapes[kind]
        made.append(Item(line_id=str(kind), sku=str(kind), size_mm=(length, width, height), weight_g=grams))
    return [(item,) for item in made]
