"""What follows when a process that serves starts: the rules of its file are in force, and what they are about is watched."""

from core.domain.rules.hours import next_hour, schedule_text
from core.engine.hub import Hub
from core.failpoints import failpoint
from core.store.active_rules import PlannedHour, activate_rules


async def put_in_force(hub: Hub, merchant: str) -> None:
    """Have the rules of this process's file listen from now on; other processes go by them too."""
    rules, now = hub.config(merchant).rules, hub.clock.now()
    hours = {
        rule.id: PlannedHour(due_at=next_hour(rule.schedule, now), schedule=schedule_text(rule.schedule))
        for rule in rules.rules
        if rule.schedule is not None
    }
    failpoint("rules.activate.before")
    await hub.store.write(
        activate_rules,
        merchant,
        rules.digest,
        subjects={rule.subject for rule in rules.rules},
        hours=hours,
        now=now,
    )
