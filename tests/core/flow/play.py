"""Let time pass on a bench: notifications are carried in, what is due runs, one thing after another."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.jobs.notifications import delivery_of
from core.model.notification import Notification
from core.store.claims import due_orders
from core.store.jobs import claim_jobs
from core.store.switches import LIVE, list_switches, set_switch
from simulation.due import due_now, next_at
from tests.builders import MERCHANT, Bench


async def carry(b: Bench, notifications: Sequence[tuple[str, Notification]] | None = None) -> None:
    """Carry notifications to the hub as the web process does: all there are, unless some are given."""
    if notifications is None:
        notifications, b.world.notifications = tuple(b.world.notifications), []
    for connection, notification in notifications:
        body = notification.model_dump_json().encode()
        delivery = delivery_of(connection, notification, body, b.clock.now())
        await b.store.deliver(MERCHANT, connection, [delivery], now=b.clock.now())


async def work(b: Bench) -> int:
    """Run everything that is due now, once; return how much it was."""
    now = b.clock.now()
    if not await b.store.read(due_now, now):
        return 0
    claimed = await b.store.write(
        claim_jobs, owner=b.hub.owner, now=now, until=now + timedelta(seconds=90), limit=50
    )
    for job in claimed:
        await b.worker.run_job(job)
    due = await b.store.read(due_orders, b.clock.now(), limit=100, per_merchant=100)
    for merchant, order_id, _ in due:
        await b.worker.run_order(merchant, order_id)
    return len(claimed) + len(due)


async def settle(b: Bench, *, most: int = 60) -> None:
    """Carry and work until nothing is due at this instant."""
    for _ in range(most):
        await carry(b)
        if not await work(b):
            return
    raise AssertionError("the hub does not come to rest")


async def pass_time(b: Bench, length: timedelta) -> None:
    """Let time pass, working whenever something is due."""
    end = b.clock.now() + length
    await settle(b)
    while b.clock.now() < end:
        ahead = [at for at, _ in b.world.later]
        following = await b.store.read(next_at)
        ahead += [following] if following is not None else []
        b.clock.move_to(max(b.clock.now(), min([end, *ahead])))
        b.world.catch_up()
        await settle(b)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def accept_all(b: Bench) -> None:
    """Accept every kind of action that was stopped."""
    await _switch_all(b, on=True)


async def stop_all(b: Bench) -> None:
    """Stop every kind of action, as when a backup was brought back."""
    await _switch_all(b, on=False)


async def _switch_all(b: Bench, *, on: bool) -> None:
    now = b.clock.now()
    for (connection, action), switch in (await b.store.read(list_switches, MERCHANT)).items():
        if switch.on is not on and action != LIVE:
            await b.store.write(
                set_switch, MERCHANT, connection, action, on=on, actor="person:kendra", now=now
            )
