"""What starts rules that are about no order, each time once: stock that changed, a connection that is lost or back, an hour.

What has come to pass, that it was told, and the runs that it starts are written in one transaction. Until anything of
the merchant is accepted it is told all the same, and starts nothing.
"""

from datetime import datetime

from core.domain.rules.hours import next_hour, schedule_text
from core.domain.rules.offering import Happening, begun, begun_of, gone_on
from core.domain.rules.stock import edges
from core.engine.hub import Hub
from core.engine.job import Reschedule
from core.engine.rule_sets import rules_at, rules_in_force
from core.engine.rule_subjects import connection_values, stock_values, values_of
from core.engine.run import is_live
from core.engine.settings import settings_at
from core.failpoints import failpoint
from core.model.merchant_runs import MerchantRun
from core.model.triggers import Subject, Trigger
from core.store.connections_told import look_at_connection, tell_connection
from core.store.jobs import Job
from core.store.rule_runs import begin_runs, runs_waiting
from core.store.stock_told import StockLook, tell_stock, untold_stock

AT_ONCE = 200
"""So many SKUs are looked at in one transaction."""


async def look_at_stock(hub: Hub, job: Job) -> Reschedule | None:
    """Tell rules what has come to pass of the SKUs that changed since they were last looked at.

    What rose and fell again in between is not told: it was over before anybody looked.
    """
    merchant = job.merchant
    looks = await hub.store.read(untold_stock, merchant, limit=AT_ONCE)
    if not looks:
        return None
    now, rules = hub.clock.now(), await rules_in_force(hub, merchant)
    come = {look.sku: _come_of(hub, merchant, look, now) for look in looks}
    live = await _may_start(hub, job)
    started = {
        sku: [run for one in found if live for run in begun(rules, one, now)] for sku, found in come.items()
    }
    waited = await _waited(hub, merchant, [one for found in come.values() for one in found], now)
    failpoint("rules.stock.before")
    await hub.store.write(
        tell_stock,
        merchant,
        looks,
        started=started,
        waited={sku: [run for run in waited if run.subject == sku] for sku in come},
        now=now,
    )
    return Reschedule(due_at=now)


def _come_of(hub: Hub, merchant: str, look: StockLook, now: datetime) -> list[Happening]:
    values = {"stock": stock_values(hub, merchant, look.sku, look.available, look.on_hand)}
    return [
        Happening(
            trigger=trigger.value,
            about=Subject.STOCK,
            subject=look.sku,
            number=str(look.dirty_seq),
            at=now,
            values=values,
        )
        for trigger in edges(look.before, look.available, hub.config(merchant).low(look.sku))
    ]


async def look_at_pauses(hub: Hub, job: Job) -> Reschedule | None:
    """Tell rules that a connection is lost, or back, where that is news."""
    merchant, name, now = job.merchant, job.subject, hub.clock.now()
    look = await hub.store.read(look_at_connection, merchant, name, now)
    if look.lost != look.told_lost:
        rules = await rules_in_force(hub, merchant)
        one = Happening(
            trigger=(Trigger.CONNECTION_LOST if look.lost else Trigger.CONNECTION_BACK).value,
            about=Subject.CONNECTION,
            subject=name,
            number=str(look.changes),
            at=now,
            values={"connection": connection_values(hub, merchant, name, look.reason)},
        )
        started = list(begun(rules, one, now)) if await _may_start(hub, job) else []
        waited = await _waited(hub, merchant, [one], now)
        failpoint("rules.connection.before")
        await hub.store.write(tell_connection, merchant, name, look, started=started, waited=waited, now=now)
    return None if look.look_at is None else Reschedule(due_at=look.look_at)


async def _may_start(hub: Hub, job: Job) -> bool:
    return is_live((await settings_at(hub, job.merchant, job.revision)).accepted)


async def _waited(hub: Hub, merchant: str, come: list[Happening], now: datetime) -> list[MerchantRun]:
    """Return where the runs stand that waited for what has come."""
    waiting = await hub.store.read(runs_waiting, merchant, [(one.trigger, one.subject) for one in come])
    found: list[MerchantRun] = []
    for known in waiting:
        rules = await rules_at(hub, merchant, known.run.digest)
        went = gone_on(known, rules.rule(known.run.rule) if rules is not None else None, now)
        found += [went] if went is not None else []
    return found


async def tell_hour(hub: Hub, job: Job) -> Reschedule | None:
    """Start a rule whose hour has come, and plan the next; hours that went by while nobody looked are this one."""
    merchant, now = job.merchant, hub.clock.now()
    rules = await rules_in_force(hub, merchant)
    rule = rules.rule(job.subject)
    if rule is None or rule.schedule is None or schedule_text(rule.schedule) != job.data.get("schedule"):
        return None
    hour = datetime.fromisoformat(job.data["hour"])
    if hour > now:
        return Reschedule(due_at=hour)
    one = Happening(
        trigger=Subject.SCHEDULE.value,
        about=Subject.SCHEDULE,
        subject=rule.id,
        number=hour.isoformat(),
        at=hour,
        values=await values_of(hub, merchant, Subject.SCHEDULE, rule.id),
    )
    failpoint("rules.hour.before")
    started = list(begun_of(rules, [rule], one, now)) if await _may_start(hub, job) else []
    await hub.store.write(begin_runs, merchant, started, now=now)
    following = next_hour(rule.schedule, now)
    return Reschedule(due_at=following, data={**job.data, "hour": following.isoformat()})
