"""What may go wrong at vendors and on the way from them, by name."""

from connectors.bogus.client import Fault

ON_THE_WAY = ("dropped", "twice", "late")
"""What may go wrong with a notification."""
OF_TIME = ("slow", "crossed")
"""``slow``: vendors act and answer late, an effect as late as they may. ``crossed``: while an answer is on its way, the
order is cancelled, or the merchant stops labels for a while."""
OF_CALLS = (Fault.BEFORE, Fault.THROTTLED, Fault.LOST, Fault.REPLY_LOST, Fault.DELAYED)
OF_READS = (Fault.BEFORE, Fault.THROTTLED, Fault.STALE)
READS = frozenset(
    {
        "fetch_order",
        "changed_orders",
        "list_listings",
        "list_locations",
        "read_levels",
        "fetch_payment",
        "find_label",
        "sold_labels",
        "fetch_file",
        "fetch_tracking",
    }
)


def faults_named(text: str) -> frozenset[str]:
    """Return the faults of a comma-separated list; ``all`` and ``none`` stand for themselves.

    Raises:
        ValueError: a name that is no fault.
    """
    known = frozenset({*(fault.value for fault in Fault), *ON_THE_WAY, *OF_TIME})
    if text in ("all", "none"):
        return known if text == "all" else frozenset()
    named = frozenset(part.strip() for part in text.split(","))
    if named - known:
        raise ValueError(
            f"no such fault: {', '.join(sorted(named - known))}; there are {', '.join(sorted(known))}"
        )
    return named
