"""What people, and the keys of programs, may do: four roles, each with all that the ones before it have."""

from core.model.base import Worded


class Role(Worded):
    """A role at one merchant, from the least to the most."""

    VIEWER = "viewer", "sees orders and stock, changes nothing, and reads no shopper's name or address"
    PICKER = "picker", "sees what is to be packed and for whom, and prints labels"
    OPERATOR = "operator", "works on orders, stock and links"
    OWNER = "owner", "does everything: people, keys, connections, going live"

    def covers(self, least: "Role") -> bool:
        """Return whether it may do what is for a role and those above it."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(least)
