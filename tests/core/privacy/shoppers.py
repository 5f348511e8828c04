"""A person with words that stand nowhere else, what vendors tell of her, and where any of it is found."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from core.jobs.notifications import delivery_of
from core.model.notification import Notification, NotificationKind
from core.model.order import Personal
from core.model.shipment import TrackingEvent
from core.ports import LabelFiles
from core.store.inbox import list_deliveries
from core.store.labels import labels_of
from core.store.personal import body_of, find_person, personal_of
from core.store.proof import Seen, search, sought_of
from core.store.tables import METADATA
from simulation.shoppers import Cart, place
from tests.builders import MERCHANT, Bench, home
from tests.core.flow.play import pass_time

NAME, STREET, MAIL = "Zephyrine Quillfeather", "77 Xylophone Alley", "zephyrine.q@canary.test"
PHONE = "+15035557788"
WORDS = (NAME, "Quillfeather", STREET, MAIL, PHONE)
ORDER = "shop:kk-1001"
BODY = f'{{"email": "{MAIL}", "shipping_address": {{"name": "{NAME}", "phone": "{PHONE}"}}}}'.encode()
TABLES = tuple(METADATA.tables)


class Addressed:
    """Label files that show, as real ones do, whom the parcel goes to."""

    def __init__(self, files: LabelFiles) -> None:
        self._files = files

    async def fetch_file(self, url: str) -> bytes:
        return f"^XA^FD{NAME}^FS^FD{STREET}^FS^XZ {url}".encode()

    async def fetch_tracking(self, tracker_id: str) -> tuple[TrackingEvent, ...]:
        return await self._files.fetch_tracking(tracker_id)


def address_labels(b: Bench) -> None:
    """Have every label's file show the address."""
    kept = b.hub.merchants[MERCHANT]
    files = kept.ports["post"].label_files
    assert files is not None
    post = replace(kept.ports["post"], label_files=Addressed(files))
    b.hub.merchants[MERCHANT] = replace(kept, ports={**kept.ports, "post": post})


async def order(b: Bench, number: str = "KK-1001", *, channel: str = "shop", email: str = MAIL) -> str:
    """Have her order something, and have its label bought; return our id of the order."""
    address_labels(b)
    listing = "CHEF-8" if channel == "shop" else "KK-CHEF8"
    cart = Cart(
        number=number,
        lines=((listing, 1, 6997),),
        ship_to=home(name=NAME, street1=STREET, phone=PHONE),
        email=email,
        pay="now" if channel == "shop" else "marketplace",
    )
    order_id = f"{channel}:{place(b.world, channel, cart)}"
    await pass_time(b, timedelta(minutes=16))
    return order_id


async def tell(
    b: Bench,
    event: str,
    kind: NotificationKind,
    subject: str,
    *,
    connection: str = "shop",
    body: bytes = BODY,
    orders: tuple[str, ...] = (),
) -> None:
    """Deliver what a vendor says, with her name in it."""
    told = Notification(event_id=event, kind=kind, topic=kind.value, subject=subject, orders=orders)
    now = b.clock.now()
    await b.store.deliver(MERCHANT, connection, [delivery_of(connection, told, body, now)], now=now)


async def bodies(b: Bench) -> dict[str, bytes]:
    """Return the text of every delivery that has one and opens, by its event."""
    page = await b.store.read(list_deliveries, MERCHANT, limit=200)
    found = {
        d.event_id: await b.store.read(body_of, b.store.keys, MERCHANT, d.connection, d.event_id)
        for d in page.items
    }
    return {event: body for event, body in found.items() if body is not None and NAME.encode() in body}


async def known(b: Bench, order_id: str = ORDER) -> tuple[Personal | None, list[str], int]:
    """Return her data, the orders that her address finds, and how many label files open."""
    keys = b.store.keys
    return (
        await b.store.read(personal_of, keys, MERCHANT, order_id),
        await b.store.read(find_person, keys, MERCHANT, "email", MAIL),
        len(await b.store.read(labels_of, keys, MERCHANT, order_id)),
    )


async def places(
    b: Bench, order_ids: Sequence[str], *, files: Iterable[tuple[str, bytes]] = ()
) -> set[tuple[str, str]]:
    """Return (place, what) of all that the whole database, byte by byte, and other files hold of her."""
    keys, names = b.store.keys, list(b.hub.connections(MERCHANT).ports)
    sought = await b.store.read(sought_of, keys, MERCHANT, order_ids, WORDS, connections=names)
    seen: dict[str, Seen] = {}
    async for place_, chunk in b.store.db.raw(TABLES):
        search(chunk, keys, sought, seen.setdefault(place_, Seen()))
    for place_, chunk in files:
        search(chunk, keys, sought, seen.setdefault(place_, Seen()))
    found = {(place_, "key") for place_, one in seen.items() if one.keys}
    return found | {(place_, "words") for place_, one in seen.items() if one.texts}


async def row(b: Bench, statement: str) -> tuple[object, ...]:
    """Return the one row of a statement."""
    return await b.store.read(_row, statement)


def _row(conn: sa.Connection, statement: str) -> tuple[object, ...]:
    return tuple(conn.exec_driver_sql(statement).one())
