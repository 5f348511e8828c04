"""Makes a failing walk short: steps are taken out as long as it still fails."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

Step = TypeVar("Step")
Judge = Callable[[Sequence[Step]], Awaitable[str | None]]
MOST_TRIES = 50


async def shrunk(steps: Sequence[Step], failure: Judge[Step]) -> tuple[list[Step], str]:
    """The shortest walk found that fails, and how it fails; ``steps`` must fail."""
    kept, told = list(steps), await failure(steps)
    assert told is not None, "a walk that does not fail cannot be shrunk"
    size, tries = max(1, len(kept) // 2), 0
    while tries < MOST_TRIES:
        start, smaller = 0, False
        while start < len(kept) and tries < MOST_TRIES:
            without = kept[:start] + kept[start + size :]
            tries += 1
            still = await failure(without) if without else None
            if still is None:
                start += size
            else:
                kept, told, smaller = without, still, True
        if size == 1 and not smaller:
            break
        size = max(1, size // 2)
    return kept, told


async def first_failing(walks: Mapping[int, Sequence[Step]], failure: Judge[Step]) -> str | None:
    """The first walk that fails, by its seed, made short and told so that it can be walked again."""
    for seed, steps in walks.items():
        if await failure(steps) is not None:
            short, told = await shrunk(steps, failure)
            return "\n".join([f"seed {seed}: {told}", *map(repr, short)])
    return None
