"""One HTTP call to an address that a merchant wrote, so that it reaches nothing but what everybody reaches.

A merchant writes addresses; the hub stands inside somebody's network. Whoever could have it call any address would see
what only that network may: the operator's own tools, the metadata of his cloud, the hub's database.
"""

from core.outgoing.addresses import HOSTS, NONE, AllowedHosts, allowed_hosts
from core.outgoing.answer import MOST_READ, Answer, Json
from core.outgoing.call import call
from core.outgoing.request import LONGEST_S, MOST_SENT, Method, OutgoingRequest

__all__ = [
    "HOSTS",
    "LONGEST_S",
    "MOST_READ",
    "MOST_SENT",
    "NONE",
    "AllowedHosts",
    "Answer",
    "Json",
    "Method",
    "OutgoingRequest",
    "allowed_hosts",
    "call",
]
