"""What stands between an order and its label: the closed list, with the words people read and what they do about it."""

from typing import Self

from core.model.base import Worded


class Gate(Worded):
    """Why no label is bought for an order now."""

    do: str
    """What a person does about it, in a sentence."""

    def __new__(cls, value: str, words: str = "", do: str = "") -> Self:
        """Make a row of the list."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words, member.do = words, do
        return member

    OVER = "over", "nothing: the order is over", "Nothing."
    REJECTED = "rejected", "its cancellation at the channel", "Nothing: the hub asks the channel."
    CHANNEL_SHIPS = "channel_ships", "nothing here: the channel ships it", "Nothing."
    LABELLED = "labelled", "nothing more to buy: it is labelled", "Nothing."
    NOT_ASKED_FOR = (
        "not_asked_for",
        "its channel, which does not ask for it to be shipped",
        "Nothing: it goes on when the channel does.",
    )
    PLACES_UNREAD = (
        "places_unread",
        "the locations of its channel, which are not read yet",
        "Nothing: the hub reads them; see the channel on the page Connections.",
    )
    HELD = "held", "a release: it is held", "See what holds it."
    RULES = (
        "rules",
        "an answer that a rule of it waits for",
        "Nothing: it is asked for again; see the page Runs.",
    )
    NOT_PAID = "not_paid", "its payment, which is not verified", "Nothing: it is asked for again."
    NOTHING_SHIPS = "nothing_ships", "nothing: none of its lines ships", "Nothing."
    NO_CARRIER = (
        "no_carrier",
        "a connection that sells labels: crossdock.yaml names none",
        "Add one to crossdock.yaml.",
    )
    NOT_ACCEPTED = (
        "not_accepted",
        "labels to be accepted: buying them is not accepted",
        "Accept Buy labels on the page Connections, or: crossdock go-live accept labels.",
    )
    TEST_MODE = (
        "test_mode",
        "the end of test mode: no label is bought for a live order in it",
        "Put every connection in crossdock.yaml in live mode, or in test mode.",
    )
    NO_LOCATION = (
        "no_location",
        "units at a location that crossdock.yaml names",
        "Add the location to crossdock.yaml, or receive the units elsewhere.",
    )
    ASK = "ask", "a person's word: its location asks before it buys", "Press Buy label."
    GRACE = "grace", "the end of its grace", "Nothing, or press Buy label to ship it at once."
