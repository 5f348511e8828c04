"""Every table of the hub. Merchant is the first column of every primary and foreign key, but that of ``processes``.

Instants are ``UTCDateTime``; JSON is compact text. Facts and the stock ledger are append-only: triggers refuse
UPDATE and DELETE on both databases.
"""

from core.store.tables.access import api_keys, idempotency_keys, one_time_links, sessions, users
from core.store.tables.orders import (
    deliveries,
    effects,
    facts,
    labels,
    open_pushes,
    order_notes,
    orders,
    refs,
)
from core.store.tables.parts import METADATA
from core.store.tables.privacy import privacy_requests
from core.store.tables.rules import active_rules, buffers, connections_told, rule_runs, stock_told
from core.store.tables.sealed import data_keys, forgotten, vault
from core.store.tables.stock import (
    channel_locations,
    ledger,
    link_imports,
    links,
    listings,
    openings,
    product_words,
    products,
    stock,
    zones,
)
from core.store.tables.work import (
    config_versions,
    configs,
    drafts,
    go_live_rows,
    go_lives,
    jobs,
    notices,
    pause_waits,
    pauses,
    processes,
    quota,
    restores,
    settings_revisions,
    stopped_pushes,
    switches,
    write_probes,
)

__all__ = [
    "METADATA",
    "active_rules",
    "api_keys",
    "buffers",
    "channel_locations",
    "config_versions",
    "configs",
    "connections_told",
    "data_keys",
    "deliveries",
    "drafts",
    "effects",
    "facts",
    "forgotten",
    "go_live_rows",
    "go_lives",
    "idempotency_keys",
    "jobs",
    "labels",
    "ledger",
    "link_imports",
    "links",
    "listings",
    "notices",
    "one_time_links",
    "open_pushes",
    "openings",
    "order_notes",
    "orders",
    "pause_waits",
    "pauses",
    "privacy_requests",
    "processes",
    "product_words",
    "products",
    "quota",
    "refs",
    "restores",
    "rule_runs",
    "sessions",
    "settings_revisions",
    "stock",
    "stock_told",
    "stopped_pushes",
    "switches",
    "users",
    "vault",
    "write_probes",
    "zones",
]
