"""What tests of rules about no order ask: have rules in force, count, and read the runs."""

import sqlalchemy as sa

from core.model.merchant_runs import MerchantRun
from core.services.rules_in_force import put_in_force
from core.store.rule_runs import find_run
from core.store.stock import count_stock
from core.store.tables import rule_runs
from tests.builders import MERCHANT, Bench
from tests.core.flow.ruled import use


async def in_force(b: Bench, text: str, digest: str = "") -> None:
    """Have these rules in force, as when a process starts with them."""
    use(b, text, digest)
    await put_in_force(b.hub, MERCHANT)


async def count(b: Bench, units: int, sku: str = "CHEF-8", location: str = "reno") -> None:
    """Count what lies there; of a SKU without orders that is what is available."""
    now = b.clock.now()
    await b.store.write(count_stock, MERCHANT, [(sku, location, units)], actor="person:kendra", now=now)


async def runs(b: Bench) -> list[MerchantRun]:
    """Return every run, by its id."""
    found = [await b.store.read(find_run, MERCHANT, run_id) for run_id in await b.store.read(_ids)]
    return [run for run in found if run is not None]


def _ids(conn: sa.Connection) -> list[str]:
    query = sa.select(rule_runs.c.run_id).where(rule_runs.c.merchant == MERCHANT)
    return list(conn.execute(query.order_by(rule_runs.c.started_at, rule_runs.c.run_id)).scalars())


async def told(b: Bench) -> list[tuple[str, str, str, str | None]]:
    """Return (trigger, subject, rule, how it ended) of every run, the oldest first."""
    return [
        (known.run.trigger, known.subject, known.run.rule, known.outcome and known.outcome.value)
        for known in await runs(b)
    ]


def mails(b: Bench, rule: str) -> list[str]:
    """Return the texts of the mails that a rule sent."""
    return [message.text for message in b.world.mails if message.kind == f"rule:{rule}"]
