"""Every kind of background job, one row each: who does it, whether it stands, listens, looks, is patient, what it asks."""

from core.engine.job import JobKind, Jobs
from core.jobs.backorders import serve_backorders
from core.jobs.levels_again import look_at_levels_again
from core.jobs.listings import read_listings
from core.jobs.notifications import (
    fetch_order,
    invalidate_listing,
    park_unreadable,
    receive_notifications,
    recheck_payment,
)
from core.jobs.poll import poll_orders
from core.jobs.privacy import export_person, redact_person, redact_shop, revoke_token
from core.jobs.probe import probe_connection
from core.jobs.push_levels import push_levels
from core.jobs.relink import relink
from core.jobs.rule_runs import go_on_with_run
from core.jobs.rule_starts import look_at_pauses, look_at_stock, tell_hour
from core.jobs.subscribe import check_subscriptions
from core.jobs.tracking import follow_parcel
from core.jobs.voids import follow_void
from core.store.active_rules import LEVELS_AGAIN
from core.store.listening import CONNECTION, HOUR, STOCK
from core.store.rule_runs import RULE

JOBS: Jobs = {
    job.kind: job
    for job in (
        JobKind(kind="fetch", run=fetch_order, asks=("fetch_order",)),
        JobKind(kind="payment", run=recheck_payment),
        JobKind(kind="tracking", run=follow_parcel, background=True, patient=True, asks=("fetch_tracking",)),
        JobKind(kind="void", run=follow_void, background=True, patient=True, asks=("find_void",)),
        JobKind(kind="level", run=invalidate_listing),
        JobKind(kind="unreadable", run=park_unreadable),
        JobKind(
            kind="poll",
            run=poll_orders,
            background=True,
            standing=True,
            looks=True,
            asks=("changed_orders", "open_orders"),
        ),
        JobKind(
            kind="receive",
            run=receive_notifications,
            standing=True,
            listens=True,
            asks=("receive", "acknowledge"),
        ),
        JobKind(
            kind="subscribe",
            run=check_subscriptions,
            background=True,
            standing=True,
            looks=True,
            asks=("subscribe",),
        ),
        JobKind(kind="probe", run=probe_connection, background=True, standing=True, looks=True),
        JobKind(
            kind="listings", run=read_listings, background=True, asks=("list_locations", "list_listings")
        ),
        JobKind(kind="push", run=push_levels, standing=True, asks=("read_levels", "set_levels")),
        JobKind(kind="relink", run=relink, background=True),
        JobKind(kind=LEVELS_AGAIN, run=look_at_levels_again, background=True),
        JobKind(kind="backorders", run=serve_backorders),
        JobKind(kind=RULE, run=go_on_with_run),
        JobKind(kind=STOCK, run=look_at_stock),
        JobKind(kind=CONNECTION, run=look_at_pauses, standing=True),
        JobKind(kind=HOUR, run=tell_hour, standing=True),
        JobKind(kind="revoked", run=revoke_token, patient=True),
        JobKind(kind="person_redact", run=redact_person),
        JobKind(kind="person_export", run=export_person),
        JobKind(kind="shop_redact", run=redact_shop, patient=True),
    )
}
