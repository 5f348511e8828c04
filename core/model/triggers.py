"""What starts a rule: the closed list, with the words people read and what each is about."""

from enum import StrEnum
from typing import Self

from core.model.base import Worded


class Subject(StrEnum):
    """What a rule is about, and so what its conditions may look at and its actions may do."""

    ORDER = "order"
    STOCK = "stock"
    CONNECTION = "connection"
    SCHEDULE = "schedule"


class Trigger(Worded):
    """Something that rules can be started by."""

    subject: Subject

    def __new__(cls, value: str, words: str = "", subject: Subject = Subject.ORDER) -> Self:
        """Make a row of the list."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words, member.subject = words, subject
        return member

    ORDER_RECEIVED = "order.received", "an order is known for the first time"
    ORDER_CHANGED = "order.changed", "the channel tells an order differently"
    ORDER_VERIFIED = "order.verified", "an order's payment is in order"
    ORDER_ROUTED = "order.routed", "units of an order are set aside at its locations, and none is lacking"
    ORDER_BACKORDERED = "order.backordered", "units of an order are lacking"
    ORDER_READY = "order.ready", "an order is paid, routed and held by nothing"
    ORDER_HELD = "order.held", "something has come to hold an order"
    ORDER_RELEASED = "order.released", "a hold of an order is gone"
    ORDER_LABELLED = "order.labelled", "every parcel of an order has its label"
    ORDER_SHIPPED = "order.shipped", "the channel knows every parcel of an order"
    ORDER_DELIVERED = "order.delivered", "every parcel of an order has arrived"
    ORDER_SHIPPED_ELSEWHERE = "order.shipped_elsewhere", "a third party shipped the whole order"
    ORDER_PART_SHIPPED_ELSEWHERE = "order.part_shipped_elsewhere", "a third party shipped a part of an order"
    ORDER_CANCELLED = "order.cancelled", "an order is cancelled"
    ORDER_REFUNDED = "order.refunded", "an order was given back all of its money before it shipped"
    ORDER_STUCK = "order.stuck", "an order is in its stage for longer than sla.stages allows"
    ORDER_NEEDS_ATTENTION = "order.needs_attention", "a step failed in a way that no retry mends"
    ORDER_TAGGED = "order.tagged", "a tag was put on an order"
    ORDER_UNTAGGED = "order.untagged", "a tag was taken off an order"
    ORDER_ASSIGNED = "order.assigned", "somebody was named, or nobody, to look after an order"
    ORDER_NOTED = "order.noted", "a person wrote a note on an order"
    ORDER_REJECTED = "order.rejected", "a person or a rule wants an order cancelled and refunded"
    PAYMENT_CHECKED = "payment.checked", "an order's payment was asked about"
    PAYMENT_DISPUTED = "payment.disputed", "a payment of an order is disputed"
    PAYMENT_CAPTURED = "payment.captured", "money of an order was captured"
    PAYMENT_DECLINED = "payment.declined", "the gateway would not take authorized money"
    PARCEL_QUOTED = "parcel.quoted", "a parcel was packed and rated"
    PARCEL_LABELLED = "parcel.labelled", "a label was bought"
    PARCEL_RATE_REFUSED = "parcel.rate_refused", "a carrier would not sell a parcel's label at its rate"
    PARCEL_VOIDED = "parcel.voided", "a label is not to be used any more"
    PARCEL_VOID_REFUSED = (
        "parcel.void_refused",
        "a carrier does not take back a label that a person wanted taken back",
    )
    PARCEL_TOLD = "parcel.told", "the channel knows a parcel and its tracking number"
    PARCEL_TRACKED = "parcel.tracked", "a carrier scanned a parcel"
    PARCEL_DELIVERED = "parcel.delivered", "a parcel has arrived"
    PARCEL_RETURNED = "parcel.returned", "a parcel goes back to its sender"
    PARCEL_FAILED = "parcel.failed", "a carrier could not deliver a parcel"
    MAIL_REFUSED = "mail.refused", "the mail server refused a message for good"
    STOCK_LOW = "stock.low", "a SKU has come down to its low mark", Subject.STOCK
    STOCK_OUT = "stock.out", "a SKU has nothing available any more", Subject.STOCK
    STOCK_BACK = "stock.back", "a SKU that had nothing available has something again", Subject.STOCK
    CONNECTION_LOST = (
        "connection.lost",
        "a connection is paused: its vendor does not serve it",
        Subject.CONNECTION,
    )
    CONNECTION_BACK = "connection.back", "a connection that was paused works again", Subject.CONNECTION
