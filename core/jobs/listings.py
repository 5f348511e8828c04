"""What a channel offers, and where, is read."""

from datetime import timedelta

from core.engine.answers import Call
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.pauses import asked
from core.store.channel_locations import matched_locations, save_channel_locations
from core.store.claims import wake_open_orders
from core.store.jobs import Job
from core.store.listings import FIRST_PLACE, Place
from core.store.offered import copies_of, drop_others, places_of, save_offered

_AT_ONCE = 500
"""So many listings are stored in one transaction: whatever else is to be written waits no longer for it."""


async def read_listings(hub: Hub, job: Job) -> Reschedule | None:
    """Read what the channel offers and where; its locations are matched to ours by name."""
    levels = hub.connections(job.merchant).named(job.connection).levels
    if levels is None:
        return None
    ours = {location.name.casefold(): key for key, location in hub.config(job.merchant).locations.items()}
    known = await hub.store.read(matched_locations, job.merchant, job.connection)
    places = await asked(hub, job.merchant, Call(job.connection, "list_locations"), levels.list_locations())
    now = hub.clock.now()
    await hub.store.write(
        save_channel_locations,
        job.merchant,
        job.connection,
        places,
        ours={i: ours[name.casefold()] for i, name in places if name.casefold() in ours},
    )
    if known != await hub.store.read(matched_locations, job.merchant, job.connection):
        await hub.store.write(
            wake_open_orders, job.merchant, now
        )  # which work is ours may be told differently now
    call = Call(job.connection, "list_listings")
    listings = await asked(hub, job.merchant, call, levels.list_listings())
    copies, offered = copies_of(listings), places_of(listings)
    of = (job.merchant, job.connection)
    for start in range(0, len(listings), _AT_ONCE):
        part = listings[start : start + _AT_ONCE]
        await hub.store.write(save_offered, *of, part, copies=copies, now=now)
    after: Place | None = FIRST_PLACE
    while after is not None:
        after = await hub.store.write(drop_others, *of, offered, after=after)
    return Reschedule(due_at=now + timedelta(hours=6))
