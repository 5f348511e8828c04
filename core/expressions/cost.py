"""How long an expression may take at most, told from its tree before it is evaluated.

The engine itself ends an evaluation after 10,000 entries; what is done at each entry, and how ``map`` and ``filter``
grow (their time is the square of the list's length), is bounded here. The figures are measured (docs/adr/0031).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.expressions.kinds import Basic, Kind, ListOf, MapOf, bare
from core.expressions.tree import Binary, Call, Entries, Literal, Loop, Node, inner

LONGEST_NS = 50_000_000
"""What one evaluation may take; it also bounds the memory, for each byte that is made takes longer than that."""
MOST_ITERATIONS = 10_000
"""After so many entries of all lists the engine gives up."""

_NODE, _ENTRY, _SQUARED, _LOOKED_THROUGH, _COMPARED = 100, 1_500, 20, 25, 400
_CHAR, _CHAR_MATCHED, _MATCHED = 1, 25, 8_000
_MODEST_LIST, _MODEST_TEXT, _MODEST_VALUES = 100, 2_000, 5_000
_SINGLE = (
    *(Basic.TEXT, Basic.WHOLE, Basic.NUMBER, Basic.MONEY, Basic.TRUTH),
    *(Basic.TIME, Basic.SPAN, Basic.NOTHING),
)
_Powers = tuple[int, int, int, int]
"""Of how many loops a term is within, and of entries, characters and values by which it is multiplied."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the values are that an expression sees."""

    longest_list: int
    longest_text: int
    values: int

    @property
    def are_modest(self) -> bool:
        """Whether nothing that has no loop can take long over them."""
        return (
            self.longest_list <= _MODEST_LIST
            and self.longest_text <= _MODEST_TEXT
            and self.values <= _MODEST_VALUES
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """Nanoseconds at most, as a sum of products of sizes."""

    terms: tuple[tuple[_Powers, int], ...]
    written: Sizes
    """What is written out in the expression itself."""
    has_loops: bool

    def exceeds(self, sizes: Sizes) -> bool:
        """Return whether an evaluation over values of these sizes may take too long."""
        return self.most_ns(sizes) > LONGEST_NS

    def most_ns(self, sizes: Sizes) -> int:
        """Return how long an evaluation over values of these sizes may take."""
        entries = max(sizes.longest_list, self.written.longest_list)
        chars = max(sizes.longest_text, self.written.longest_text)
        values = sizes.values + self.written.values
        return sum(
            int(ns * min(entries**loops, MOST_ITERATIONS) * entries**n * chars**c * values**v)
            for (loops, n, c, v), ns in self.terms
        )


def cost(tree: Node, kinds: Mapping[int, Kind]) -> Cost:
    """Return what an expression costs, of whose nodes the kinds are known."""
    terms: Counter[_Powers] = Counter()
    longest_list = longest_text = count = 0
    for node, loops in _nodes(tree):
        count += 1
        if isinstance(node, Entries):
            longest_list = max(longest_list, len(node.entries))
        if isinstance(node, Literal) and isinstance(node.value, str):
            longest_text = max(longest_text, len(node.value))
        for (further, n, c, v), ns in _own(node, kinds).items():
            terms[loops + further, n, c, v] += ns
    written = Sizes(longest_list, longest_text, count)
    return Cost(tuple(terms.items()), written, has_loops=any(loops for loops, *_ in terms))


def _nodes(tree: Node) -> Iterator[tuple[Node, int]]:
    """Yield every node, and within how many loops it is."""
    waiting = [(tree, 0)]
    while waiting:
        node, loops = waiting.pop()
        yield node, loops
        within = node.body if isinstance(node, Loop) else None
        waiting += [(one, loops + (one is within)) for one in inner(node)]


def _own(node: Node, kinds: Mapping[int, Kind]) -> dict[_Powers, int]:
    """Return what a node costs by itself."""
    own = {(0, 0, 0, 0): _NODE}
    match node:
        case Loop(function="map" | "filter"):
            own |= {(1, 0, 0, 0): _ENTRY, (0, 2, 0, 0): _SQUARED}
        case Loop():
            own |= {(1, 0, 0, 0): _ENTRY}
        case Binary(operator="in", right=right):
            over = bare(kinds[id(right)])
            is_short = isinstance(over, ListOf) and bare(over.of) in _SINGLE
            if not isinstance(over, MapOf):
                own |= {
                    (0, 1, 0, 0) if is_short else (0, 0, 0, 1): _LOOKED_THROUGH if is_short else _COMPARED
                }
        case Binary(left=left, right=right) if not (_is_single(left, kinds) or _is_single(right, kinds)):
            own |= {(0, 0, 0, 1): _COMPARED}
        case Binary(left=left) if bare(kinds[id(left)]) in (Basic.TEXT, Basic.ANY):
            own |= {(0, 0, 1, 0): _CHAR * node.height}  # what is joined is as long as all before it
        case Call(function="matches"):
            own = {(0, 0, 0, 0): _MATCHED, (0, 0, 1, 0): _CHAR_MATCHED}
        case Call():
            own |= {(0, 0, 1, 0): _CHAR}
    return own


def _is_single(node: Node, kinds: Mapping[int, Kind]) -> bool:
    return bare(kinds[id(node)]) in _SINGLE
